"""One table from what can go wrong on the way to the closed list of poll failures.

==============================================  =================
what happened                                   reason
==============================================  =================
any of the timeouts ran out                     ``timeout``
the guard refused the address, or the URL is
not one the agent may ask                       ``egress_denied``
the name does not resolve                       ``dns``
the certificate has expired                     ``tls_expired``
any other trouble with TLS                      ``tls``
the body does not decompress                    ``encoding``
the connection was refused, or reset or dropped
before an answer began                          ``connect``
the body ended before its announced end, be it
by a reset                                      ``partial``
the answer is not HTTP                          ``decode``
==============================================  =================
"""

import asyncio
import http
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping

import aiohttp
from aiohttp import http_exceptions

from agent.net.egress import EGRESS_DENIED_TEXT, EgressDeniedError
from agent.net.exchange import ProviderError
from agent.net.retry_after import parse_retry_after
from agent.states import PollFailure

_EXPIRED = 10
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED."""

_NOT_FOR_RETRY_AFTER = frozenset({PollFailure.AUTH, PollFailure.REDIRECT})


def _is_denied(error: BaseException) -> bool:
    return isinstance(error, EgressDeniedError) or (
        isinstance(error, OSError) and EGRESS_DENIED_TEXT in str(error)
    )


def _is_expired(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError) and (
        getattr(error, "verify_code", None) == _EXPIRED  # aiohttp's own kind of it has none
    )


def _of(*kinds: type[BaseException]) -> Callable[[BaseException], bool]:
    return lambda error: isinstance(error, kinds)


_TABLE: tuple[tuple[Callable[[BaseException], bool], PollFailure, str], ...] = (
    (_of(asyncio.TimeoutError), PollFailure.TIMEOUT, "no whole answer in time"),
    (_is_denied, PollFailure.EGRESS_DENIED, "the address is not in egress_allow"),
    (_of(aiohttp.InvalidURL), PollFailure.EGRESS_DENIED, "the address is not an http URL"),
    (_of(aiohttp.ClientConnectorDNSError), PollFailure.DNS, "the name does not resolve"),
    (_of(socket.gaierror), PollFailure.DNS, "the name does not resolve"),
    (_is_expired, PollFailure.TLS_EXPIRED, "the server's certificate has expired"),
    (
        _of(ssl.SSLError, ssl.CertificateError, aiohttp.ClientSSLError),
        PollFailure.TLS,
        "the TLS handshake failed",
    ),
    (
        _of(http_exceptions.ContentEncodingError),
        PollFailure.ENCODING,
        "the body does not decompress",
    ),
    (_of(ConnectionResetError, BrokenPipeError), PollFailure.CONNECT, "the connection was reset"),
    (_of(aiohttp.ServerDisconnectedError), PollFailure.CONNECT, "the server hung up"),
    (_of(aiohttp.ClientPayloadError), PollFailure.PARTIAL, "the body ended early"),
    (_of(OSError), PollFailure.CONNECT, "no connection"),
    (_of(aiohttp.ClientResponseError), PollFailure.DECODE, "the answer is not HTTP"),
    (_of(aiohttp.ClientError), PollFailure.CONNECT, "no connection"),
    (_of(ValueError), PollFailure.EGRESS_DENIED, "the address is not an http URL"),
)


def classify(error: BaseException, what: str) -> ProviderError:
    """The poll failure behind ``error``, which ended the request called ``what``.

    The first row that fits any link of the error's chain wins. The error's own text is not
    repeated: it may hold the address with its keys.
    """
    chain = tuple(_chain(error))
    for fits, kind, words in _TABLE:
        if any(fits(link) for link in chain):
            return ProviderError(kind, f"{what}: {words}")
    return ProviderError(PollFailure.CONNECT, f"{what}: {type(error).__name__}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


_STATUS: Mapping[int, PollFailure] = {
    401: PollFailure.AUTH,
    403: PollFailure.AUTH,
    429: PollFailure.RATE_LIMITED,
}
_STATUS_CLASS: Mapping[int, PollFailure] = {
    1: PollFailure.DECODE,
    3: PollFailure.REDIRECT,
    4: PollFailure.HTTP_4XX,
    5: PollFailure.HTTP_5XX,
}


def status_failure(
    status: int, headers: Mapping[str, str], now: float, what: str
) -> ProviderError | None:
    """The poll failure an HTTP status stands for, ``None`` when it stands for success."""
    kind = _STATUS.get(status) or _STATUS_CLASS.get(status // 100)
    if kind is None:
        return None
    wait = (
        None if kind in _NOT_FOR_RETRY_AFTER else parse_retry_after(headers.get("Retry-After"), now)
    )
    return ProviderError(kind, f"{what}: HTTP {status} {_phrase(status)}".rstrip(), wait)


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
