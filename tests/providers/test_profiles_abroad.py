"""What the simulated world does not show of the profiles of providers outside China."""

import pytest

from agent.states import BindingKind, NumberState
from tests.net.http_bench import serving
from tests.providers.answers import answer


def plivo_number(number, **more):
    return {"number": number, "alias": None, "voice_enabled": True, **more}


async def test_a_number_of_plivo_without_the_word_is_unknown(bench):
    objects = [plivo_number("18135401302", active=True), plivo_number("14152753408")]
    body = {"meta": {"total_count": 2, "next": None}, "objects": objects}
    async with serving(answer(body)) as server:
        provider = bench.provider(server.url, "plivo", {"auth_id": "MA1", "auth_token": "t"})
        listing = await provider.numbers()
    assert {it.number: it.state for it in listing.numbers} == {
        "+18135401302": NumberState.ACTIVE,
        "+14152753408": NumberState.UNKNOWN,
    }
    assert listing.invalid_records == 0


def telnyx_forwarding(**forwarding):
    forwarding = {"call_forwarding_enabled": True, "forwarding_type": "always", **forwarding}
    return {
        "phone_number": "+19705555098",
        "connection_id": "1293384261075731499",
        "call_forwarding": {"forwards_to": "+13035559123", **forwarding},
    }


@pytest.mark.parametrize(
    ("forwarding", "phone", "kind"),
    [
        ({}, "+13035559123", BindingKind.UNKNOWN),
        ({"forwards_to": ""}, "1293384261075731499", BindingKind.TRUNK),
        ({"forwarding_type": "on-failure"}, "1293384261075731499", BindingKind.TRUNK),
        ({"call_forwarding_enabled": False}, "1293384261075731499", BindingKind.TRUNK),
    ],
)
async def test_what_a_number_of_telnyx_rings(bench, forwarding, phone, kind):
    body = {"data": [telnyx_forwarding(**forwarding)], "meta": {"total_results": 1}}
    async with serving(answer(body)) as server:
        provider = bench.provider(server.url, "telnyx", {"api_key": "KEY0123"})
        [found] = (await provider.reachability(["+19705555098"]))["+19705555098"]
    assert (found.phone, found.kind) == (phone, kind)


async def test_a_number_of_46elks_that_was_given_back_is_cancelled(bench):
    data = [
        {"number": "+46766861217", "active": "no", "deallocated": "2018-02-22T15:23:01.611000"},
        {"number": "+46766861001", "active": "no"},
    ]
    async with serving(answer({"data": data})) as server:
        provider = bench.provider(server.url, "46elks", {"username": "u1", "password": "p"})
        listing = await provider.numbers()
    states = {it.number: it.state for it in listing.numbers}
    assert states == {
        "+46766861217": NumberState.CANCELLED,
        "+46766861001": NumberState.UNKNOWN,
    }
