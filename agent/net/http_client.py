"""The HTTP client for provider APIs, with every guard against a slow or hostile server.

Timeouts (connecting, the whole request with all reads) are always set; the decoded body is
limited; redirects are not followed, because aiohttp would forward credential headers to another
host; gzip and deflate are accepted once; the egress guard checks each socket; TLS is always
verified (docs/reference/reliability.md §1). A failure is one
:class:`~agent.net.exchange.ProviderError`; :mod:`agent.net.failures` lists the reasons.
"""

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import aiohttp
from yarl import URL

from agent.clock import LEAST_STEP
from agent.config.settings import Polling
from agent.net.answer_age import AnswerAges
from agent.net.egress import EgressGuard
from agent.net.exchange import Answer, ProviderError, Request
from agent.net.failures import classify, status_failure, with_pause
from agent.net.large_bodies import LARGE_BYTES, take_place
from agent.net.retry_after import parse_http_date
from agent.net.urls import encode_query
from agent.states import PollFailure

_CHUNK = 64 * 1024
"""Bytes read at once; a small limit bounds what a compressed bomb inflates to per read."""
_LARGEST_ERROR = 64 * 1024
"""Bytes; an answer that only reports an error is smaller."""
_ENCODINGS = frozenset({"", "identity", "gzip", "deflate"})
_HEADERS = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": "numwatch",
}
_PRINTABLE = re.compile(r"[!-~]+", re.ASCII)
_FAILURES = (aiohttp.ClientError, OSError, ValueError, asyncio.TimeoutError)


@dataclass(frozen=True)
class HttpClientLimits:
    """Timeouts in seconds, the largest decoded body in bytes, and connections (0: no limit)."""

    connect_timeout: float = 5.0
    request_timeout: float = 10.0
    max_body: int = 8 * 1024 * 1024
    connections: int = 64

    @classmethod
    def of(cls, polling: Polling) -> "HttpClientLimits":
        """The limits set by a polling section."""
        return cls(
            connect_timeout=polling.connect_timeout,
            request_timeout=polling.request_timeout,
            max_body=polling.max_body,
            connections=polling.concurrency,
        )


class HttpClient:
    """Sends requests to one provider. Create and close it inside a running event loop.

    Raises:
        ValueError: when ``egress_allow`` holds something that is not a network.
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
        """The provider's clock minus ours, in seconds, from its newest Date header."""
        self._limits = limits
        self._clock = clock
        self._ages = AnswerAges()
        self._session = _session(limits, EgressGuard(egress_allow), ca_file)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def fetch(self, request: Request) -> Answer:
        """Sign ``request``, send it once and read the whole answer.

        Raises:
            ProviderError: for every failure.
        """
        label = request.label or request.method
        attempt = _Attempt.of(request, self._clock())
        try:
            signed = request.sign(request) if request.sign else request
            return await self._send(signed, label, attempt)
        except ProviderError as error:
            failure = error.bare()
        except _FAILURES as error:
            failure = classify(error, label)
        # Raised here, without the frames that hold what was read of the body: whoever keeps a
        # failure, or has a cycle of references to it, would keep megabytes.
        try:
            raise failure
        finally:
            del failure

    async def _send(self, request: Request, label: str, attempt: "_Attempt") -> Answer:
        async with self._session.request(
            request.method,
            _address(request),
            headers=request.headers,
            data=request.body or None,
            allow_redirects=False,
        ) as response:
            age = self._note_date(response, attempt)
            status = response.status
            if status not in request.accept:
                now = self._clock()
                failure = status_failure(status, response.headers, now, label)
                if failure is not None:
                    explained = await _explained(request, response, failure)
                    raise with_pause(explained, response.headers, now)
            _check_encoding(response, label)
            body = await _read(response, self._limits.max_body, label)
            answer = Answer(status, response.headers, body, response.charset, age)
            reported = request.read_success and request.read_success(answer, label)
            if reported:
                raise with_pause(reported, response.headers, self._clock())
            return answer

    def _note_date(self, response: aiohttp.ClientResponse, attempt: "_Attempt") -> float:
        """The answer's age in seconds; its date is noted for :attr:`skew`."""
        now, at = self._clock(), time.monotonic()
        theirs = parse_http_date(response.headers.get("Date"))
        # Where our clock was set meanwhile, theirs may have been set with it, but not yet.
        if theirs is not None and abs(now - at - attempt.clock_offset) < LEAST_STEP:
            self.skew = theirs - now
        return self._ages.age(response.headers, attempt.at, at, now, attempt.question)


class _Attempt(NamedTuple):
    """A request when it was sent."""

    at: float
    """Monotonic seconds."""
    clock_offset: float
    """Our clock minus the monotonic one."""
    question: int
    """Stands for what was requested, before it was signed: a signature is another each time."""

    @classmethod
    def of(cls, request: Request, now: float) -> "_Attempt":
        """A request that is sent now; ``now`` is the epoch by our clock."""
        at = time.monotonic()
        question = hash((request.method, request.url, request.params, request.body))
        return cls(at, now - at, question)


async def _explained(
    request: Request, response: aiohttp.ClientResponse, failure: ProviderError
) -> ProviderError:
    """What the error's body says that ``failure`` is; itself where that cannot be read."""
    if request.read_error is None:
        return failure
    try:
        _check_encoding(response, "")
        body = await _read(response, _LARGEST_ERROR, "")
    except (ProviderError, *_FAILURES):
        return failure
    answer = Answer(response.status, response.headers, body, response.charset)
    return request.read_error(answer, failure)


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
        # Between two reads there is no other limit than the whole request's: an equal one could
        # never pass before it, and would set a timer anew with every read.
        sock_read=None,
        # aiohttp rounds longer timeouts up to whole seconds; a poll must end in time.
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
    """A context that trusts the system's authorities, or only those in ``ca_file``.

    Raises:
        OSError: when ``ca_file`` cannot be read.
    """
    # The modification time is part of the cache's key, so that a replaced file is read again.
    modified = None if ca_file is None else Path(ca_file).stat().st_mtime_ns
    return _trust(ca_file, modified)


@lru_cache(maxsize=16)  # reading the system's authorities takes tens of milliseconds
def _trust(ca_file: str | None, _modified: int | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


def _address(request: Request) -> URL:
    """The URL exactly as it was signed: yarl must not quote anything again."""
    if not _is_plain(request.url):
        raise ValueError("not a plain http or https address")
    query = encode_query(request.params)  # printable, and behind everything that was checked
    joint = "&" if "?" in request.url else "?"
    return URL(f"{request.url}{joint}{query}" if query else request.url, encoded=True)


@lru_cache(maxsize=256)  # the pages of a listing have one address
def _is_plain(address: str) -> bool:
    url = URL(address, encoded=True)
    has_login = url.user is not None or url.password is not None
    is_web = url.scheme in ("http", "https") and bool(url.host)
    return bool(_PRINTABLE.fullmatch(address)) and is_web and not has_login


def _check_encoding(response: aiohttp.ClientResponse, label: str) -> None:
    """Refuse a body that is encoded twice or unknown, which aiohttp would return undecoded.

    ``x-gzip`` too: aiohttp does not know it, and it was not asked for.
    """
    encoding = ",".join(response.headers.getall("Content-Encoding", ())).strip().lower()
    if encoding not in _ENCODINGS:
        raise ProviderError(
            PollFailure.ENCODING, f"{label}: the body's encoding is neither gzip nor deflate"
        )


async def _read(response: aiohttp.ClientResponse, limit: int, label: str) -> bytes:
    """The whole decoded body; raises as soon as it exceeds ``limit`` bytes."""
    chunks: list[bytes] = []
    size = 0
    while chunk := await response.content.read(_CHUNK):
        if size <= LARGE_BYTES < size + len(chunk):
            await take_place()
        size += len(chunk)
        if size > limit:
            response.close()
            raise ProviderError(
                PollFailure.TOO_LARGE, f"{label}: the body is larger than {limit} bytes"
            )
        chunks.append(chunk)
    if size > LARGE_BYTES:
        # In a thread: a copy of megabytes into new memory takes the event loop's time.
        return await asyncio.to_thread(b"".join, chunks)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
