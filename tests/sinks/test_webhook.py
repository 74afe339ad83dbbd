"""The webhook sink against real HTTP servers."""

import asyncio
import base64
import time
from datetime import UTC, datetime

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from agent.sinks.base import SinkError, SinkFailure
from agent.sinks.webhook.sink import WebhookSink
from agent.tickets.outbox.rows import Row
from tests.sinks.receiver import SECRET, Receiver
from tests.sinks.sections import webhook_section
from tests.sinks.systems.recording import RecordingServer

BODY = b'{"type":"ticket.opened","timestamp":"t","data":{"id":"NW-1"}}'


def row(payload: bytes = BODY) -> Row:
    return Row(1, "desk", "NW-1", 1, "ticket.opened", "msg_k_1_1", payload, 1, 0.0, 0.0, "")


async def deliver(url: str, **more: object) -> SinkError | None:
    sink = WebhookSink(webhook_section(url, **more))
    try:
        await sink.deliver(row(), time.time())
    except SinkError as error:
        return error
    finally:
        await sink.close()
    return None


async def test_a_delivery_verifies_with_the_reference_library(receiver: Receiver) -> None:
    assert await deliver(await receiver.start(), headers={"Authorization": "Bearer t"}) is None
    (delivery,) = receiver.deliveries
    assert delivery.body == BODY
    assert delivery.webhook_id == "msg_k_1_1"
    assert delivery.headers["content-type"] == "application/json"
    assert delivery.headers["authorization"] == "Bearer t"


def test_the_signature_is_the_published_vector() -> None:
    signed = Webhook(SECRET).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        '{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(body=st.text(), key=st.binary(min_size=24, max_size=64))
@settings(deadline=None)
async def test_any_body_verifies_and_a_changed_one_does_not(body: str, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    payload = body.encode("utf-8", "replace")
    server = RecordingServer()
    sink = WebhookSink(webhook_section(await server.start(), secret=secret))
    await sink.deliver(row(payload), time.time())
    await sink.close()
    await server.stop()
    ((_path, headers, received),) = server.received
    assert received == payload
    Webhook(secret).verify(payload, headers, json_parse=False)
    with pytest.raises(Exception, match="signature"):
        Webhook(secret).verify(payload + b" ", headers, json_parse=False)


async def test_without_a_secret_nothing_is_signed(receiver: Receiver) -> None:
    receiver.verify = False
    assert await deliver(await receiver.start(), secret=None) is None
    assert "webhook-signature" not in receiver.deliveries[0].headers


@pytest.mark.parametrize(
    ("status", "reason", "permanent"),
    [
        (301, SinkFailure.REDIRECT, False),
        (400, SinkFailure.HTTP_4XX, True),
        (401, SinkFailure.AUTH, False),
        (404, SinkFailure.HTTP_4XX, True),
        (408, SinkFailure.HTTP_4XX, False),
        (409, SinkFailure.HTTP_4XX, False),
        (410, SinkFailure.GONE, True),
        (425, SinkFailure.HTTP_4XX, False),
        (429, SinkFailure.RATE_LIMITED, False),
        (500, SinkFailure.HTTP_5XX, False),
        (503, SinkFailure.HTTP_5XX, False),
    ],
)
async def test_each_status_has_its_reason(
    receiver: Receiver, status: int, reason: SinkFailure, permanent: bool
) -> None:
    receiver.answer = lambda _request: status
    error = await deliver(await receiver.start())
    assert error is not None
    assert (error.reason, error.permanent) == (reason, permanent)
    assert str(status) in error.detail


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7.0), ("-3", 0.0), ("9999999999", 3600.0), ("soon", None), (None, None)],
)
async def test_retry_after_is_honoured_within_bounds(
    receiver: Receiver, value: str | None, seconds: float | None
) -> None:
    headers = {} if value is None else {"Retry-After": value}
    receiver.answer = lambda _request: web.Response(status=503, headers=headers)
    error = await deliver(await receiver.start())
    assert error is not None
    assert error.retry_after == seconds


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    url = await receiver.start()
    receiver.answer = lambda _request: web.Response(status=307, headers={"Location": url})
    assert await deliver(url) is not None
    assert len(receiver.attempts) == 1


async def test_a_receiver_that_hangs_is_left_after_the_timeout(receiver: Receiver) -> None:
    receiver.answer = lambda _request: asyncio.sleep(30)
    started = time.monotonic()
    error = await deliver(await receiver.start(), timeout=0.3)
    assert error is not None
    assert error.reason is SinkFailure.TIMEOUT
    assert time.monotonic() - started < 1.5


async def test_an_endless_answer_after_2xx_is_taken_and_not_read(receiver: Receiver) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    receiver.answer = endless
    assert await deliver(await receiver.start(), timeout=5) is None


async def test_nobody_listening_is_a_connect_failure(unused_tcp_port: int) -> None:
    error = await deliver(f"http://127.0.0.1:{unused_tcp_port}/")
    assert error is not None
    assert (error.reason, error.permanent) == (SinkFailure.CONNECT, False)


async def test_an_address_outside_egress_allow_is_never_connected_to(receiver: Receiver) -> None:
    error = await deliver(await receiver.start(), egress_allow=[])
    assert error is not None
    assert error.reason is SinkFailure.EGRESS_DENIED
    assert receiver.attempts == []


async def test_no_secret_leaks_into_an_error(receiver: Receiver) -> None:
    receiver.answer = lambda _request: 500
    error = await deliver(await receiver.start(), headers={"Authorization": "Bearer canary"})
    assert SECRET not in f"{error!r}{error}"
    assert "canary" not in f"{error!r}{error}"
