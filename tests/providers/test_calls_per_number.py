"""Call records that an API gives number by number: in turns, and none is skipped."""

import json
from itertools import pairwise

import pytest
from aiohttp import web

from agent.net.exchange import ProviderError
from agent.providers.base import CallRecords
from agent.states import PollFailure
from tests.net.http_bench import serving
from tests.providers.profile_bench import Recorder, mistakes, profile_file

NOW = 1_800_000_000.0
NUMBERS = [f"400000000{index}" for index in range(4)]
TEXT = """
numbers:
  path: /numbers
  records: items
  fields: {number: number, state: {const: active}}
calls:
  path: /calls
  query: {hotline: "{number}", from: "{since}", to: "{until}"}
  paging: {kind: page, size: 2, growing: true}
  window: 1h
  records: items
  fields:
    id: id
    started_at: {path: at, convert: epoch_s}
    result: {const: answered}
"""


class Server:
    """Calls by number; ``broken`` are numbers that are answered with an error."""

    def __init__(self, calls):
        self.calls, self.broken, self.asked = calls, {}, []

    def __call__(self, sent):
        if sent.path == "/numbers":
            return {"items": [{"number": number} for number in NUMBERS]}
        number, page = sent.query["hotline"], int(sent.query["page"])
        first, last = float(sent.query["from"]), float(sent.query["to"])
        self.asked.append((number, first, last, page))
        if number in self.broken:
            return web.Response(status=self.broken[number], text=json.dumps({}))
        found = [it for it in self.calls if it["owner"] == number and first <= it["at"] <= last]
        return {"items": found[2 * page - 2 : 2 * page]}


def call(index, number, at):
    return {"id": f"call-{index}", "owner": number, "at": at}


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
async def world(bench, tmp_path):
    server = Server([call(it, NUMBERS[it % 4], NOW - 60 * it) for it in range(20)])
    clock = Clock()
    async with serving(Recorder(server)) as running:
        provider = bench.provider(
            running.url, profile_file(tmp_path, TEXT), {"key": "k"}, clock=clock, attempts=1
        )
        await provider.numbers()
        yield server, provider, clock


async def test_records_are_of_the_number_that_was_asked_for(world):
    server, provider, _ = world
    calls = await provider.calls(NOW - 1800)
    assert not isinstance(calls, CallRecords)
    assert {it.id: it.number for it in calls} == {it["id"]: it["owner"] for it in server.calls}
    assert max(page for *_, page in server.asked) == 3


async def test_a_number_that_fails_loses_none_of_its_time(world):
    server, provider, clock = world
    server.broken = {NUMBERS[1]: 400}
    calls = await provider.calls(NOW - 1800)
    assert {it.number for it in calls} == {*NUMBERS} - {NUMBERS[1]}
    assert calls.complete_until == NOW - 1800
    server.broken, server.asked = {}, []
    clock.now += 3 * 3600
    calls = await provider.calls(NOW - 1800)
    assert {it.id for it in calls if it.number == NUMBERS[1]} == {
        it["id"] for it in server.calls if it["owner"] == NUMBERS[1]
    }
    # It is furthest behind, so it came first; the others are read on from where they were.
    assert server.asked[0][:2] == (NUMBERS[1], NOW - 1800)
    assert min(first for number, first, *_ in server.asked if number != NUMBERS[1]) == NOW - 1800
    assert not isinstance(calls, CallRecords)


async def test_what_concerns_all_numbers_fails_the_poll(world):
    server, provider, _ = world
    server.broken = dict.fromkeys(NUMBERS, 401)
    with pytest.raises(ProviderError) as caught:
        await provider.calls(NOW - 1800)
    assert caught.value.kind is PollFailure.AUTH


async def test_a_poll_takes_no_more_time_than_it_has_and_the_next_reads_on(bench, tmp_path):
    server, clock = Server([call(it, NUMBERS[it % 4], NOW - 60 * it) for it in range(20)]), Clock()
    since, found = NOW - 1800, {}
    async with serving(Recorder(server)) as running:
        provider = bench.provider(
            running.url,
            profile_file(tmp_path, TEXT),
            {"key": "k"},
            clock=clock,
            timeout=0.000001,
            concurrency=1,
        )
        await provider.numbers()
        for _ in range(3):
            calls = await provider.calls(since)
            found |= {it.id: it for it in calls}
            assert calls.complete_until == since
        calls = await provider.calls(since)
        found |= {it.id: it for it in calls}
    assert not isinstance(calls, CallRecords)
    assert found.keys() == {it["id"] for it in server.calls}
    assert len({number for number, *_ in server.asked}) == 4


async def test_a_long_window_that_is_cut_short_says_up_to_when_it_was_read(bench, tmp_path):
    text = TEXT.replace('hotline: "{number}", ', "").replace("id: id", "id: id\n    number: owner")
    seen = []

    def answer(sent):
        seen.append((float(sent.query["from"]), float(sent.query["to"])))
        return {"items": []}

    async with serving(Recorder(answer)) as running:
        provider = bench.provider(
            running.url, profile_file(tmp_path, text), {"key": "k"}, clock=Clock(), timeout=0.000001
        )
        calls = await provider.calls(NOW - 7200)
        assert calls.complete_until == NOW - 3600
        while isinstance(calls, CallRecords):
            calls = await provider.calls(calls.complete_until)
    assert seen[0] == (NOW - 7200, NOW - 3600)
    assert seen[-1][1] == NOW
    assert all(later[0] <= former[1] for former, later in pairwise(seen))


def test_calls_need_a_number_or_ask_for_one(tmp_path):
    whole = f"name: example\ntitle: Example\nbase_url: https://api.example.com{TEXT}"
    assert mistakes(tmp_path, whole) == []
    found = mistakes(tmp_path, whole.replace('hotline: "{number}", ', ""))
    assert len(found) == 1
    assert (
        "has no number, which every record must have; expected number: PATH, or {number}"
        in (found[0])
    )
