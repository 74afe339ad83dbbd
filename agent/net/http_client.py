"""The only door out: every request to a provider goes through here, and every guard is here.

Timeouts always (connecting, silence between two reads, the whole), a cap on the decoded size,
no redirects, two known encodings at most once, the egress guard at the socket, TLS always
verified. A failure is one :class:`~agent.net.exchange.ProviderError`; see
:mod:`agent.net.failures` for which reason is given when.
"""

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import aiohttp
from yarl import URL

from agent.config.settings import Polling
from agent.net.egress import EgressGuard
from agent.net.exchange import Answer, ProviderError, Request
from agent.net.failures import classify, status_failure
from agent.net.retry_after import parse_http_date
from agent.net.urls import encode_query
from agent.states import PollFailure

_CHUNK = 64 * 1024
_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "numwatch",
}
_PLAIN = re.compile(r"[!-~]+", re.ASCII)
_FAILURES = (aiohttp.ClientError, OSError, ValueError, asyncio.TimeoutError)


@dataclass(frozen=True)
class HttpClientLimits:
    """How long one request may take (seconds) and how large its answer may be (bytes)."""

    connect_timeout: float = 5.0
    request_timeout: float = 10.0
    max_body: int = 8 * 1024 * 1024
    connections: int = 64

    @classmethod
    def of(cls, polling: Polling) -> "HttpClientLimits":
        """The limits a polling section sets."""
        return cls(
            connect_timeout=polling.connect_timeout,
            request_timeout=polling.request_timeout,
            max_body=polling.max_body,
            connections=polling.concurrency,
        )


class HttpClient:
    """Sends requests to one provider. Make it and close it inside a running event loop.

    Raises:
        ValueError: when ``egress_allow`` has something that is not a network.
        OSError: when ``ca_file`` cannot be read.
    """

    def __init__(
        self,
        limits: HttpClientLimits,
        *,
        egress_allow: Iterable[str] = (),
        ca_file: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.skew: float | None = None
        """The provider's clock minus ours, in seconds, by its newest Date header."""
        self._limits = limits
        self._clock = clock
        self._session = _session(limits, EgressGuard(egress_allow), ca_file)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def fetch(self, request: Request) -> Answer:
        """Sign ``request``, send it once and read its answer whole.

        Raises:
            ProviderError: for whatever went wrong, and nothing else.
        """
        what = _name(request)
        try:
            signed = request.sign(request) if request.sign else request
            return await self._send(signed, what)
        except _FAILURES as error:
            raise classify(error, what) from error

    async def _send(self, request: Request, what: str) -> Answer:
        async with self._session.request(
            request.method,
            _address(request),
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
        ) as response:
            self._note_date(response)
            status = response.status
            if status not in request.accept:
                now = self._clock()
                failure = status_failure(status, response.headers, now, what)
                if failure is not None:
                    raise failure
            _refuse_encoding(response, what)
            body = await _read(response, self._limits.max_body, what)
            return Answer(status, response.headers, body, response.charset)

    def _note_date(self, response: aiohttp.ClientResponse) -> None:
        theirs = parse_http_date(response.headers.get("Date"))
        if theirs is not None:
            self.skew = theirs - self._clock()


def _session(
    limits: HttpClientLimits, guard: EgressGuard, ca_file: str | None
) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=limits.connections,
        ssl=trust(ca_file),
        socket_factory=guard.open_socket,
    )
    timeout = aiohttp.ClientTimeout(
        total=limits.request_timeout,
        connect=None,
        sock_connect=limits.connect_timeout,
        sock_read=limits.request_timeout,
        # aiohttp rounds longer timeouts up to whole seconds; a poll's end must be exact.
        ceil_threshold=float("inf"),
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        headers=_HEADERS,
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=_CHUNK,
        requote_redirect_url=False,
    )


def trust(ca_file: str | None) -> ssl.SSLContext:
    """Whose certificates are believed: the system's authorities', or those in ``ca_file`` alone.

    Raises:
        OSError: when ``ca_file`` cannot be read.
    """
    changed = None if ca_file is None else Path(ca_file).stat().st_mtime_ns
    return _trust(ca_file, changed)


@lru_cache(maxsize=16)  # reading the system's authorities takes tens of milliseconds
def _trust(ca_file: str | None, _changed: int | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _name(request: Request) -> str:
    return request.label or request.method


def _address(request: Request) -> URL:
    """The URL exactly as it was signed: nothing is quoted again."""
    query = encode_query(request.params)
    joint = "&" if "?" in request.url else "?"
    text = f"{request.url}{joint}{query}" if query else request.url
    url = URL(text, encoded=True)
    is_plain = _PLAIN.fullmatch(text) and url.scheme in ("http", "https") and url.host
    if not is_plain or url.user is not None or url.password is not None:
        raise ValueError("not a plain http or https address")
    return url


def _refuse_encoding(response: aiohttp.ClientResponse, what: str) -> None:
    named = ",".join(response.headers.getall("Content-Encoding", ())).strip().lower()
    if named not in _ENCODINGS:
        raise ProviderError(PollFailure.ENCODING, f"{what}: the body's encoding is not supported")


async def _read(response: aiohttp.ClientResponse, cap: int, what: str) -> bytes:
    """The whole decoded body, given up as soon as it passes ``cap`` bytes."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await response.content.read(_CHUNK):
        size += len(chunk)
        if size > cap:
            response.close()
            raise ProviderError(
                PollFailure.TOO_LARGE, f"{what}: the body is larger than {cap} bytes"
            )
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
