"""The desk takes each delivery once, verifies it, keeps the order, and can have faults."""

import asyncio
import json
from datetime import UTC, datetime

import aiohttp
import pytest
from standardwebhooks import Webhook

from tests.simulator.worlds import SMALL

SECRET = "whsec_bnVtd2F0Y2gtc2ltdWxhdG9yLXRlc3Q="


@pytest.fixture
async def desk(serve):
    return await serve(f"{SMALL}\ndesk: {{secret: {SECRET}}}\n")


def _delivery(client, ticket_id="t1", webhook_id="m1", kind="ticket.opened", **ticket):
    body = json.dumps({"type": kind, "data": {"id": ticket_id, "title": "a", **ticket}})
    now = datetime.fromtimestamp(client.clock.now, UTC)
    return body, {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(client.clock.now)),
        "webhook-signature": Webhook(SECRET).sign(webhook_id, now, body),
    }


async def _post(client, body, headers):
    async with client.session.post(
        client.running.desk_url, data=body, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status


async def _tickets(client):
    async with client.session.get(client.running.desk_url) as answer:
        return await answer.json()


async def test_tickets_are_listed_in_the_order_of_their_first_arrival(desk):
    for ticket, message, stage in (("t2", "m1", "a"), ("t1", "m2", "a"), ("t2", "m3", "b")):
        assert await _post(desk, *_delivery(desk, ticket, message, stage=stage)) == 200
    tickets = await _tickets(desk)
    assert [(one["id"], one["stage"]) for one in tickets] == [("t2", "b"), ("t1", "a")]
    assert [one["webhook_id"] for one in tickets[0]["deliveries"]] == ["m1", "m3"]
    assert tickets[0]["deliveries"][0] == {
        "webhook_id": "m1",
        "type": "ticket.opened",
        "at": "2026-11-18T12:00:00.000+08:00",
        "repeats": 0,
    }


async def test_the_same_webhook_id_is_counted_and_changes_nothing(desk):
    await _post(desk, *_delivery(desk, stage="opened"))
    await _post(desk, *_delivery(desk, webhook_id="m2", stage="closed"))
    for _ in range(3):
        assert await _post(desk, *_delivery(desk, stage="opened")) == 200
    (ticket,) = await _tickets(desk)
    assert ticket["stage"] == "closed"
    assert [one["repeats"] for one in ticket["deliveries"]] == [3, 0]


async def _changed(desk, **changes):
    body, headers = _delivery(desk)
    return await _post(desk, changes.pop("body", body), headers | changes.pop("headers", {}))


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({}, 200),
        ({"body": '{"type": "ticket.opened", "data": {"id": "t9"}}'}, 401),
        ({"headers": {"webhook-id": "m9"}}, 401),
        ({"headers": {"webhook-timestamp": "1"}}, 401),
        ({"headers": {"webhook-timestamp": "soon"}}, 401),
        ({"headers": {"webhook-signature": "v1,AAAA"}}, 401),
        ({"headers": {"webhook-signature": ""}}, 401),
        ({"headers": {"webhook-id": ""}}, 400),
    ],
)
async def test_what_was_changed_on_the_way_is_refused(desk, change, status):
    assert await _changed(desk, **change) == status
    assert len(await _tickets(desk)) == (status == 200)


async def test_a_delivery_may_carry_several_signatures(desk):
    body, headers = _delivery(desk)
    headers["webhook-signature"] = f"v1,AAAA {headers['webhook-signature']}"
    assert await _post(desk, body, headers) == 200


async def test_an_old_delivery_is_refused(desk, clock):
    body, headers = _delivery(desk)
    clock.now += 301
    assert await _post(desk, body, headers) == 401


async def test_a_desk_without_a_secret_takes_unsigned_deliveries(client):
    body = '{"type": "ticket.opened", "data": {"id": "t1"}}'
    assert await _post(client, body, {"webhook-id": "m1"}) == 200


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"data": {}}', "\x00"])
async def test_what_is_no_ticket_is_refused(client, body):
    assert await _post(client, body, {"webhook-id": "m1"}) == 400


@pytest.mark.parametrize("kind", ["http_500", "http_429", "auth", "redirect"])
async def test_a_refusing_fault_takes_nothing(desk, kind):
    desk.running.apply({"provider": "desk", "fault": {"kind": kind}})
    assert await _post(desk, *_delivery(desk)) in {302, 401, 429, 500}
    assert await _tickets(desk) == []
    desk.running.apply({"provider": "desk", "clear": "all"})
    assert await _post(desk, *_delivery(desk)) == 200


@pytest.mark.parametrize("kind", ["hang", "truncate", "drip", "bad_json", "clock_skew"])
async def test_a_fault_in_the_answer_comes_after_the_ticket_was_taken(desk, kind):
    desk.running.apply({"provider": "desk", "fault": {"kind": kind}})
    try:
        async with asyncio.timeout(0.5):
            await _post(desk, *_delivery(desk))
    except (TimeoutError, aiohttp.ClientError):
        pass
    desk.running.apply({"provider": "desk", "clear": "all"})
    assert await _post(desk, *_delivery(desk)) == 200
    (ticket,) = await _tickets(desk)
    assert ticket["deliveries"][0]["repeats"] == 1


async def test_a_reset_desk_has_not_taken_the_ticket(desk):
    desk.running.apply({"provider": "desk", "fault": {"kind": "reset"}})
    with pytest.raises(aiohttp.ClientError):
        await _post(desk, *_delivery(desk))
    assert await _tickets(desk) == []
