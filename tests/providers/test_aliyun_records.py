"""Call records by number and day: what is read again, in which order, and when it is not whole."""

from dataclasses import dataclass, field

import pytest
from aiohttp import web

from agent.net.exchange import ProviderError
from agent.states import CallResult, PollFailure
from tests.net.http_bench import serving
from tests.providers.aliyun_bench import HOTLINE, adapter

NOON = 1_795_838_400.0
"""Noon in China on 28 November 2026."""


@dataclass
class Records:
    """A day of records in pages of ten; the newest first, or last."""

    count: int = 0
    newest_first: bool = True
    pages: list[int] = field(default_factory=list)
    days: list[str] = field(default_factory=list)
    broken: dict = field(default_factory=dict)

    def values(self):
        rows = [
            {
                "CallInCaller": f"139{index:08d}",
                "CallInCalled": HOTLINE,
                "TransferCalled": "13800000001",
                "GmtCreate": round((NOON + index) * 1000),
            }
            for index in range(self.count)
        ]
        return rows[::-1] if self.newest_first else rows

    async def handle(self, request):
        assert request.headers["x-acs-action"] == "QueryCallInTransferRecord"
        assert request.query["PageSize"] == "10"
        page = int(request.query["PageNo"])
        self.days.append(request.query["QueryDate"])
        if request.query["QueryDate"] != "2026-11-28 00:00:00":
            return self.answer([], 0)
        self.pages.append(page)
        rows = self.broken.get(page, self.values()[(page - 1) * 10 : page * 10])
        return self.answer(rows, self.broken.get("total", self.count))

    def answer(self, rows, total):
        return web.json_response(
            {"Code": "OK", "Data": {"PageNo": 1, "PageSize": 10, "Total": total, "Values": rows}}
        )


@pytest.fixture
async def records():
    day = Records()
    async with serving(day.handle) as server:
        yield day, server.url


def ali(bench, url, **more):
    options = {"products": "dyvms", "virtual_numbers": "no"}
    inventory = [{"number": HOTLINE}, {"number": "057188880001"}]
    now = more.pop("now", NOON + 600)
    return adapter(bench, url, options=options, inventory=inventory, clock=lambda: now, **more)


@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_day_that_grows_is_read_only_as_far_as_it_grew(bench, records, newest_first):
    day, url = records
    day.newest_first = newest_first
    day.count = 95
    provider = ali(bench, url)
    assert len(await provider.calls(NOON - 60)) == 95
    assert sorted(day.pages) == list(range(1, 11))
    day.pages.clear()
    assert len(await provider.calls(NOON - 60)) == 95
    assert day.pages == [1]
    day.pages.clear()
    day.count = 98
    assert len(await provider.calls(NOON - 60)) == 98
    assert len(day.pages) <= 2
    day.pages.clear()
    day.count = 123
    assert len({call.id for call in await provider.calls(NOON - 60)}) == 123
    assert len(day.pages) <= 5


async def test_only_calls_from_the_wanted_time_on_are_returned_with_no_result(bench, records):
    day, url = records
    day.count = 30
    calls = await ali(bench, url).calls(NOON + 20)
    assert [call.started_at for call in calls] == [NOON + 29 - index for index in range(10)]
    assert {(call.result, call.has_outcome) for call in calls} == {(CallResult.UNKNOWN, False)}
    assert {call.binding for call in calls} == {"13800000001"}


async def test_every_day_is_asked_for_in_chinese_time(bench, records):
    day, url = records
    midnight = NOON + 12 * 3600
    await ali(bench, url, now=midnight + 60).calls(midnight - 60)
    assert day.days == ["2026-11-28 00:00:00", "2026-11-29 00:00:00"]
    day.days.clear()
    await ali(bench, url, now=midnight + 60).calls(NOON - 30 * 86_400)
    assert len(day.days) == 3


async def test_two_equal_records_are_one_call_and_no_reason_to_read_on(bench, records):
    day, url = records
    day.count = 12
    rows = day.values()
    rows[11] = rows[10]
    day.broken = {1: rows[:10], 2: rows[10:]}
    provider = ali(bench, url)
    assert len(await provider.calls(NOON - 60)) == 11
    day.pages.clear()
    assert len(await provider.calls(NOON - 60)) == 11
    assert day.pages == [1]


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        ({2: "first"}, PollFailure.PAGINATION),
        ({2: []}, PollFailure.PARTIAL),
        ({3: "short"}, PollFailure.PARTIAL),
        ({1: "text"}, PollFailure.SCHEMA),
        ({1: [1, 2]}, PollFailure.SCHEMA),
        ({1: [{"CallInCaller": "1"}]}, PollFailure.SCHEMA),
        ({"total": "many"}, PollFailure.SCHEMA),
        ({"total": -1}, PollFailure.SCHEMA),
    ],
)
async def test_a_day_that_is_not_whole_fails_the_poll(bench, records, broken, kind):
    day, url = records
    day.count = 25
    shown = {"first": day.values()[:10], "short": day.values()[20:23]}
    day.broken = {
        key: shown.get(value, value) if isinstance(value, str) else value
        for key, value in broken.items()
    }
    with pytest.raises(ProviderError) as caught:
        await ali(bench, url).calls(NOON - 60)
    assert caught.value.kind is kind
    assert caught.value.detail.startswith("QueryCallInTransferRecord:")
    assert "139" not in caught.value.detail


async def test_what_was_read_before_a_failure_is_not_lost(bench, records):
    day, url = records
    day.count = 25
    day.broken = {3: []}
    provider = ali(bench, url)
    with pytest.raises(ProviderError):
        await provider.calls(NOON - 60)
    day.broken = {}
    assert len(await provider.calls(NOON - 60)) == 25


async def test_pages_without_end_end(bench):
    async def handle(request):
        page = int(request.query["PageNo"])
        rows = [
            {
                "CallInCaller": f"1{page:03d}{index:07d}",
                "CallInCalled": HOTLINE,
                "GmtCreate": round((NOON + page) * 1000),
            }
            for index in range(10)
        ]
        data = {"Total": (page + 2) * 10, "Values": rows}
        return web.json_response({"Code": "OK", "Data": data})

    async with serving(handle) as server:
        with pytest.raises(ProviderError) as caught:
            await ali(bench, server.url, limits={"max_pages": 20}).calls(NOON - 60)
    assert caught.value.kind is PollFailure.PAGINATION
