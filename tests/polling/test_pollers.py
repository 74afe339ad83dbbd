"""Pollers against a real server: pace, deadlines, reloads, and what is counted and logged."""

import asyncio
import itertools
import statistics

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from agent.config.secret import Secret
from agent.config.settings import Account
from agent.net.exchange import ProviderError, Request
from agent.states import Capability, NumberState, PollFailure
from tests.polling.polling_bench import Bench, settings_of, until

ONE = {"4006220001": "active"}
ROUTING, CALLS = Capability.ROUTING, Capability.CALLS


def now():
    return asyncio.get_running_loop().time()


async def hang(_request):
    await asyncio.sleep(30)


async def drip(request):
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    for _ in range(1000):
        await response.write(b" ")
        await asyncio.sleep(0.05)
    return response


def failing(status=500):
    return lambda _request: web.Response(status=status)


async def test_facts_are_in_the_fleet_soon_after_the_start(bench):
    bench.server.answers["/hq/numbers"] = ONE
    began = now()
    await bench.pollers.start(settings_of("hq", polling={"intervals": {"numbers": 60}}))
    await until(lambda: bench.snapshot() and bench.snapshot().listing)
    assert now() - began < 1.0
    assert bench.snapshot().listing.numbers[0].state is NumberState.ACTIVE
    assert bench.count("poll_attempts", provider="north", account="hq", capability="numbers") == 1


@pytest.mark.parametrize("fault", [hang, drip])
async def test_a_poll_ends_in_time_whatever_the_provider_does(bench, fault):
    bench.server.answers["/hq/numbers"] = ONE
    # The request alone would be given longer than the whole poll.
    await bench.pollers.prepare(
        settings_of("hq", polling={"timeout": 0.6, "request_timeout": 10, "attempts": 5})
    )
    await bench.pollers.poll_once("north", "hq")
    bench.server.answers["/hq/numbers"] = fault
    began = now()
    (outcome,) = await bench.pollers.poll_once("north", "hq")
    assert 0.6 <= now() - began <= 0.6 + 0.5
    assert outcome.failure is PollFailure.TIMEOUT
    assert bench.snapshot().listing.numbers
    assert bench.count("poll_failures", reason="timeout") == 1


async def test_polls_never_overlap_and_missed_ticks_are_skipped(bench):
    async def slow(_request):
        await asyncio.sleep(0.25)
        return web.json_response(ONE)

    bench.server.answers["/hq/numbers"] = slow
    await bench.pollers.start(settings_of("hq"))
    await until(lambda: len(bench.server.times) >= 13)
    gaps = [b - a for a, b in itertools.pairwise(bench.server.times)]
    assert bench.server.most_under_way == 1
    # A request that a busy machine takes late makes the gap after it shorter: of three stretches
    # one without it is enough, and where ticks are not skipped every gap is shorter.
    assert max(min(gaps[start : start + 4]) for start in (0, 4, 8)) >= 0.28
    assert statistics.median(gaps) <= 0.6


async def test_a_requested_poll_waits_for_the_one_under_way(bench):
    async def slow(_request):
        await asyncio.sleep(0.2)
        return web.json_response(ONE)

    bench.server.answers["/hq/numbers"] = slow
    await bench.pollers.start(settings_of("hq"))
    await asyncio.gather(*(bench.pollers.poll_once("north", "hq") for _ in range(3)))
    assert bench.server.most_under_way == 1


async def test_stopping_takes_less_than_a_second_and_blames_nobody(bench):
    bench.server.answers["/hq/numbers"] = hang
    await bench.pollers.start(settings_of("hq", polling={"timeout": 30, "request_timeout": 30}))
    await until(lambda: bench.server.times)
    began = now()
    await bench.pollers.stop()
    assert now() - began < 1.0
    assert bench.count("poll_failures", reason="cancelled") == 1
    assert bench.count("poll_failures") == 1
    assert bench.status() is None


async def test_an_adapter_that_swallows_its_cancellation_is_stopped_all_the_same(bench):
    class Stubborn:
        name, capabilities, fan_out = "north", frozenset({Capability.NUMBERS}), frozenset()
        requests = 0

        def __init__(self, fetch):
            self.fetch = fetch

        async def numbers(self):
            while True:
                try:
                    Stubborn.requests += 1
                    await self.fetch(Request("GET", bench.server.url))
                    await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    continue

    bench.make_provider = lambda _settings, _account, fetch, *_rest, **_more: Stubborn(fetch)
    settings = settings_of("hq", polling={"timeout": 0.3})
    await bench.pollers.prepare(settings)
    began = now()
    (outcome,) = await bench.pollers.poll_once("north", "hq")
    assert now() - began <= 0.3 + 0.5
    assert outcome.failure is PollFailure.TIMEOUT
    await bench.pollers.reconfigure(settings_of("hq", polling={"timeout": 30}))
    requests = Stubborn.requests
    await until(lambda: Stubborn.requests > requests)
    began = now()
    await bench.pollers.stop()
    assert now() - began < 1.0
    requests = len(bench.server.times)
    await asyncio.sleep(0.3)
    assert len(bench.server.times) == requests


async def test_one_log_line_on_going_bad_and_one_on_recovery(bench):
    bench.server.answers["/hq/numbers"] = failing()
    with capture_logs() as lines:
        await bench.pollers.prepare(settings_of("hq"))
        for _ in range(4):
            await bench.pollers.poll_once("north", "hq")
        bench.server.answers["/hq/numbers"] = ONE
        for _ in range(3):
            await bench.pollers.poll_once("north", "hq")
    assert [line["event"] for line in lines] == ["poll_failing", "poll_recovered"]
    bad, good = lines
    assert (bad["account"], bad["capability"]) == ("north/hq", "numbers")
    assert bad["reason"] == "http_5xx"
    assert "500" in bad["detail"]
    assert good["lasted_seconds"] >= 0
    assert bench.count("poll_failures", reason="http_5xx") == 4


async def test_refused_credentials_are_not_tried_again_before_the_pause_is_over(bench):
    bench.server.answers["/hq/numbers"] = failing(401)
    await bench.pollers.start(settings_of("hq", polling={"breaker_pause": 0.7}))
    await until(lambda: bench.status() and bench.status().failure)
    assert bench.status().failure is PollFailure.AUTH
    assert "not polled again before" in bench.status().detail
    await until(lambda: len(bench.server.times) == 2)
    assert 0.7 <= bench.server.times[1] - bench.server.times[0] <= 0.95


async def test_a_provider_that_keeps_failing_is_paused(bench):
    bench.server.answers["/hq/numbers"] = failing()
    polling = {"breaker_failures": 3, "breaker_pause": 30}
    await bench.pollers.start(settings_of("hq", polling=polling))
    await until(lambda: len(bench.server.times) == 3)
    await asyncio.sleep(0.35)
    assert len(bench.server.times) == 3


async def test_an_account_with_an_open_ticket_is_polled_twice_as_often(bench):
    bench.server.answers["/hq/numbers"] = ONE
    settings = settings_of("hq", "branch", polling={"intervals": {"numbers": 0.4}})
    await bench.pollers.start(settings)
    bench.pollers.set_urgent(frozenset({("north", "hq")}))
    await until(lambda: bench.server.paths.count("/hq/numbers") >= 8)
    assert 3 <= bench.server.paths.count("/branch/numbers") <= 5
    bench.pollers.set_urgent(frozenset())
    bench.server.paths.clear()
    await until(lambda: bench.server.paths.count("/hq/numbers") >= 3)
    assert bench.server.paths.count("/branch/numbers") >= 2


async def test_secrets_stay_out_of_details_and_logs(bench):
    secret = "canary/5f3a b"

    class Leaky:
        name, capabilities, fan_out = "north", frozenset({Capability.NUMBERS}), frozenset()

        async def numbers(self):
            raise ProviderError(
                PollFailure.API_ERROR,
                f"GET https://u:pw@api.example/x?key=abc&sig=1 said {secret} canary%2F5f3a%20b",
            )

    bench.make_provider = lambda *_args, **_kwargs: Leaky()
    account = Account(id="hq", credentials={"secret": Secret(secret)})
    with capture_logs() as lines:
        await bench.pollers.prepare(settings_of(account))
        (outcome,) = await bench.pollers.poll_once("north", "hq")
    for text in (outcome.detail, bench.status().detail, str(lines)):
        assert "canary" not in text
        assert "abc" not in text
        assert "pw@" not in text
        assert "https://<secret>@api.example/x?<secret> said <secret> <secret>" in text


async def test_a_mistake_in_an_adapter_costs_its_own_account_only(bench):
    class Broken:
        name, capabilities, fan_out = "north", frozenset({Capability.NUMBERS}), frozenset()

        async def numbers(self):
            return {}["missing"]

    working = bench.make_provider
    bench.server.answers["/hq/numbers"] = ONE
    bench.make_provider = lambda s, account, *rest, **more: (
        Broken() if account.id == "bad" else working(s, account, *rest, **more)
    )
    with capture_logs() as lines:
        await bench.pollers.start(settings_of("bad", "hq"))
        await until(lambda: bench.count("poll_failures", account="bad") >= 3)
    assert bench.status(account="bad").failure is PollFailure.SCHEMA
    assert bench.snapshot("hq").listing
    assert [line["event"] for line in lines] == ["adapter_failed", "poll_failing"]


async def test_the_providers_clock_is_compared_with_ours(server):
    bench = Bench(server, clock=lambda: 1_000_000.0)
    server.answers["/hq/numbers"] = lambda _request: web.json_response(
        ONE, headers={"Date": "Mon, 12 Jan 1970 13:56:40 GMT"}
    )
    await bench.pollers.prepare(settings_of("hq"))
    await bench.pollers.poll_once("north", "hq")
    await bench.pollers.stop()
    (sample,) = next(iter(bench.telemetry.clock_skew.collect())).samples
    assert (sample.labels, sample.value) == ({"provider": "north", "account": "hq"}, 600.0)


async def test_nothing_that_needs_numbers_is_polled_before_they_are_known(bench):
    bench.capabilities = {Capability.NUMBERS, ROUTING, CALLS}
    bench.server.answers |= {"/hq/numbers": failing(), "/hq/calls": []}
    await bench.pollers.start(settings_of("hq"))
    await until(lambda: len(bench.server.times) >= 2)
    assert {path.split("?")[0] for path in bench.server.paths} == {"/hq/numbers"}
    bench.server.answers["/hq/numbers"] = ONE
    bench.server.answers["/hq/routing/4006220001"] = {"wait": 20}
    await until(lambda: bench.snapshot() and bench.snapshot().routings)
    await until(lambda: bench.status(CALLS).last_success)


def many(count):
    return {f"400{i:07d}": "active" for i in range(count)}


async def test_routing_rotates_within_the_rate_from_where_it_stopped(bench):
    bench.capabilities = {Capability.NUMBERS, ROUTING}
    bench.server.answers["/hq/numbers"] = many(100)
    for name in many(100):
        bench.server.answers[f"/hq/routing/{name}"] = {"wait": 20}
    # 100 a second for 0.8 s at half the rate: 40 numbers a poll.
    await bench.pollers.prepare(settings_of("hq", polling={"rate": 100, "timeout": 0.8}))
    known = []
    for _ in range(3):
        await bench.pollers.poll_once("north", "hq")
        known.append(len(bench.snapshot().routings))
    assert known == [40, 80, 100]


async def test_batches_finished_before_the_time_ran_out_count(bench):
    bench.capabilities = {Capability.NUMBERS, ROUTING}
    bench.server.answers["/hq/numbers"] = many(40)
    for index, name in enumerate(many(40)):
        bench.server.answers[f"/hq/routing/{name}"] = {"wait": 20} if index < 16 else hang
    polling = {"concurrency": 1, "timeout": 0.5, "request_timeout": 5}
    await bench.pollers.prepare(settings_of("hq", polling=polling))
    await bench.pollers.poll_once("north", "hq")
    assert bench.status(ROUTING).failure is PollFailure.TIMEOUT
    assert len(bench.snapshot().routings) == 16


async def test_one_bad_number_does_not_blind_the_others(bench):
    bench.capabilities = {Capability.NUMBERS, ROUTING}
    bench.server.answers["/hq/numbers"] = many(10)
    for name in many(10):
        bench.server.answers[f"/hq/routing/{name}"] = {"wait": 20}
    bench.server.answers["/hq/routing/4000000003"] = lambda _request: web.Response(text="<html>")
    await bench.pollers.prepare(settings_of("hq"))
    await bench.pollers.poll_once("north", "hq")
    assert len(bench.snapshot().routings) == 9
    assert bench.status(ROUTING).failure is PollFailure.DECODE


async def test_a_number_the_provider_no_longer_knows_is_dropped(bench):
    bench.capabilities = {Capability.NUMBERS, ROUTING}
    bench.server.answers |= {"/hq/numbers": ONE, "/hq/routing/4006220001": {"wait": 20}}
    await bench.pollers.prepare(settings_of("hq"))
    await bench.pollers.poll_once("north", "hq")
    bench.server.answers["/hq/routing/4006220001"] = {}
    await bench.pollers.poll_once("north", "hq")
    assert bench.snapshot().routings == {}


async def test_a_reload_leaves_unchanged_accounts_undisturbed(bench):
    bench.server.answers |= {"/hq/numbers": ONE, "/branch/numbers": ONE, "/old/numbers": ONE}
    before = settings_of("hq", "branch", "old")
    await bench.pollers.start(before)
    await until(lambda: len(bench.fleet.snapshots()) == 3)
    tasks = {task.get_name(): task for task in asyncio.all_tasks()}
    changed = Account(id="branch", credentials={"key": Secret("new")})
    facts = bench.snapshot("branch").listing
    await bench.pollers.reconfigure(settings_of("hq", changed, "fresh"))
    assert bench.pollers.accounts() == (("north", "hq"), ("north", "branch"), ("north", "fresh"))
    assert not tasks["poll north/hq numbers"].done()
    assert tasks["poll north/branch numbers"].done()
    assert tasks["poll north/old numbers"].done()
    assert bench.snapshot("branch").listing is facts
    assert bench.snapshot("old") is None
    assert bench.count("poll_attempts", account="old") == 0
    revision = bench.snapshot("branch").revision
    await until(lambda: bench.snapshot("branch").revision > revision)
    assert bench.snapshot("branch").listing is facts


async def test_a_reload_that_cannot_be_done_changes_nothing(bench):
    bench.server.answers["/hq/numbers"] = ONE
    await bench.pollers.start(settings_of("hq"))
    await until(bench.snapshot)
    working = bench.make_provider

    def refuse(*_args, **_kwargs):
        raise ValueError("no such profile")

    bench.make_provider = refuse
    with pytest.raises(ValueError, match="no such profile"):
        await bench.pollers.reconfigure(settings_of("other"))
    bench.make_provider = working
    revision = bench.snapshot().revision
    await until(lambda: bench.snapshot().revision > revision + 1)
    assert bench.pollers.accounts() == (("north", "hq"),)


async def test_two_hundred_accounts_do_not_start_at_once(bench):
    names = [f"a{i}" for i in range(200)]
    for name in names:
        bench.server.answers[f"/{name}/numbers"] = ONE
    await bench.pollers.start(settings_of(*names, polling={"intervals": {"numbers": 3.0}}))
    await until(lambda: len(set(bench.server.paths)) == 200)
    seen = zip(bench.server.paths, bench.server.times, strict=False)
    # On a loaded machine the first may be polled again before the last.
    first = dict(reversed([*seen]))
    assert max(first.values()) - min(first.values()) >= 0.8 * 3.0


async def test_a_failing_account_does_not_delay_another(bench):
    bench.server.answers |= {"/bad/numbers": hang, "/hq/numbers": ONE}
    polling = {"timeout": 2, "request_timeout": 2, "concurrency": 1, "breaker_failures": 99}
    await bench.pollers.start(settings_of("bad", "hq", polling=polling))
    await until(lambda: bench.server.paths.count("/hq/numbers") >= 15)
    times = [
        t for t, p in zip(bench.server.times, bench.server.paths, strict=True) if p == "/hq/numbers"
    ]
    assert max(b - a for a, b in itertools.pairwise(times)) < 0.3


async def test_an_answer_that_cannot_be_merged_is_a_failed_poll(bench, monkeypatch):
    bench.server.answers["/hq/numbers"] = ONE
    await bench.pollers.prepare(settings_of("hq"))
    await bench.pollers.poll_once("north", "hq")

    def broken(*_args):
        raise OverflowError

    monkeypatch.setattr("agent.polling.merge.compare", broken)
    bench.server.answers["/hq/numbers"] = {"4006220001": "suspended_violation"}
    (outcome,) = await bench.pollers.poll_once("north", "hq")
    assert outcome.failure is PollFailure.SCHEMA
    assert bench.status().failure is PollFailure.SCHEMA
    assert bench.snapshot().listing.numbers[0].state is NumberState.ACTIVE
