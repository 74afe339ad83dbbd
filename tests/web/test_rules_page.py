"""The page of rules and alerts: the worst first, filters, and nothing that a viewer may not see."""

import dataclasses
import re
from pathlib import Path

import pytest

from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.rules.queries.queries import Queries
from agent.tickets.key import key_of, subject_of
from agent.web.app import make_app
from agent.web.pages.rules import MOST_ALERTS
from agent.web.rule_views import readable
from tests.rules.series import block
from tests.web.conftest import AUTHORIZED
from tests.web.facts import NOW, PHONE
from tests.web.ledger import ticket, write

RULES = """
groups:
  - name: numbers
    interval: 30s
    rules:
      - record: down:count
        expr: count(up == 0)
      - alert: NumberNotActive
        expr: up == 0
        for: 1m
        labels: {severity: critical, scope: number, symptom: number_down}
        annotations:
          summary: "{{ $labels.number }} is down"
          summary_zh: "{{ $labels.number }} 中断"
      - alert: LineWarned
        expr: up == 0
        labels: {severity: warning, scope: number, symptom: line}
        annotations: {summary: "{{ $labels.number }} <b>warned</b>"}
      - alert: Waiting
        expr: up == 1
        for: 1h
        labels: {severity: critical}
      - alert: Broken
        expr: up + on () group_left () (up)
"""
QUIET = """
groups:
  - name: numbers
    rules:
      - alert: Escalated
        expr: up{number="4006220003"} == 0
        labels: {severity: warning, scope: number, symptom: severe_fault, ticket: "false"}
      - alert: Informs
        expr: up{number="4006220003"} == 0
        labels: {severity: info, scope: number, symptom: mine, ticket: "false"}
"""
LABELS = ("provider", "account", "number", "binding")
UP = {
    ("north", "hq", "4006220001", PHONE): 1.0,
    ("north", "hq", "4006220002", PHONE): 0.0,
    ("north", "hq", "4006220003", PHONE): 0.0,
}


class World:
    """An engine that has evaluated these rules twice, two minutes apart."""

    def __init__(self, folder: Path, up: dict[tuple[str, ...], float], rules: str = RULES) -> None:
        file = folder / "own.yml"
        file.write_text(rules, encoding="utf-8")
        self.engine = RuleEngine(load_rules([file]), retention=120)
        self.blocks = (block("up", LABELS, up),)
        self.engine.evaluate(self.blocks, NOW - 120)
        self.engine.evaluate(self.blocks, NOW)

    def queries(self) -> Queries:
        return Queries(lambda: self.engine, lambda: self.blocks, lambda: NOW, lambda: 15.0)


@pytest.fixture
async def pages(services, tmp_path, aiohttp_client):
    world = World(tmp_path, UP)
    return await aiohttp_client(make_app(dataclasses.replace(services, queries=world.queries)))


async def get(client, path: str, status: int = 200, **headers: str) -> str:
    answer = await client.get(path, headers=headers)
    assert answer.status == status
    return await answer.text()


def part(page: str, name: str) -> str:
    return page.partition(f'<section id="{name}">')[2].partition("</section>")[0]


@pytest.mark.parametrize(
    ("lang", "none", "reasons"),
    [
        ("en", "opens no ticket", ("the fault has its ticket since it began", "only informs")),
        ("zh-CN", "不建工单", ("该故障自开始时已有工单", "只通知")),
    ],
)
async def test_an_alert_that_opens_no_ticket_says_so_and_why(
    services, tmp_path, aiohttp_client, lang, none, reasons
):
    world = World(tmp_path, UP, QUIET)
    app = make_app(dataclasses.replace(services, queries=world.queries))
    pages = await aiohttp_client(app)
    page = await get(pages, f"/rules?lang={lang}")
    for name in ("alerts", "rules"):
        shown = part(page, name)
        assert all(shown.count(reason) == 1 for reason in reasons), name
    assert part(page, "alerts").count(none) == len(reasons)


async def test_the_worst_come_first_with_number_ticket_and_runbook(pages, database):
    labels = dict(zip(LABELS, next(key for key in UP if "4006220002" in key), strict=True))
    labels |= {"scope": "number", "symptom": "number_down"}
    key = key_of(subject_of("NumberNotActive", labels))
    await write(database, ticket("NW-0123456789AB-1", key=key))
    alerts = part(await get(pages, "/rules?lang=en"), "alerts")
    names = re.findall(r"<small>(?:<a[^>]*>)?(\w+)(?:</a>)?</small></td>", alerts)
    assert names == [*["NumberNotActive"] * 2, *["LineWarned"] * 2, "Waiting"]
    assert "firing" in alerts
    assert "pending" in alerts
    number = "/numbers/4006220002?provider=north&amp;account=hq&amp;lang=en"
    for address in (number, "/tickets/NW-0123456789AB-1?lang=en", "/runbooks/NumberNotActive"):
        assert f'href="{address}' in alerts
    assert alerts.count("/tickets/NW-0123456789AB-1") == 1
    assert "/runbooks/LineWarned" not in alerts


async def test_times_are_local(pages):
    alerts = part(await get(pages, "/rules"), "alerts")
    assert "2026-09-21 22:11:20" in alerts, "Asia/Shanghai; 14:11:20 in UTC"
    assert "2 min ago" in alerts


async def test_the_rules_say_how_they_are(pages):
    rules = part(await get(pages, "/rules"), "rules")
    assert "own.yml" in rules
    assert rules.count("<details>") == 5
    assert "many-to-many" in rules or "multiple matches" in rules, "why the broken rule fails"
    assert "every 30 s" in rules
    for expression in ("up == 0", "count(up == 0)"):
        assert f'<pre class="expression">{expression}</pre>' in rules


@pytest.mark.parametrize(
    ("query", "alerts", "rules"),
    [
        ("state=firing", 4, 2),
        ("state=pending", 1, 1),
        ("state=failing", 0, 1),
        ("state=inactive", 0, 1),
        ("text=4006220003", 2, 0),
        ("text=waiting", 1, 1),
        ("text=nothing+like+it", 0, 0),
        ("state=firing&text=LINEWARNED", 2, 1),
    ],
)
async def test_filters(pages, query, alerts, rules):
    page = await get(pages, f"/rules?{query}")
    assert part(page, "alerts").count("<tr>") - bool(alerts) == alerts
    assert part(page, "rules").count("<details>") == rules


@pytest.mark.parametrize("query", ["state=lost", "offset=x", "texts=a"])
async def test_other_parameters_are_refused(pages, query):
    await get(pages, f"/rules?{query}", 400)


async def test_it_speaks_chinese(pages):
    page = await get(pages, "/rules?lang=zh-CN")
    for expected in ("4006220002 中断", "规则与告警", "触发中", "待触发", "2 分钟前", "绑定电话"):
        assert expected in page
    assert re.findall(r"\bfiring\b(?!\")", part(page, "alerts")) == []


async def test_a_viewer_sees_no_phone_and_cannot_look_for_one(pages):
    assert PHONE not in await get(pages, "/rules")
    assert part(await get(pages, f"/rules?text={PHONE[:8]}"), "alerts").count("<tr>") == 0
    for_operators = await get(pages, f"/rules?text={PHONE[:8]}", **AUTHORIZED)
    assert part(for_operators, "alerts").count("<tr>") == 6


async def test_texts_of_rules_are_only_text(pages):
    page = await get(pages, "/rules")
    assert "<b>warned</b>" not in page
    assert "&lt;b&gt;warned&lt;/b&gt;" in page


async def test_many_alerts_are_paged(services, tmp_path, aiohttp_client):
    up = {("north", "hq", f"40080{row:05}", PHONE): 0.0 for row in range(MOST_ALERTS)}
    world = World(tmp_path, up)
    client = await aiohttp_client(make_app(dataclasses.replace(services, queries=world.queries)))
    first = await get(client, "/rules?state=firing")
    assert part(first, "alerts").count("<tr>") == MOST_ALERTS + 1
    assert "offset=100" in first
    assert "NumberNotActive" in part(first, "alerts")
    assert len(first) < 300_000
    second = part(await get(client, "/rules?state=firing&offset=100"), "alerts")
    assert second.count("<tr>") == MOST_ALERTS + 1
    assert "LineWarned" in second


async def test_without_an_engine_the_page_says_so(client):
    assert "The rules are not running yet." in await get(client, "/rules")


def test_a_long_expression_is_broken_into_lines():
    long = "sum by (provider) (" + " + ".join(["numwatch_number_up"] * 8) + ") > 3"
    assert max(map(len, readable(long).splitlines())) < 100
    assert readable("a\n+ b") == "a\n+ b"
