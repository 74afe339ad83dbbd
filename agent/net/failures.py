"""Maps exceptions and HTTP statuses to the closed list of poll failures.

==============================================  =================
failure                                         reason
==============================================  =================
a timeout of connecting, reading or the whole   ``timeout``
the guard refused the address, or the URL is
not a plain http or https URL                   ``egress_denied``
the name does not resolve                       ``dns``
the certificate has expired                     ``tls_expired``
any other TLS failure                           ``tls``
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

_CERT_HAS_EXPIRED = 10
"""OpenSSL's X509_V_ERR_CERT_HAS_EXPIRED."""

_WITHOUT_RETRY_AFTER = frozenset({PollFailure.AUTH, PollFailure.REDIRECT})


def _is_denied(error: BaseException) -> bool:
    return isinstance(error, EgressDeniedError) or (
        isinstance(error, OSError) and EGRESS_DENIED_TEXT in str(error)
    )


def _is_expired(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError) and (
        # getattr, because aiohttp's subclass lacks the attribute.
        getattr(error, "verify_code", None) == _CERT_HAS_EXPIRED
    )


def _is_a(*kinds: type[BaseException]) -> Callable[[BaseException], bool]:
    return lambda error: isinstance(error, kinds)


# The order matters: a subclass stands before its base, and what happened before an answer began
# before what ended its body.
_TABLE: tuple[tuple[Callable[[BaseException], bool], PollFailure, str], ...] = (
    (_is_a(asyncio.TimeoutError), PollFailure.TIMEOUT, "no whole answer in time"),
    (
        _is_denied,
        PollFailure.EGRESS_DENIED,
        "the address is private or local; list its network under egress_allow",
    ),
    (_is_a(aiohttp.InvalidURL), PollFailure.EGRESS_DENIED, "the address is not an http URL"),
    (_is_a(aiohttp.ClientConnectorDNSError), PollFailure.DNS, "the name does not resolve"),
    (_is_a(socket.gaierror), PollFailure.DNS, "the name does not resolve"),
    (_is_expired, PollFailure.TLS_EXPIRED, "the server's certificate has expired"),
    (
        _is_a(ssl.SSLError, ssl.CertificateError, aiohttp.ClientSSLError),
        PollFailure.TLS,
        "the TLS handshake failed",
    ),
    (
        _is_a(http_exceptions.ContentEncodingError),
        PollFailure.ENCODING,
        "the body does not decompress",
    ),
    (_is_a(ConnectionResetError, BrokenPipeError), PollFailure.CONNECT, "the connection was reset"),
    (_is_a(aiohttp.ServerDisconnectedError), PollFailure.CONNECT, "the server hung up"),
    (_is_a(aiohttp.ClientPayloadError), PollFailure.PARTIAL, "the body ended early"),
    (_is_a(OSError), PollFailure.CONNECT, "no connection"),
    (_is_a(aiohttp.ClientResponseError), PollFailure.DECODE, "the answer is not HTTP"),
    (_is_a(aiohttp.ClientError), PollFailure.CONNECT, "no connection"),
    (_is_a(ValueError), PollFailure.EGRESS_DENIED, "the address is not an http URL"),
)


def classify(error: BaseException, label: str) -> ProviderError:
    """Classify ``error``, which ended the request named ``label``.

    The first row of the table that matches any exception of the chain of causes decides. The
    error's own text is not repeated: it may hold the URL with credentials in its query.
    """
    chain = tuple(_chain(error))
    for matches, kind, text in _TABLE:
        if any(matches(link) for link in chain):
            return ProviderError(kind, f"{label}: {text}")
    return ProviderError(PollFailure.CONNECT, f"{label}: {type(error).__name__}")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    visited: set[int] = set()
    while error is not None and id(error) not in visited:
        visited.add(id(error))
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
    status: int, headers: Mapping[str, str], now: float, label: str
) -> ProviderError | None:
    """The failure that an HTTP status means, with its ``Retry-After``; ``None`` for success."""
    kind = _STATUS.get(status) or _STATUS_CLASS.get(status // 100)
    if kind is None:
        return None
    wait = (
        None if kind in _WITHOUT_RETRY_AFTER else parse_retry_after(headers.get("Retry-After"), now)
    )
    return ProviderError(kind, f"{label}: HTTP {status} {_phrase(status)}".rstrip(), wait)


def with_pause(failure: ProviderError, headers: Mapping[str, str], now: float) -> ProviderError:
    """``failure`` with the answer's ``Retry-After``, where its body says that it is a throttle.

    The status alone, such as 403, may have meant something that no wait mends.
    """
    if failure.kind is PollFailure.RATE_LIMITED and failure.retry_after is None:
        failure.retry_after = parse_retry_after(headers.get("Retry-After"), now)
    return failure


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""
