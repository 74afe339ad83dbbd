"""Marks of numbers: what is asked, what it may cost, and what a failure costs."""

from types import SimpleNamespace

import pytest
from aiohttp import web

from agent.config.settings import Polling, ProviderSettings
from agent.model import Marking
from agent.polling.cost_pages import LedgerPages
from agent.providers.base import AdapterReports
from agent.providers.registry import build
from agent.simulator.server import start
from agent.simulator.world import World
from agent.states import MarkingTag
from agent.store.database import Database
from tests.net.http_bench import ReportCounts, serving

NOON = 1_795_838_400.0
ONE, TWO = "4006220001", "4006220002"
KEYS = {"secret_id": "AKIDofTheTests", "secret_key": "s3cretOfTheTests"}
DAY = 86_400.0


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


class Smpn:
    """Answers DescribeSmpnChp; ``marks`` may change while it runs."""

    def __init__(self):
        self.marks = {ONE: (50, 12), TWO: (0, 0)}
        self.queried = []
        self.answer = None

    async def handle(self, request):
        assert request.headers["X-TC-Action"] == "DescribeSmpnChp"
        assert request.headers["X-TC-Version"] == "2019-08-22"
        scope = request.headers["Authorization"].partition("Credential=")[2]
        assert scope.startswith("AKIDofTheTests/2026-")
        assert "/smpn/tc3_request" in scope
        body = await request.json()
        assert body["ResourceId"] == "res-1"
        number = body["RequestData"]["PhoneNumber"]
        self.queried.append(number)
        if self.answer is not None:
            return web.json_response(self.answer)
        kind, count = self.marks[number]
        data = {"TagType": kind, "TagCount": count}
        return web.json_response({"Response": {"ResponseData": data, "RequestId": "r"}})


@pytest.fixture
async def smpn():
    service = Smpn()
    async with serving(service.handle) as server:
        service.url = server.url
        yield service


def account(bench, smpn, clock, pages=None, reports=None, **more):
    marking = {"url": smpn.url, "resource_id": "res-1", "cost": 0.1, "daily_budget": 1, **KEYS}
    settings = ProviderSettings.model_validate(
        {
            "name": "north",
            "profile": "static",
            "accounts": [
                {
                    "id": "hq",
                    "inventory": {"numbers": [{"number": ONE}, {"number": TWO}]},
                    "marking": {**marking, **more},
                }
            ],
        }
    )
    bench.counts = ReportCounts()
    return build(
        settings,
        settings.accounts[0],
        bench.client.fetch,
        Polling(),
        reports=reports or bench.counts.reports(),
        clock=clock,
        pages=pages,
    )


async def marks(provider):
    return {number.number: number.marking for number in (await provider.numbers()).numbers}


async def test_a_mark_is_a_fact_of_its_number(bench, smpn):
    found = await marks(account(bench, smpn, Clock()))
    assert found == {
        ONE: Marking(MarkingTag.HARASSMENT, 12, NOON),
        TWO: Marking(MarkingTag.NONE, 0, NOON),
    }


@pytest.mark.parametrize(
    ("kind", "tag"),
    [(51, "estate_agent"), (52, "finance"), (53, "advertising"), (54, "fraud"), (55, "courier")],
)
async def test_the_kinds_of_marks(bench, smpn, kind, tag):
    smpn.marks[ONE] = (kind, 3)
    assert (await marks(account(bench, smpn, Clock())))[ONE].tag == tag
    assert not bench.counts.unmapped


async def test_a_kind_that_nobody_described_is_unknown_and_counted(bench, smpn):
    smpn.marks[ONE] = (99, 3)
    assert (await marks(account(bench, smpn, Clock())))[ONE].tag is MarkingTag.UNKNOWN
    assert bench.counts.unmapped == {"numbers.marking": 1}


async def test_each_number_is_asked_for_once_a_day_also_after_a_restart(bench, smpn, tmp_path):
    clock, database = Clock(), await Database.open(tmp_path / "data")
    pages = LedgerPages(database)
    try:
        first = await marks(account(bench, smpn, clock, pages))
        clock.now += DAY / 2
        assert await marks(account(bench, smpn, clock, pages)) == first
        assert sorted(smpn.queried) == [ONE, TWO]
        clock.now += DAY
        smpn.marks[ONE] = (0, 0)
        assert (await marks(account(bench, smpn, clock, pages)))[ONE].tag is MarkingTag.NONE
    finally:
        await database.close()
    assert len(smpn.queried) == 4


async def test_what_the_budget_does_not_pay_for_is_unknown(bench, smpn):
    found = await marks(account(bench, smpn, Clock(), daily_budget=0.1))
    assert [marking is None for marking in found.values()].count(True) == 1
    assert len(smpn.queried) == 1


async def test_an_answer_that_is_too_old_is_unknown(bench, smpn):
    clock = Clock()
    provider = account(bench, smpn, clock, every=30 * DAY, max_age=2 * DAY)
    assert (await marks(provider))[ONE] is not None
    clock.now += 3 * DAY
    assert await marks(provider) == {ONE: None, TWO: None}


@pytest.mark.parametrize(
    "answer",
    [
        {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "no"}}},
        {"Response": {"ResponseData": {"TagType": "50", "TagCount": 1}}},
        {"Response": {"ResponseData": None}},
    ],
)
async def test_a_failure_costs_the_marks_alone_and_is_named(bench, smpn, answer):
    smpn.answer = answer
    texts = []
    reports = AdapterReports(misfits=lambda _, them: texts.extend(them))
    assert await marks(account(bench, smpn, Clock(), reports=reports)) == {ONE: None, TWO: None}
    assert len(texts) == 1
    assert texts[0].startswith("DescribeSmpnChp: ")
    assert len(smpn.queried) <= 4


WORLD = """
seed: 7
providers:
  - name: tencent
    dialect: tencent_ccc
    accounts:
      - id: hq
        credentials:
          secret_id: AKIDofTheTests
          secret_key: s3cretOfTheTests
          sdk_app_id: "1400000400"
        numbers:
          - {number: "4006220001", marked: {tag: fraud, count: 7}}
          - {number: "4006220002"}
"""


async def test_in_a_world_the_signature_is_checked_and_marks_change(bench):
    clock = Clock()
    async with await start(World.parse(WORLD), clock=clock) as world:
        source = SimpleNamespace(url=world.base_url("tencent"))
        found = await marks(account(bench, source, clock))
        assert found[ONE] == Marking(MarkingTag.FRAUD, 7, NOON)
        assert found[TWO] == Marking(MarkingTag.NONE, 0, NOON)
        world.apply({"number": ONE, "set": {"marked": None}})
        clock.now += 2 * DAY
        assert (await marks(account(bench, source, clock)))[ONE].tag is MarkingTag.NONE
        texts = []
        reports = AdapterReports(misfits=lambda _, them: texts.extend(them))
        wrong = account(bench, source, clock, reports=reports, secret_key="an0ther-secret")
        assert await marks(wrong) == {ONE: None, TWO: None}
        assert "AuthFailure" in texts[0]
        assert "an0ther-secret" not in texts[0]
