"""The fault statistics, read through the API, the page and the files."""

import csv
import io
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from msgspec.structs import replace

from agent.states import Cause, Stage
from agent.store.database import Database
from agent.tickets import categories
from agent.tickets.categories import Category, category_of
from agent.tickets.forms import FaultCause
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason
from agent.tickets.ticket import Entry, Severe
from tests.reports.book import MINUTE, TERMS, A, B, C, at, handled, outage
from tests.web.facts import Facts
from tests.web.ledger import write

PERIOD = {"period": "2026-09"}


def _the_book() -> list[Any]:
    paused = clocks.start(handled("x", "09-02 10:00").grade, TERMS, at("09-10 08:00"))
    paused = clocks.pause(paused, PauseReason.CUSTOMER_CAUSED, at("09-10 08:30"))
    paused = clocks.resume(paused, PauseReason.CUSTOMER_CAUSED, at("09-10 10:30"))
    reopened = handled("reopened", "09-05 10:00", contact=10, restored=60, closed=90)
    line = Entry(at("09-05 10:30"), "numwatch", "reopened", "it came back")
    return [
        handled("before", "08-20 10:00", contact=5, restored=30, closed=40),
        replace(reopened, timeline=(*reopened.timeline, line)),
        handled("late", "09-12 10:00", contact=20, restored=180, closed=200, number=B),
        handled("paused", "09-10 08:00", restored=200, closed=210, number=C, events=paused,
                cause="unknown", symptom="answer_rate", provider="south"),
        handled("open", "09-20 10:00", number=B, cause="binding_off",
                severe=Severe(at("09-20 10:40"), "30 minutes")),
        handled("part", "09-13 10:00", closed=5, parent="wide", stage=Stage.CLOSED),
        handled("false", "09-14 10:00", closed=5, resolution="false_alarm"),
        outage("wide", "09-13 09:50", 30, A, B),
        handled("next", "10-01 00:00", number=B),
    ]  # fmt: skip


@pytest.fixture
async def book(database: Database, facts: Facts) -> None:
    facts.now = at("10-05 12:00")
    await write(database, *_the_book())


async def document(client: TestClient, **query: str) -> dict[str, Any]:
    answer = await client.get("/api/reports/statistics", params={**PERIOD, **query})
    assert answer.status == 200, await answer.text()
    return dict(await answer.json())


def named(rows: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(row for row in rows if row["name"] == name)


@pytest.mark.usefixtures("book")
async def test_a_month_has_its_faults_and_no_others(client: TestClient) -> None:
    whole = (await document(client))["all"]
    assert whole["faults"] == 5  # reopened, late, paused, open, wide
    assert whole["still_open"] == 1
    assert whole["severe"] == 1
    assert whole["reopenings"] == 1
    assert (await document(client))["not_faults"] == 2
    august = await document(client, period="2026-08")
    assert august["all"]["faults"] == 1
    assert august["all"]["repeated"] == 0


@pytest.mark.usefixtures("book")
async def test_a_quarter_is_its_three_months(client: TestClient) -> None:
    quarter = await document(client, period="2026-Q3")
    faults = {month["name"]: month["faults"] for month in quarter["months"]}
    assert faults == {"2026-07": 0, "2026-08": 1, "2026-09": 5}
    assert quarter["all"]["faults"] == 6


@pytest.mark.usefixtures("book")
async def test_each_fault_is_in_one_category_provider_carrier_and_grade(client: TestClient) -> None:
    found = await document(client)
    by_category = {row["name"]: row["faults"] for row in found["categories"]}
    assert len(by_category) == 12
    assert {name: count for name, count in by_category.items() if count} == {
        "account": 2,
        "answering": 1,
        "bound_phone": 1,
        "provider_platform": 1,
    }
    assert {row["name"]: row["faults"] for row in found["providers"]} == {"north": 4, "south": 1}
    assert {row["name"]: row["faults"] for row in found["carriers"]} == {"": 1, "unicom": 4}
    grades = {row["name"]: row["faults"] for row in found["grades"]}
    assert grades == {"AAA": 5, "AA": 0, "A": 0, "standard": 0}
    one = await document(client, provider="south")
    assert one["all"]["faults"] == 1
    assert {row["name"] for row in one["providers"]} == {"south"}


@pytest.mark.usefixtures("book")
async def test_a_time_that_nobody_recorded_counts_in_no_mean(client: TestClient) -> None:
    """The end of a fault stops the clock of the contact, too; that was no contact."""
    whole = (await document(client))["all"]
    assert whole["mean_contact_seconds"] == pytest.approx((10 + 20) / 2 * MINUTE)
    assert whole["mean_restore_seconds"] == pytest.approx((60 + 180 + 200 + 30) / 4 * MINUTE)
    assert whole["mean_close_seconds"] == pytest.approx((90 + 200 + 210 + 35) / 4 * MINUTE)
    nothing = named((await document(client))["grades"], "A")
    assert nothing["mean_contact_seconds"] is None


@pytest.mark.usefixtures("book")
async def test_promises_are_kept_by_the_clocks_own_ledger(client: TestClient) -> None:
    """The time that the customer caused does not count: 200 minutes were 80 of the 120."""
    whole = (await document(client))["all"]
    promises = {row["clock"]: row for row in whole["promises"]}
    assert {k: promises["restore"][k] for k in ("met", "missed")} == {"met": 3, "missed": 2}
    # 15 minutes: the first alone was in time; "wide" and "paused" ended later than that.
    assert {k: promises["contact"][k] for k in ("met", "missed")} == {"met": 1, "missed": 4}
    assert whole["excluded_seconds"] == {"customer_caused": 120 * MINUTE}
    south = named((await document(client))["providers"], "south")
    assert named_clock(south, "restore") == {
        "clock": "restore", "met": 1, "missed": 0, "undecided": 0,
    }  # fmt: skip


def named_clock(row: dict[str, Any], clock: str) -> dict[str, Any]:
    return next(it for it in row["promises"] if it["clock"] == clock)


@pytest.mark.usefixtures("book")
async def test_what_came_back_within_the_period_is_repeated(
    client: TestClient, facts: Facts
) -> None:
    found = await document(client)
    # The fault of August lies 16 days before the one of September; that of B is another category.
    assert found["all"]["repeated"] == 1
    assert [(it["number"], it["category"], it["count"]) for it in found["repetitions"]] == [
        (A, "account", 2)
    ]
    shorter = {"repeat_within": "7d"}
    facts.settings = type(facts.settings).model_validate(
        {**facts.settings.model_dump(), "reports": shorter}
    )
    assert (await document(client))["all"]["repeated"] == 0


@pytest.mark.usefixtures("book")
async def test_down_time_is_counted_once_and_unobserved_time_is_unknown(
    client: TestClient,
) -> None:
    found = {row["number"]: row for row in (await document(client))["numbers"]}
    # B: 180 minutes, 30 with the provider; the phone that was off is no outage of the number.
    open_since = (at("10-01 00:00") - at("09-20 10:00")) / MINUTE
    assert found[B]["down_seconds"] == pytest.approx((180 + 30 + open_since) * MINUTE)
    assert found[A]["down_seconds"] == pytest.approx((60 + 30) * MINUTE)
    for row in found.values():
        assert row["available_seconds"] == 0.0
        assert row["share"] is None
        assert row["down_seconds"] + row["unknown_seconds"] == pytest.approx(30 * 86400)
    (company,) = (await document(client))["companies"]
    assert (company["company"], company["numbers"]) == ("示例公司", 2)


@pytest.mark.usefixtures("book")
async def test_the_csv_has_all_and_runs_nothing(client: TestClient, database: Database) -> None:
    evil = '=HYPERLINK("http://x")'  # fmt: skip
    await write(database, handled("evil", "09-15 10:00", restored=9, company=evil, number=C))
    answer = await client.get("/api/reports/statistics", params={**PERIOD, "format": "csv"})
    assert answer.content_type == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig"))))
    cells = {cell for row in rows for cell in row}
    assert f"'{evil}" in cells
    assert evil not in cells
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    assert "unknown" in cells


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
async def test_the_page_says_all_in_the_readers_language(client: TestClient, lang: str) -> None:
    answer = await client.get("/reports", params={**PERIOD, "lang": lang})
    assert answer.status == 200
    text = await answer.text()
    words = {"en": ("Fault statistics", "By category", "unknown", "8 h 10 min"),
             "zh-CN": ("故障统计", "按故障类别", "未知", "小时")}[lang]  # fmt: skip
    for word in words[:3]:
        assert word in text, word
    for code in ("number_state", "bound_phone", "customer_caused", "unicom", "UTC"):
        assert code not in text, code
    assert f"/api/reports/statistics?period=2026-09&amp;format=csv&amp;lang={lang}" in text


async def test_a_period_that_is_none_is_refused_with_what_one_is(client: TestClient) -> None:
    for wrong in ("2026-13", "2026-Q5", "last", "2026"):
        answer = await client.get("/api/reports/statistics", params={"period": wrong})
        assert answer.status == 400
        assert "2026-Q4" in (await answer.json())["expected"]
        assert (await client.get("/reports", params={"period": wrong})).status == 400


async def test_an_empty_ledger_has_statistics(client: TestClient) -> None:
    found = await document(client)
    assert found["all"]["faults"] == 0
    assert (await client.get("/reports")).status == 200
    text = await (
        await client.get("/api/reports/statistics", params={**PERIOD, "format": "text"})
    ).text()
    assert "Nothing in this period." in text


def test_every_cause_has_a_category_and_unknown_ones_are_unclear() -> None:
    assert set(categories._OF_CAUSE) == set(Cause)
    assert len(Category) == 12
    assert {category_of(cause, "") for cause in Cause} == set(Category)
    assert category_of("no such cause", "") is Category.UNCLEAR
    assert category_of("unknown", "numbers_drift") is Category.CONFIGURATION
    assert category_of("unknown", "", FaultCause.TRANSMISSION_LINE) is Category.CARRIER_NETWORK
    # The diagnosis goes before the form: who fills it in has seen the cable, not the account.
    arrears = category_of("balance_exhausted", "", FaultCause.TRANSMISSION_LINE)
    assert arrears is Category.ACCOUNT
