"""Inspections and onboardings of a whole agent's numbers, over its API and its pages."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.config.inspections import InspectionPlan
from agent.config.settings import Settings
from agent.inspections.checklist import Checklist, Kind
from agent.inspections.schedule import to_begin
from tests.app.served_agent import Served, served_agent
from tests.web.facts import HEALTHY, NOW, Facts, snapshot

NEW, OLD = "4006220002", "4008110001"
BY = {"by": "Li Wei"}
DAY = 86_400.0


class Desk:
    """Whoever inspects, over HTTP."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.headers = served.scene.authorized

    async def post(self, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
        async with self.served.session.post(path, json=body, headers=self.headers) as answer:
            assert answer.status == status, await answer.text()
            return dict(await answer.json())

    async def begin(self, kind: str, number: str, status: int = 201) -> dict[str, Any]:
        body = {"kind": kind, "number": number, **BY}
        return await self.post("/api/inspections", body, status)

    async def answer(self, view: dict[str, Any], **answers: str) -> dict[str, Any]:
        rows = [{"item": item, "result": it, "note": "as seen"} for item, it in answers.items()]
        path = f"/api/inspections/{view['checklist']['id']}/answers"
        return await self.post(path, {"answers": rows, **BY})

    async def close(
        self, view: dict[str, Any], status: int = 200, **more: object
    ) -> dict[str, Any]:
        path = f"/api/inspections/{view['checklist']['id']}/close"
        return await self.post(path, {**BY, **more}, status)

    async def close_once_known(self, view: dict[str, Any]) -> dict[str, Any]:
        """Close it once no fact of it is stale: on a busy machine polls are late."""
        path = f"/api/inspections/{view['checklist']['id']}/close"

        async def closed() -> dict[str, Any] | None:
            async with self.served.session.post(path, json=BY, headers=self.headers) as answer:
                body: dict[str, Any] = await answer.json()
            if answer.status == 400 and "need an answer" in body["error"]:
                return None
            assert answer.status == 200, body
            return body

        return dict(await self.until(closed, "every row is known"))

    async def page(self, path: str, lang: str) -> str:
        async with self.served.session.get(
            path, params={"lang": lang}, headers=self.headers
        ) as answer:
            assert answer.status == 200
            return await answer.text()

    async def tickets(self, number: str) -> list[dict[str, Any]]:
        async with self.served.session.get(
            "/api/tickets", params={"number": number}, headers=self.headers
        ) as answer:
            return list((await answer.json())["items"])

    async def until(self, condition, what: str) -> Any:
        try:
            async with asyncio.timeout(60):
                while not (found := await condition()):  # noqa: ASYNC110 - a condition has no event
                    await asyncio.sleep(0.1)
                return found
        except TimeoutError:
            pytest.fail(f"still not: {what}")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with served_agent(tmp_path / "data", tmp_path) as served:
        yield Desk(served)


def unanswered(view: dict[str, Any]) -> dict[str, str]:
    return {row["item"]: "passed" for row in view["rows"] if row["result"] == "unknown"}


async def test_a_number_in_onboarding_opens_no_ticket_until_it_is_taken_over(desk: Desk) -> None:
    view = await desk.begin("onboarding", NEW)
    assert (await desk.begin("onboarding", NEW, 409))["error"].startswith("409")
    seen = {row["item"]: row["seen"] for row in view["rows"]}
    assert (seen["in_service"], seen["areas"]) == ("passed", "unknown")
    desk.served.scene.world.apply({"number": NEW, "set": {"state": "suspended_violation"}})
    # What has a ticket says that by then this number would have one, too.
    desk.served.scene.world.apply({"number": OLD, "set": {"state": "suspended_violation"}})
    await desk.until(lambda: desk.tickets(OLD), "the other number has its ticket")
    path = f"/api/inspections/{view['checklist']['id']}"

    async def is_down() -> bool:
        async with desk.served.session.get(path, headers=desk.headers) as answer:
            rows = (await answer.json())["rows"]
        return {row["item"]: row["seen"] for row in rows}["in_service"] == "failed"

    await desk.until(is_down, "the checklist shows that the number is out of service")
    assert await desk.tickets(NEW) == []
    view = await desk.answer(view, **unanswered(view))
    refused = await desk.close(view, 400)
    assert "in_service" in refused["error"], "a number that is down is not taken over"
    desk.served.scene.world.apply({"number": NEW, "set": {"state": "active"}})

    async def is_up() -> bool:
        return not await is_down()

    await desk.until(is_up, "the number is in service again")
    taken = await desk.close_once_known(view)
    assert taken["checklist"]["closed_by"] == "Li Wei"
    assert {it["item"] for it in taken["checklist"]["facts"]} >= {"in_service", "phones"}
    desk.served.scene.world.apply({"number": NEW, "set": {"state": "suspended_violation"}})
    await desk.until(lambda: desk.tickets(NEW), "what is taken over has tickets")


async def test_findings_are_one_ticket_until_they_are_resolved(desk: Desk) -> None:
    view = await desk.begin("inspection", OLD)
    view = await desk.answer(view, menu="failed", contacts="failed")

    async def open_ones() -> list[dict[str, Any]]:
        return [it for it in await desk.tickets(OLD) if it["stage"] != "closed"]

    (ticket,) = await desk.until(open_ones, "the findings have a ticket")
    assert ticket["symptom"] == "inspection"
    assert "healthy" not in str(ticket["diagnosis"])
    rest = {item: it for item, it in unanswered(view).items() if item not in ("menu", "contacts")}
    view = await desk.answer(view, **rest)
    view = await desk.close_once_known(view)
    assert view["findings"] == 2
    assert [it["id"] for it in await open_ones()] == [ticket["id"]], "signed, and still one ticket"
    for lang, words in (
        ("en", ("Inspection report", "not in order", "For the customer")),
        ("zh-CN", ("巡检报告", "有问题", "客户签字")),
    ):
        report = await desk.page(f"/inspections/{view['checklist']['id']}/report", lang)
        for word in (*words, "Li Wei", "as seen", OLD):
            assert word in report, word
        assert ">failed<" not in report
    view = await desk.answer(view, menu="passed", contacts="passed")
    assert view["findings"] == 0
    page = await desk.page("/inspections", "en")
    assert OLD not in page.partition('class="person"')[0], "it is closed"

    async def is_over() -> bool:
        return not await open_ones()

    await desk.until(is_over, "the ticket ends with its findings")


async def test_only_operators_inspect(desk: Desk) -> None:
    async with desk.served.session.post(
        "/api/inspections", json={"kind": "inspection", "number": OLD, **BY}
    ) as answer:
        assert answer.status == 401
    assert (await desk.begin("inspection", "12", 400))["error"].startswith("400")


def begun(plan: dict[str, Any], last: dict[Any, float], now: float = NOW) -> list[Checklist]:
    facts = Facts()
    facts.show(snapshot())
    plans = [InspectionPlan.model_validate({"name": "quarterly", **plan})]
    return list(to_begin(plans, facts.results.values(), last, frozenset(), now))


def test_a_plan_begins_its_inspections_in_time() -> None:
    every = begun({}, {})
    assert HEALTHY in {it.number for it in every}
    assert {it.due_at > NOW + 13 * DAY for it in every} == {True}
    assert [it.number for it in begun({"numbers": [HEALTHY]}, {})] == [HEALTHY]
    assert begun({"companies": ["nobody"]}, {}) == []
    key = ("quarterly", "north", "hq", HEALTHY)
    only = {"numbers": [HEALTHY], "every": 90 * DAY, "within": 14 * DAY}
    assert begun(only, {key: NOW - 70 * DAY}) == []
    (due,) = begun(only, {key: NOW - 77 * DAY})
    assert due.items[-1] == "contacts"
    (other,) = begun({**only, "checks": ["the sign at the door"]}, {key: NOW - 77 * DAY})
    assert other.items[-1] == "the sign at the door"
    assert (due.id, due.kind) == (other.id, Kind.INSPECTION), "the same, whoever begins it"


def test_the_periods_have_bounds() -> None:
    with pytest.raises(ValueError, match="every"):
        InspectionPlan.model_validate({"name": "often", "every": 60})
    assert Settings.model_fields["inspections"].default.plans == []
