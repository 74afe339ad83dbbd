"""Scores, quality checks and claims, through the API, the pages and the actions."""

import dataclasses
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from msgspec.structs import replace

from agent.complaints.complaint import Complaint
from agent.config.settings import Settings
from agent.evidence.bundle import EvidenceFile
from agent.evidence.repository import EvidenceRepository
from agent.store.database import Database
from agent.tickets.forms import CheckResult, QualityCheck
from agent.tickets.manager import Tickets
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason
from agent.tickets.ticket import Entry, Ticket
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.reports.book import MINUTE, TERMS, A, B, C, at, handled, outage
from tests.web.conftest import AUTHORIZED
from tests.web.facts import Facts
from tests.web.ledger import write
from tests.web.test_roles import WEB, login

PERIOD = {"period": "2026-09"}
PROVIDERS = {"cause": "provider_leg", "assignee": "李伟"}


def check(result: CheckResult, hour: str) -> QualityCheck:
    return QualityCheck(at(hour), "Wang", result, "looked at", "李伟")


PASSED = check(CheckResult.PASSED, "09-03 09:00")


def asked(satisfied: bool) -> Complaint:
    return Complaint(id="c", number=A, at=0.0, received_at=0.0, who="w", satisfied=satisfied)


def _the_book() -> list[Ticket]:
    paused = clocks.start(handled("x", "09-02 10:00").grade, TERMS, at("09-10 08:00"))
    paused = clocks.pause(paused, PauseReason.CUSTOMER_CAUSED, at("09-10 08:30"))
    paused = clocks.resume(paused, PauseReason.CUSTOMER_CAUSED, at("09-10 09:30"))
    good = handled("good", "09-02 10:00", contact=10, restored=50, closed=60, **PROVIDERS)
    again = handled("again", "09-05 10:00", contact=20, restored=180, closed=200, number=B,
                    **{**PROVIDERS, "assignee": "Chen Jie"})  # fmt: skip
    line = Entry(at("09-05 11:00"), "numwatch", "reopened", "it came back")
    return [
        replace(good, complaints=(asked(True),), quality=(PASSED,)),
        replace(again, timeline=(*again.timeline, line), complaints=(asked(False),)),
        handled("paused", "09-10 08:00", contact=5, restored=240, closed=250, number=C,
                events=paused, provider_ticket="P-77", **PROVIDERS),
        handled("unclear", "09-12 08:00", restored=300, closed=310, responsible="unclear"),
        handled("customers", "09-13 08:00", restored=300, closed=310, number=B),
        handled("false", "09-14 08:00", closed=300, resolution="false_alarm"),
        outage("wide", "09-15 09:50", 150, A, B),
        handled("open", "09-20 10:00", **PROVIDERS),
        handled("other", "09-21 10:00", restored=300, closed=310, provider="south", **PROVIDERS),
    ]  # fmt: skip


CONTRACT = {
    "recipient": "北方通信有限公司",
    "reference": "HT-2026-01",
    "per_breach": 100,
    "per_hour": 50,
    "most_a_month": 1000,
}


def configured(facts: Facts, **reports: object) -> None:
    dumped = {**facts.settings.model_dump(), "reports": reports}
    facts.settings = Settings.model_validate(dumped)


@pytest.fixture
async def book(database: Database, facts: Facts) -> None:
    facts.now = at("10-05 12:00")
    configured(facts, contracts={"north": CONTRACT})
    await write(database, *_the_book())
    content = b'{"answers": []}'
    file = EvidenceFile("onset/answers-north-hq.json", at("09-05 10:01"), content)
    await EvidenceRepository(database).add("again", [file])


async def document(client: TestClient, kind: str, **query: str) -> dict[str, Any]:
    answer = await client.get(f"/api/reports/{kind}", params={**PERIOD, **query})
    assert answer.status == 200, await answer.text()
    return dict(await answer.json())


def by(rows: list[dict[str, Any]], key: str, name: str) -> dict[str, Any]:
    return next(row for row in rows if row[key] == name)


@pytest.mark.usefixtures("book")
async def test_a_score_is_the_weighted_mean_of_what_is_known(client: TestClient) -> None:
    found = await document(client, "scores", provider="north")
    good = by(found["tickets"], "ticket", "good")
    assert good["parts"] == {
        "contact": 100.0, "arrival": None, "restoration": 100.0,
        "reopenings": 100.0, "survey": 100.0, "quality": 100.0,
    }  # fmt: skip
    assert good["score"] == 100.0
    again = by(found["tickets"], "ticket", "again")
    # Late contact, arrival and restoration, one reopening, a caller who is not satisfied.
    assert again["score"] == pytest.approx(50 * 15 / (15 + 15 + 30 + 15 + 10))
    assert again["parts"]["quality"] is None


@pytest.mark.usefixtures("book")
async def test_unclear_responsibility_is_not_scored_and_said(client: TestClient) -> None:
    found = await document(client, "scores", provider="north")
    assert {row["ticket"] for row in found["tickets"]} == {
        "good", "again", "paused", "customers", "wide",
    }  # fmt: skip
    assert found["not_scored"] == {"unclear": 1, "no_fault": 1}
    page = await (await client.get("/reports/scores", params={**PERIOD, "lang": "zh-CN"})).text()
    assert "责任不明、不评分：1 张" in page


@pytest.mark.usefixtures("book")
async def test_only_the_proportions_of_weights_matter_and_a_part_may_count_nothing(
    client: TestClient, facts: Facts
) -> None:
    configured(facts, weights={"contact": 0, "arrival": 0, "survey": 0, "restoration": 2,
                               "reopenings": 2, "quality": 0})  # fmt: skip
    found = await document(client, "scores", provider="north")
    assert by(found["tickets"], "ticket", "again")["score"] == pytest.approx(25.0)


@pytest.mark.usefixtures("book")
async def test_names_of_people_are_masked_for_viewers(
    services: WebServices, facts: Facts, aiohttp_client
) -> None:
    facts.settings = Settings.model_validate({**facts.settings.model_dump(), "web": WEB})
    client = await aiohttp_client(make_app(dataclasses.replace(services)))
    for path in ("/api/reports/scores", "/reports/scores"):
        for form in ("json", "html", "csv"):
            query = {**PERIOD, **({"format": form} if path.startswith("/api") else {})}
            viewer = await client.get(path, params=query, headers=login("the viewer"))
            operator = await client.get(path, params=query, headers=login("the operator"))
            assert (viewer.status, operator.status) == (200, 200)
            shown = await viewer.text()
            assert "Chen Jie" not in shown
            assert "C***" in shown
            assert "Chen Jie" in await operator.text()


@pytest.mark.usefixtures("book")
async def test_a_claim_has_the_clocks_ledger_and_the_contracts_amounts(client: TestClient) -> None:
    found = await document(client, "claim", provider="north")
    claimed = {(it["ticket"], it["clock"]): it for it in found["lines"] if not it["unclaimed"]}
    # "good" was in time but for the arrival that nobody waived, stopped by its end after 50 min.
    assert set(claimed) == {
        ("again", "contact"), ("again", "on_site"), ("again", "restore"),
        ("paused", "on_site"), ("paused", "restore"),
        ("wide", "contact"), ("wide", "on_site"), ("wide", "restore"),
    }  # fmt: skip
    paused = claimed["paused", "restore"]
    assert paused["counted_seconds"] == pytest.approx(180 * MINUTE)
    assert [(it["reason"]) for it in paused["excluded"]] == ["customer_caused"]
    assert paused["amount"] == pytest.approx(100 + 50 * 1.0)
    assert claimed["wide", "restore"]["numbers"] == 2
    assert found["amount"] == 1000.0  # the most of a month
    assert found["amount"] < sum(it["amount"] for it in found["lines"])
    assert [it["name"] for it in found["evidence"]] == ["onset/answers-north-hq.json"]
    reasons = {it["ticket"]: it["unclaimed"] for it in found["lines"] if it["unclaimed"]}
    assert reasons == {"unclear": "unclear", "customers": "customers", "false": "no_fault"}
    assert all(it["amount"] == 0 for it in found["lines"] if it["unclaimed"])


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("lang", ["en", "zh-CN"])
async def test_the_letter_reads_in_both_languages(client: TestClient, lang: str) -> None:
    query = {**PERIOD, "provider": "north", "format": "html", "lang": lang}
    text = await (await client.get("/api/reports/claim", params=query)).text()
    words = {"en": ("Claim for service levels", "1,000.00 CNY", "P-77", "customer caused"),
             "zh-CN": ("索赔函", "1,000.00 CNY", "P-77", "客户原因")}[lang]  # fmt: skip
    for word in (*words, "北方通信有限公司", "HT-2026-01"):
        assert word in text, word
    for code in ("customer_caused", "on_site", "no_fault", "UTC"):
        assert code not in text, code


@pytest.mark.usefixtures("book")
async def test_a_claim_is_of_one_provider_that_there_is(client: TestClient) -> None:
    answer = await client.get("/api/reports/claim", params={**PERIOD, "provider": "nobody"})
    assert answer.status == 400
    assert "north" in (await answer.json())["expected"]
    assert (await client.get("/reports/claim", params=PERIOD)).status == 200
    south = await document(client, "claim", period="2026-08", provider="north")
    assert (south["lines"], south["amount"]) == ([], 0)


@pytest.fixture
async def acting(
    services: WebServices, database: Database, facts: Facts, aiohttp_client
) -> TestClient:
    facts.now = at("10-05 12:00")
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)

    async def act(ticket: str, request: Any) -> Any:
        return await tickets.act(ticket, request, facts.now)

    await write(
        database,
        handled("closed", "10-05 08:00", contact=5, restored=60, closed=70, assignee="Li Wei"),
        handled("working", "10-05 09:00", number=B, assignee="Li Wei"),
    )
    return await aiohttp_client(
        make_app(dataclasses.replace(services, act=act)), headers=AUTHORIZED
    )


async def checked(client: TestClient, ticket: str, **request: Any) -> tuple[int, dict[str, Any]]:
    body = {"action": "quality_check", "actor": "Wang Fang", "reason": "no test was made"}
    answer = await client.post(f"/api/tickets/{ticket}/actions", json={**body, **request})
    return answer.status, dict(await answer.json())


async def test_a_rejection_reopens_a_closed_ticket_for_its_handler(acting: TestClient) -> None:
    status, ticket = await checked(acting, "closed", fields={"result": "rejected"})
    assert status == 200, ticket
    assert (ticket["stage"], ticket["assignee"]) == ("reopened", "Li Wei")
    assert ticket["closed_at"] is None
    (quality,) = ticket["quality"]
    assert (quality["result"], quality["checked_by"], quality["handler"]) == (
        "rejected", "Wang Fang", "Li Wei",
    )  # fmt: skip
    entry = ticket["timeline"][-1]
    assert (entry["actor"], entry["event"]) == ("Wang Fang", "quality_check")
    assert "no test was made" in entry["reason"]
    restore = next(it for it in ticket["clocks"] if it["name"] == "restore")
    assert restore["stopped_at"] is None  # it has run all along


async def test_a_check_is_possible_at_any_stage_and_passing_changes_none(
    acting: TestClient,
) -> None:
    status, ticket = await checked(acting, "working", fields={"result": "passed"})
    assert (status, ticket["stage"]) == (200, "diagnosing")
    status, ticket = await checked(acting, "working", fields={"result": "rejected"})
    assert (status, ticket["stage"], len(ticket["quality"])) == (200, "diagnosing", 2)
    status, ticket = await checked(acting, "closed", fields={"result": "passed"})
    assert (status, ticket["stage"]) == (200, "closed")


async def test_nobody_checks_their_own_work_and_a_reason_is_needed(acting: TestClient) -> None:
    own = await checked(acting, "closed", actor="Li Wei", fields={"result": "passed"})
    assert (own[0], "somebody else" in own[1]["error"]) == (400, True)
    no_reason = await checked(acting, "closed", reason=" ", fields={"result": "passed"})
    assert (no_reason[0], "reason" in no_reason[1]["error"]) == (400, True)
    assert (await checked(acting, "closed"))[0] == 400
