"""HTTP to a ticket or chat system, with timeouts, the egress guard and no redirects."""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from agent.config.sinks import Sink
from agent.net.egress import EgressGuard
from agent.net.exchange import Request
from agent.net.failures import classify
from agent.net.retry_after import parse_retry_after
from agent.net.scrub import Redactor, scrub, secrets_in
from agent.net.urls import encode_query
from agent.sinks.base import SinkError, SinkFailure
from agent.states import PollFailure

FAILURES = (aiohttp.ClientError, OSError, ValueError, asyncio.TimeoutError)
"""The exceptions in which a request may end."""
_MAX_RESPONSE = 4 * 1024 * 1024
_BUFFER = 64 * 1024
_MAX_ERROR = 16 * 1024
"""Bytes of an error that are read; the rest is dropped."""
_SUCCESS, _CLIENT_ERROR, _SERVER_ERROR = 2, 4, 5
_REQUEST_TIMEOUT = 408
_TRANSIENT_4XX = frozenset({_REQUEST_TIMEOUT, 409, 425, 429})
_NEVER_SENT = (
    aiohttp.ClientConnectorError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)

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
    _CLIENT_ERROR: SinkFailure.HTTP_4XX,
    _SERVER_ERROR: SinkFailure.HTTP_5XX,
}


class Reply(msgspec.Struct, frozen=True):
    """The answer of a system to one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as plain data; ``None`` if it is empty or not JSON."""
        try:
            return msgspec.json.decode(self.body) if self.body.strip() else None
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    @property
    def is_success(self) -> bool:
        """Whether its status is 2xx."""
        return self.status // 100 == _SUCCESS

    @property
    def json_object(self) -> dict[str, Any]:
        """The body if it is a JSON object, otherwise an empty one."""
        answer = self.json
        return answer if isinstance(answer, dict) else {}


class SinkHttpClient:
    """The connections to one system. Make it and close it inside a running event loop.

    Args:
        settings: The sink's section.
        clock: Epoch seconds.
        headers: Sent with every request besides those of the section.

    Raises:
        ValueError: when ``egress_allow`` has an entry that is not a network.
        OSError: when ``ca_file`` cannot be read.
    """

    def __init__(
        self,
        settings: Sink,
        clock: Callable[[], float],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._clock = clock
        self._address = settings.address
        self._redact = Redactor(secrets_in(settings))
        own = {name: value.reveal() for name, value in settings.headers.items()}
        self._session = client_session(
            settings, {"User-Agent": "numwatch", **(headers or {}), **own}
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request and return the answer, whatever its status.

        Raises:
            SinkError: when no complete answer arrives; ``ambiguous`` unless nothing was sent.
        """
        body = None if json is None else msgspec.json.encode(json)
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self._send(method, self._address + path, body, headers, params)

    async def request_signed(self, request: Request) -> Reply:
        """Send a request that was signed as it is, and return the answer, whatever its status.

        Raises:
            SinkError: when no complete answer arrives; ``ambiguous`` unless nothing was sent.
        """
        query = encode_query(request.params)
        joint = "&" if "?" in request.url else "?"
        url = URL(f"{request.url}{joint}{query}" if query else request.url, encoded=True)
        return await self._send(request.method, url, request.body or None, request.headers)

    async def _send(
        self,
        method: str,
        url: str | URL,
        body: bytes | None,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
    ) -> Reply:
        try:
            async with self._session.request(
                method, url, data=body, params=params, headers=headers, allow_redirects=False
            ) as response:
                content = await _read(response)
                if response.status // 100 != _SUCCESS:
                    # Errors end in logs, pages and comments; some systems echo what they refuse.
                    shown = content[:_MAX_ERROR].decode("utf-8", "replace")
                    content = self._redact(shown).encode()
                return Reply(response.status, response.headers, content)
        except FAILURES as error:
            raise sink_error(error) from error

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> Reply:
        """Send a GET request and return its answer, which must be a success.

        Raises:
            SinkError: when it is not.
        """
        return self.require_success(await self.request("GET", path, params=params))

    def require_success(self, reply: Reply) -> Reply:
        """Return ``reply`` if its status is 2xx.

        Raises:
            SinkError: otherwise.
        """
        raise_for_status(reply.status, reply.headers, self._clock(), reply.body)
        return reply


async def _read(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    while chunk := await response.content.read(_BUFFER):
        body += chunk
        if len(body) > _MAX_RESPONSE:
            raise aiohttp.ClientPayloadError("the answer is too large")
    return bytes(body)


def client_session(
    settings: Sink, headers: Mapping[str, str] | None = None, *, decompress: bool = True
) -> aiohttp.ClientSession:
    """A session that connects only to where the section allows, with the section's timeout."""
    guard = EgressGuard(settings.egress_allow)
    tls = ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(socket_factory=guard.open_socket, ssl=tls),
        # aiohttp rounds timeouts above ceil_threshold up to whole seconds.
        timeout=aiohttp.ClientTimeout(
            total=settings.timeout, sock_read=settings.timeout, ceil_threshold=float("inf")
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        auto_decompress=decompress,
        read_bufsize=_BUFFER,
    )


def sink_error(error: BaseException) -> SinkError:
    """The failure of a delivery whose request ended in ``error``."""
    failure = classify(error, "delivery")
    reason = _REASONS.get(failure.kind, SinkFailure.PROTOCOL)
    return SinkError(reason, failure.detail, ambiguous=not isinstance(error, _NEVER_SENT))


def raise_for_status(
    status: int, headers: Mapping[str, str], now: float, body: bytes = b""
) -> None:
    """Do nothing for a status of success.

    401 and 403 hold the sink: its operator has to correct the credentials.

    Raises:
        SinkError: for every other status.
    """
    status_class = status // 100
    if status_class == _SUCCESS:
        return
    is_client_error = status_class == _CLIENT_ERROR
    reason = _STATUS.get(status) or _STATUS_CLASS.get(status_class, SinkFailure.PROTOCOL)
    detail = scrub(body[:1024].decode("utf-8", "replace"), 200) if is_client_error else ""
    is_auth = reason is SinkFailure.AUTH
    raise SinkError(
        reason,
        f"the receiver answered HTTP {status}" + (f": {detail}" if detail else ""),
        permanent=is_client_error and not is_auth and status not in _TRANSIENT_4XX,
        retry_after=parse_retry_after(headers.get("Retry-After"), now),
        # A gateway may give up waiting although the system behind it goes on.
        ambiguous=status_class == _SERVER_ERROR or status == _REQUEST_TIMEOUT,
        hold=is_auth,
    )
