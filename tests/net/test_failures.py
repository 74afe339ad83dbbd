"""Exceptions and statuses, by the closed list of reasons and in words without an address."""

import socket
import ssl
from unittest.mock import Mock

import aiohttp
import pytest
from aiohttp import http_exceptions
from aiohttp.client_reqrep import ConnectionKey

from agent.net.egress import EgressDeniedError
from agent.net.exchange import ProviderError
from agent.net.failures import classify, status_failure
from agent.states import PollFailure

NOW = 1_800_000_000.0
KEY = ConnectionKey("secret.example", 443, True, True, None, None, None)
EXPIRED = ssl.SSLCertVerificationError(1, "secret")
EXPIRED.verify_code = 10
UNTRUSTED = ssl.SSLCertVerificationError(1, "secret")
UNTRUSTED.verify_code = 20
NO_URL = "the address is not an http URL"
NO_NAME = "the name does not resolve"
DENIED = "the address is private or local; list its network under egress_allow"

FAILURES = [
    (TimeoutError("secret"), "timeout", "no whole answer in time"),
    (aiohttp.ServerTimeoutError("secret"), "timeout", "no whole answer in time"),
    (EgressDeniedError("secret"), "egress_denied", DENIED),
    (OSError("Multiple: address is not allowed: 10.0.0.1"), "egress_denied", DENIED),
    (aiohttp.InvalidURL("secret"), "egress_denied", NO_URL),
    (ValueError("secret"), "egress_denied", NO_URL),
    (aiohttp.ClientConnectorDNSError(KEY, OSError(2, "secret")), "dns", NO_NAME),
    (socket.gaierror(2, "secret"), "dns", NO_NAME),
    (EXPIRED, "tls_expired", "the server's certificate has expired"),
    (UNTRUSTED, "tls", "the TLS handshake failed"),
    (ssl.SSLError(1, "secret"), "tls", "the TLS handshake failed"),
    (aiohttp.ClientConnectorSSLError(KEY, OSError(1, "secret")), "tls", "the TLS handshake failed"),
    (http_exceptions.ContentEncodingError("secret"), "encoding", "the body does not decompress"),
    (ConnectionResetError("secret"), "connect", "the connection was reset"),
    (BrokenPipeError("secret"), "connect", "the connection was reset"),
    (aiohttp.ServerDisconnectedError("secret"), "connect", "the server hung up"),
    (aiohttp.ClientPayloadError("secret"), "partial", "the body ended early"),
    (OSError("secret"), "connect", "no connection"),
    (aiohttp.ClientResponseError(Mock(), ()), "decode", "the answer is not HTTP"),
    (aiohttp.ClientError("secret"), "connect", "no connection"),
    (RuntimeError("secret"), "connect", "RuntimeError"),
]


@pytest.mark.parametrize(("error", "reason", "text"), FAILURES, ids=lambda it: type(it).__name__)
def test_each_failure_has_its_reason_and_words(error, reason, text):
    failure = classify(error, "GET /numbers")
    assert (failure.kind, failure.detail) == (reason, f"GET /numbers: {text}")
    assert failure.retry_after is None


def test_the_causes_of_a_failure_decide_before_itself():
    caused = aiohttp.ClientPayloadError()
    caused.__cause__ = http_exceptions.ContentEncodingError("gzip")
    assert classify(caused, "x").kind == "encoding"
    during = aiohttp.ClientError()
    during.__context__ = aiohttp.ServerDisconnectedError()
    during.__context__.__context__ = TimeoutError()
    assert classify(during, "x").kind == "timeout"


def test_a_named_cause_goes_before_what_was_under_way():
    error = aiohttp.ClientError()
    error.__context__ = TimeoutError()
    error.__cause__ = socket.gaierror()
    assert classify(error, "x").kind == "dns"


def test_a_ring_of_causes_ends():
    one, other = RuntimeError(), RuntimeError()
    one.__cause__, other.__cause__ = other, one
    assert classify(one, "x").detail == "x: RuntimeError"


@pytest.mark.parametrize(
    ("status", "reason", "detail"),
    [
        (100, "decode", "x: HTTP 100 Continue"),
        (301, "redirect", "x: HTTP 301 Moved Permanently"),
        (401, "auth", "x: HTTP 401 Unauthorized"),
        (403, "auth", "x: HTTP 403 Forbidden"),
        (404, "http_4xx", "x: HTTP 404 Not Found"),
        (429, "rate_limited", "x: HTTP 429 Too Many Requests"),
        (499, "http_4xx", "x: HTTP 499"),
        (500, "http_5xx", "x: HTTP 500 Internal Server Error"),
        (599, "http_5xx", "x: HTTP 599"),
    ],
)
def test_each_status_has_its_reason_and_words(status, reason, detail):
    failure = status_failure(status, {"Retry-After": "7"}, NOW, "x")
    assert (failure.kind, failure.detail) == (reason, detail)
    waits = failure.kind not in {PollFailure.AUTH, PollFailure.REDIRECT}
    assert failure.retry_after == (7.0 if waits else None)


@pytest.mark.parametrize("status", [200, 204, 299, 600, 999])
def test_success_is_no_failure(status):
    assert status_failure(status, {}, NOW, "x") is None


def test_retry_after_as_a_date_is_counted_from_now():
    headers = {"Retry-After": "Fri, 15 Jan 2027 08:01:00 GMT"}
    assert status_failure(503, headers, NOW, "x").retry_after == 60.0
    assert status_failure(503, {}, NOW, "x").retry_after is None


def test_an_error_says_its_reason_and_its_detail():
    error = ProviderError(PollFailure.TIMEOUT, "x: too late", 5.0)
    assert str(error) == "timeout: x: too late"
    assert (error.kind, error.detail, error.retry_after) == ("timeout", "x: too late", 5.0)
