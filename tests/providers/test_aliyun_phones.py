"""The paid states of phones: the budget, restarts, the carriers' limits, and age."""

from types import SimpleNamespace

import pytest
from aiohttp import web

from agent.net.exchange import ProviderError
from agent.polling.cost_pages import LedgerPages
from agent.polling.retry import Backoff, with_retries
from agent.simulator.server import start
from agent.simulator.world import World
from agent.states import BindingState
from agent.store.database import Database
from tests.net.http_bench import serving
from tests.providers.aliyun_bench import HOTLINE, OPTIONS, SECOND, WORLD, adapter

NOON = 1_795_838_400.0
BUDGET = {**OPTIONS, "products": "dyvms,dytns", "phone_status_daily_budget": "0.2"}
NUMBERS = [HOTLINE, SECOND]


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def world(clock):
    async with await start(World.parse(WORLD), clock=clock) as running:
        yield running


def phones_of(world):
    return world.world.providers["ali"].dialect.phones


async def states(ali):
    bindings = await ali.reachability(NUMBERS)
    return {it.phone: it for them in bindings.values() for it in them}


async def test_no_more_is_queried_than_the_budget_pays_for_and_the_rest_is_unknown(
    bench, world, clock
):
    ali = adapter(bench, world.base_url("ali"), options=BUDGET, clock=clock)
    for _ in range(3):
        found = await states(ali)
    assert phones_of(world).answers == 2
    silent = [it for it in found.values() if it.native_status == "not queried"]
    assert len(silent) == 2
    assert {it.state for it in silent} == {BindingState.UNKNOWN}
    assert {it.state_at for it in silent} == {None}


async def test_a_restart_pays_for_nothing_twice_and_goes_on_with_the_others(
    bench, world, clock, tmp_path
):
    database = await Database.open(tmp_path / "data")
    try:
        more = {"options": BUDGET, "clock": clock, "pages": LedgerPages(database)}
        first = await states(adapter(bench, world.base_url("ali"), **more))
        second = await states(adapter(bench, world.base_url("ali"), **more))
        assert phones_of(world).answers == 2
        assert first == second
        clock.now += 86_400
        third = await states(adapter(bench, world.base_url("ali"), **more))
    finally:
        await database.close()
    assert phones_of(world).answers == 4
    never = {phone for phone, it in first.items() if it.native_status == "not queried"}
    # The two that were never queried came first; the answers of the others have aged.
    assert {phone for phone, it in third.items() if it.state_at == clock.now} == never


async def test_an_answer_that_is_too_old_is_unknown_with_its_time(bench, world, clock):
    options = {**BUDGET, "phone_status_daily_budget": "0.4", "phone_status_every": "30d"}
    ali = adapter(bench, world.base_url("ali"), options=options, clock=clock)
    assert (await states(ali))["13800000002"].state is BindingState.OFF
    clock.now += 86_000
    assert (await states(ali))["13800000002"].state is BindingState.OFF
    clock.now += 86_000
    old = (await states(ali))["13800000002"]
    assert (old.state, old.state_at) == (BindingState.UNKNOWN, NOON)
    assert old.native_status == "POWER_OFF CMCC at 2026-11-28 04:00Z"
    assert (await states(ali))["13800000002"] == old


async def test_a_phone_that_may_not_be_queried_so_often_waits_and_keeps_its_state(
    bench, world, clock
):
    options = {**OPTIONS, "products": "dyvms,dytns", "phone_status_every": "1m"}
    ali = adapter(bench, world.base_url("ali"), options=options, clock=clock)
    await states(ali)
    answered = phones_of(world).answers
    clock.now += 3 * 3600
    # Real seconds count for the carrier: it refuses all of them.
    found = await states(ali)
    assert phones_of(world).answers == answered
    assert found["13800000002"].state is BindingState.OFF
    assert found["13800000002"].state_at == NOON


def carrier_server(answers, seen):
    async def handle(request):
        action = request.headers["x-acs-action"]
        if action == "QueryCallInPoolTransferConfig":
            details = [{"Called": "13800000001"}]
            data = {"CalledRouteMode": "random", "TransferTimeout": 30, "Details": details}
            return web.json_response({"Code": "OK", "Data": data})
        seen.append(request.query["InputNumber"])
        status, body = answers[min(len(seen), len(answers)) - 1]
        return web.json_response(body, status=status)

    return handle


def answer(word, carrier="CMCC"):
    return 200, {"Code": "OK", "Message": "OK", "Data": {"Status": word, "Carrier": carrier}}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("NORMAL", "ok"),
        ("BUSY", "busy"),
        ("SHUTDOWN", "arrears"),
        ("POWER_OFF", "off"),
        ("NOT_EXIST", "nonexistent"),
        ("DEFECT", "nonexistent"),
        ("SUSPECTED_POWER_OFF", "unknown"),
        ("UNKNOWN", "unknown"),
    ],
)
async def test_the_words_of_phones(bench, word, state):
    async with serving(carrier_server([answer(word)], [])) as server:
        found = await states(adapter(bench, server.url, options=BUDGET))
    assert found["13800000001"].state == state
    assert not bench.counts.unmapped


@pytest.mark.parametrize(
    ("carrier", "word", "state"),
    [
        ("CTCC", "NORMAL", "unknown"),
        ("CTCC", "UNKNOWN", "unknown"),
        ("CTCC", "SHUTDOWN", "arrears"),
    ],
)
async def test_a_phone_of_telecom_in_service_may_be_off(bench, carrier, word, state):
    async with serving(carrier_server([answer(word, carrier)], [])) as server:
        found = await states(adapter(bench, server.url, options=BUDGET))
    assert found["13800000001"].state == state


async def test_a_word_that_nobody_described_is_unknown_and_counted(bench):
    async with serving(carrier_server([answer("DREAMING")], [])) as server:
        found = await states(adapter(bench, server.url, options=BUDGET))
    assert found["13800000001"].state is BindingState.UNKNOWN
    assert bench.counts.unmapped == {"reachability.state": 1}


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("code", "pause"), [("RequestFrequencyLimit", 3600), ("OperatorLimit", 86_400)]
)
async def test_a_limit_is_obeyed_on_every_status(bench, clock, status, code, pause):
    seen = []
    answers = [(status, {"Code": code, "Message": "later"}), answer("NORMAL")]
    options = {**BUDGET, "phone_status_daily_budget": "1000", "phone_status_every": "1m"}
    async with serving(carrier_server(answers, seen)) as server:
        ali = adapter(bench, server.url, options=options, clock=clock)
        assert (await states(ali))["13800000001"].native_status == "not queried"
        clock.now += 3500 if status == 400 else pause - 60
        await states(ali)
        assert len(seen) == 1
        clock.now += 3700
        assert (await states(ali))["13800000001"].state is BindingState.OK


async def test_a_query_that_fails_is_sent_once_and_charged(bench, clock):
    seen = []
    answers = [(500, {"Code": "InternalError", "Message": "x"}), answer("NORMAL")]
    async with serving(carrier_server(answers, seen)) as server:
        ali = adapter(bench, server.url, options=BUDGET, clock=clock)
        with pytest.raises(ProviderError) as caught:
            await states(ali)
        assert "PhoneNumberStatusForVoice" in caught.value.detail
        assert "13800000001" not in caught.value.detail
        clock.now += 4000
        assert (await states(ali))["13800000001"].state is BindingState.OK
        clock.now += 4000
        await states(ali)
    assert len(seen) == 2


async def test_polling_repeats_what_is_free_and_not_what_costs_money(bench, clock):
    seen, failures = [], []

    async def handle(request):
        if len(failures) < 1 and "PoolTransfer" in request.headers["x-acs-action"]:
            failures.append(request)
            return web.json_response({"Code": "InternalError"}, status=500)
        return await carrier_server([(500, {"Code": "InternalError"})], seen)(request)

    retrying = with_retries(bench.client.fetch, 3, Backoff(initial=0.001, maximum=0.002))
    async with serving(handle) as server:
        patient = SimpleNamespace(client=SimpleNamespace(fetch=retrying))
        with pytest.raises(ProviderError):
            await states(adapter(patient, server.url, options=BUDGET, clock=clock))
    assert (len(failures), len(seen)) == (1, 1)
