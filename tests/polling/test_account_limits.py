"""An account that has more than it may have costs only itself."""

import json
import time

import pytest
from aiohttp import web

from agent.checks.engine import Checker
from agent.config.secret import Secret
from agent.config.settings import Account
from agent.polling.limits import SERIES_OF_A_NUMBER, series_of
from agent.providers import registry
from agent.series import SeriesBuilder
from agent.states import Capability, PollFailure
from tests.polling.polling_bench import settings_of, until


def names(count, first=4006000000):
    return [str(first + index) for index in range(count)]


def listing(count):
    return dict.fromkeys(names(count), "active")


async def test_a_listing_beyond_the_limit_is_refused_and_the_facts_stay(bench):
    bench.server.answers["/hq/numbers"] = listing(3)
    await bench.pollers.prepare(settings_of("hq", polling={"max_numbers": 3}))
    await bench.pollers.poll_once("north", "hq")
    bench.server.answers["/hq/numbers"] = listing(4)
    (outcome,) = await bench.pollers.poll_once("north", "hq")
    assert outcome.failure is PollFailure.TOO_MANY
    assert outcome.detail == (
        "the account has 4 numbers, more than 3; polling.max_numbers sets the limit"
    )
    assert len(bench.snapshot().listing.numbers) == 3
    assert bench.count("poll_failures", reason="too_many", account="hq") == 1
    bench.server.answers["/hq/numbers"] = listing(3)
    (outcome,) = await bench.pollers.poll_once("north", "hq")
    assert outcome.failure is None


async def test_series_beyond_the_limit_are_refused_and_the_facts_stay(bench):
    bench.server.answers["/hq/numbers"] = listing(3)
    limits = {"max_series": 3 * SERIES_OF_A_NUMBER}
    await bench.pollers.prepare(settings_of("hq", polling=limits))
    (outcome,) = await bench.pollers.poll_once("north", "hq")
    assert outcome.failure is None
    bench.server.answers["/hq/numbers"] = listing(4)
    (outcome,) = await bench.pollers.poll_once("north", "hq")
    assert outcome.failure is PollFailure.TOO_MANY
    assert "polling.max_series sets the limit" in outcome.detail
    assert len(bench.snapshot().listing.numbers) == 3


@pytest.fixture
def generic(bench):
    """The real profile; its server answers with as many valid numbers as ``count`` says."""

    class Source:
        count = 10
        pages = 0
        total = True

    def numbers(request):
        Source.pages += 1
        page, size = (int(request.query[key]) for key in ("page", "page_size"))
        records = [
            {"number": name, "state": "active"}
            for name in names(Source.count)[(page - 1) * size : page * size]
        ]
        data = {"items": records, "total": Source.count}
        return web.json_response({"code": "0", "data": data})

    bench.server.answers["/v1/numbers"] = numbers
    bench.make_provider = registry.build
    Source.settings = lambda **polling: settings_of(
        Account(id="hq", credentials={"key": Secret("key"), "secret": Secret("secret")}),
        polling={"timeout": 10, "request_timeout": 5, "concurrency": 1, **polling},
        base_url=bench.server.url,
    )
    return Source


async def test_a_total_beyond_the_limit_ends_the_reading_with_the_first_page(bench, generic):
    generic.count = 1_000
    await bench.pollers.prepare(generic.settings(max_numbers=500))
    outcomes = await bench.pollers.poll_once("north", "hq")
    assert outcomes[0].failure is PollFailure.TOO_MANY
    assert "polling.max_numbers" in outcomes[0].detail
    assert generic.pages == 1


async def test_answers_of_too_many_bytes_are_refused(bench, generic):
    generic.count = 2_000
    await bench.pollers.prepare(generic.settings(max_bytes=30_000))
    outcomes = await bench.pollers.poll_once("north", "hq")
    assert outcomes[0].failure is PollFailure.TOO_MANY
    assert "polling.max_bytes" in outcomes[0].detail
    assert generic.pages < 10


async def test_each_poll_has_all_the_bytes_for_itself(bench, generic):
    await bench.pollers.prepare(generic.settings(max_bytes=2_000))
    for _ in range(10):
        outcomes = await bench.pollers.poll_once("north", "hq")
        assert outcomes[0].failure is None


async def test_phones_and_their_bytes_are_limited(bench):
    bench.capabilities = {Capability.NUMBERS, Capability.REACHABILITY}
    bench.server.answers["/hq/numbers"] = listing(2)
    phones = {name: ["13800000001", "13800000002"] for name in names(2)}
    bench.server.answers["/hq/bindings"] = phones
    await bench.pollers.prepare(settings_of("hq", polling={"max_records": 4, "max_bytes": 3000}))
    assert [it.failure for it in await bench.pollers.poll_once("north", "hq")] == [None, None]
    bench.server.answers["/hq/bindings"] = {**phones, names(2)[0]: ["1", "2", "3"]}
    _, outcome = await bench.pollers.poll_once("north", "hq")
    assert (outcome.failure, "max_records" in outcome.detail) == (PollFailure.TOO_MANY, True)
    long = {name: ["1" * 500, "2" * 500] for name in names(2)}
    bench.server.answers["/hq/bindings"] = long
    _, outcome = await bench.pollers.poll_once("north", "hq")
    assert (outcome.failure, "max_bytes" in outcome.detail) == (PollFailure.TOO_MANY, True)
    assert bench.snapshot().bindings[names(1)[0]][0].phone == "13800000001"
    # What was refused takes no space: the same facts as at first fit again.
    bench.server.answers["/hq/bindings"] = phones
    _, outcome = await bench.pollers.poll_once("north", "hq")
    assert outcome.failure is None


@pytest.mark.parametrize(
    ("limits", "totals", "legs"),
    [({"max_numbers": 120}, 120, 120), ({"max_records": 70}, 500, 70)],
    ids=["numbers", "phones"],
)
async def test_call_records_cannot_name_ever_more(bench, limits, totals, legs):
    bench.capabilities = {Capability.NUMBERS, Capability.CALLS}
    bench.server.answers["/hq/numbers"] = listing(1)
    await bench.pollers.prepare(settings_of("hq", polling=limits))
    start = time.time()
    rounds = iter(range(100))

    def calls(_request):
        batch = next(rounds) * 50
        records = [
            [f"{batch + i}", f"{4007000000 + batch + i}", start + 5, "answered", f"b{batch + i}"]
            for i in range(50)
        ]
        return web.json_response(records)

    bench.server.answers["/hq/calls"] = calls
    outcomes = [(await bench.pollers.poll_once("north", "hq"))[1] for _ in range(10)]
    assert outcomes[-1].failure is PollFailure.TOO_MANY
    assert "polling.max_numbers and polling.max_records" in outcomes[-1].detail
    snapshot = bench.snapshot()
    assert len(snapshot.call_totals) <= totals
    assert len(snapshot.leg_totals) <= legs


async def test_no_account_has_more_series_than_its_facts_are_counted_for(bench):
    bench.capabilities = frozenset(Capability)
    bench.server.answers["/hq/numbers"] = listing(20)
    bench.server.answers["/hq/bindings"] = {name: ["13800000001"] for name in names(20)}
    bench.server.answers["/hq/balance"] = {"amount": 5, "currency": "CNY"}
    bench.server.answers["/hq/calls"] = []
    for name in names(20):
        bench.server.answers[f"/hq/routing/{name}"] = {"wait": 20}
    await bench.pollers.prepare(settings_of("hq"))
    await bench.pollers.poll_once("north", "hq")
    snapshot, now = bench.snapshot(), time.time()
    settings = settings_of("hq")
    blocks = SeriesBuilder(settings.metrics).build(
        snapshot, Checker(settings).check(snapshot, now), now
    )
    series = sum(block.size for block in blocks)
    assert 200 < series - 60 <= series_of(snapshot, 20)


async def test_one_account_with_a_quarter_of_a_million_numbers_leaves_the_other_on_time(bench):
    body = json.dumps(listing(250_000)).encode()
    bench.server.answers["/many/numbers"] = lambda _request: web.Response(
        body=body, content_type="application/json"
    )
    bench.server.answers["/hq/numbers"] = listing(3)
    await bench.pollers.start(
        settings_of("many", "hq", polling={"timeout": 10, "request_timeout": 10})
    )

    def refusals() -> float:
        return bench.count("poll_failures", account="many", reason="too_many")

    for seen in range(3):
        polls = bench.count("poll_attempts", account="hq")
        await until(lambda seen=seen: refusals() > seen, 20)
        await until(lambda polls=polls: bench.count("poll_attempts", account="hq") > polls, 1.0)
    assert bench.status(account="hq").failure is None
    assert bench.snapshot("many").listing is None
