"""HTTP to a ticket or chat system: one door with timeouts, an egress guard, no redirects."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import msgspec

from agent.config.sinks import ADDRESS_OF_KIND, Sink
from agent.net.egress import EgressGuard
from agent.net.failures import classify
from agent.net.retry_after import parse_retry_after
from agent.net.scrub import scrub
from agent.sinks.base import SinkError, SinkFailure
from agent.states import PollFailure

FAILURES = (aiohttp.ClientError, OSError, ValueError, asyncio.TimeoutError)
"""What a request may end in."""
_READ_AT_MOST = 4 * 1024 * 1024
_BUFFER = 64 * 1024
_TRANSIENT_4XX = frozenset({408, 409, 425, 429})
_NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)
_SUCCESS = 2

_REASONS: Mapping[PollFailure, SinkFailure] = {
    PollFailure.TIMEOUT: SinkFailure.TIMEOUT,
    PollFailure.DNS: SinkFailure.DNS,
    PollFailure.CONNECT: SinkFailure.CONNECT,
    PollFailure.TLS: SinkFailure.TLS,
    PollFailure.TLS_EXPIRED: SinkFailure.TLS_EXPIRED,
    PollFailure.EGRESS_DENIED: SinkFailure.EGRESS_DENIED,
}
_STATUS: Mapping[int, SinkFailure] = {
    401: SinkFailure.AUTH,
    403: SinkFailure.AUTH,
    410: SinkFailure.GONE,
    429: SinkFailure.RATE_LIMITED,
}
_STATUS_CLASS: Mapping[int, SinkFailure] = {
    3: SinkFailure.REDIRECT,
    4: SinkFailure.HTTP_4XX,
    5: SinkFailure.HTTP_5XX,
}


class Reply(msgspec.Struct, frozen=True):
    """What a system answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as plain data; ``None`` where it is not JSON."""
        try:
            return msgspec.json.decode(self.body) if self.body.strip() else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


class SinkHttpClient:
    """One system's connections. Make it and close it inside a running event loop.

    Args:
        settings: The sink's section.
        clock: Epoch seconds.
        headers: Sent with every request besides those of the section.

    Raises:
        ValueError: when ``egress_allow`` has something that is not a network.
        OSError: when ``ca_file`` cannot be read.
    """

    def __init__(
        self,
        settings: Sink,
        clock: Callable[[], float],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._clock = clock
        self.base = (settings.url or ADDRESS_OF_KIND.get(settings.kind, "")).rstrip("/")
        own = {name: value.reveal() for name, value in settings.headers.items()}
        self._session = session_of(settings, {"User-Agent": "numwatch", **(headers or {}), **own})

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """What the system answers to one request, whatever its status.

        Raises:
            SinkError: when there is no whole answer; ``ambiguous`` unless nothing was sent.
        """
        body = None if json is None else msgspec.json.encode(json)
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            async with self._session.request(
                method,
                self.base + path,
                data=body,
                params=params,
                headers=headers,
                allow_redirects=False,
            ) as response:
                return Reply(response.status, response.headers, await _read(response))
        except FAILURES as error:
            raise failure_of(error) from error

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """The answer to a question, which must be a success.

        Raises:
            SinkError: when it is not.
        """
        return self.require_success(await self.ask("GET", path, params=params))

    def require_success(self, reply: Reply) -> Reply:
        """``reply``, where its status tells of success.

        Raises:
            SinkError: otherwise.
        """
        raise_for_status(reply.status, reply.headers, self._clock(), reply.body)
        return reply


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    while chunk := await response.content.read(_BUFFER):
        body += chunk
        if len(body) > _READ_AT_MOST:
            raise aiohttp.ClientPayloadError("the answer is too large")
    return bytes(body)


def session_of(settings: Sink, headers: Mapping[str, str] | None = None) -> aiohttp.ClientSession:
    """A session that goes only where the section allows, and never waits for longer."""
    guard = EgressGuard(settings.egress_allow)
    trusted = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(socket_factory=guard.open_socket, ssl=trusted),
        timeout=aiohttp.ClientTimeout(
            total=settings.timeout, sock_read=settings.timeout, ceil_threshold=float("inf")
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        auto_decompress=settings.kind != "webhook",
        read_bufsize=_BUFFER,
    )


def failure_of(error: BaseException) -> SinkError:
    """What a request that ended in ``error`` means."""
    failure = classify(error, "delivery")
    reason = _REASONS.get(failure.kind, SinkFailure.PROTOCOL)
    return SinkError(reason, failure.detail, ambiguous=not isinstance(error, _NEVER_SENT))


def raise_for_status(
    status: int, headers: Mapping[str, str], now: float, body: bytes = b""
) -> None:
    """Accept a status that tells of success.

    401 and 403 hold the sink: its operator has to mend the credentials.

    Raises:
        SinkError: for every other status.
    """
    kind = status // 100
    if kind == _SUCCESS:
        return
    reason = _STATUS.get(status) or _STATUS_CLASS.get(kind, SinkFailure.PROTOCOL)
    told = scrub(body[:1024].decode("utf-8", "replace"), 200) if kind == 4 else ""  # noqa: PLR2004 - the HTTP class of client errors
    held = reason is SinkFailure.AUTH
    raise SinkError(
        reason,
        f"the receiver answered HTTP {status}" + (f": {told}" if told else ""),
        permanent=kind == 4 and not held and status not in _TRANSIENT_4XX,  # noqa: PLR2004
        retry_after=parse_retry_after(headers.get("Retry-After"), now),
        ambiguous=kind == 5 or status == 408,  # noqa: PLR2004
        hold=held,
    )
