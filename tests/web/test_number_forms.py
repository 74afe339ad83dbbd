"""The forms of a number's page: rejecting drift, waiving findings, polling now."""

import dataclasses
from collections.abc import AsyncIterator

import numpy as np
import pytest
from aiohttp.test_utils import TestClient
from sqlalchemy import select

from agent.baselines.rejections import DriftRejections
from agent.checks.engine import Checker
from agent.lints.waivers import WaiverBook, WaiverStore
from agent.polling.requested_polls import PollAnswer, RequestedPoll
from agent.states import Scope, Severity
from agent.store.database import Database
from agent.store.schema import lint_waivers
from agent.tickets.actions.request import ActionRequest
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.tickets.ticket import Subject
from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED
from tests.web.facts import HEALTHY, NOW, Facts
from tests.web.ledger import ticket, write
from tests.web.test_number_page import edited, get, post, section

PAGE = f"/numbers/{HEALTHY}"
QUERY = "?provider=north&account=hq&lang=en"


class Polls:
    """Answers requests as it is told to."""

    def __init__(self) -> None:
        self.answer = PollAnswer.DONE
        self.asked: list[tuple[str, str]] = []

    async def poll(self, provider: str, account: str, patience: float) -> RequestedPoll:
        assert patience <= 10
        self.asked.append((provider, account))
        return RequestedPoll(self.answer, wait=7.2)


@pytest.fixture
def polls() -> Polls:
    return Polls()


@pytest.fixture
def book(facts: Facts) -> WaiverBook:
    made = WaiverBook()

    def show(*snapshots) -> None:
        checker = Checker(facts.settings, facts.baselines, made)
        for each in snapshots:
            key = each.provider, each.account
            facts.results[key] = checker.check(each, facts.now)
            facts.fleet.swap(each)

    facts.show = show  # type: ignore[method-assign]
    facts.show(*facts.fleet.snapshots())
    return made


@pytest.fixture
async def client(
    services: WebServices, database: Database, facts: Facts, book, polls, aiohttp_client
) -> AsyncIterator[TestClient]:
    tickets = Tickets(database, facts.settings, lambda *_: None, lambda *_: None)

    def act(ticket_id: str, request: ActionRequest):
        return tickets.act(ticket_id, request, NOW)

    app = make_app(
        dataclasses.replace(
            services,
            act=act,
            polls=polls,
            rejections=await DriftRejections.open(database),
            waivers=WaiverStore(database, book),
        )
    )
    return await aiohttp_client(app, headers=AUTHORIZED)


async def test_drift_is_rejected_with_a_reason_that_its_ticket_gets(client, facts, database):
    facts.show(edited(wait_seconds=5.0))
    subject = Subject(Scope.NUMBER, "drift", "north", "hq", HEALTHY)
    await write(database, ticket("t-9", Severity.WARNING, subject=subject))
    form = {"decision": "reject", "by": "Li Wei", "note": "nobody agreed to that"}
    answer = await post(client, PAGE, f"{PAGE}/baseline{QUERY}", form)
    assert answer.status == 303
    page = await get(client, answer.headers["Location"])
    assert "the drift ticket stays open" in page
    drift = section(page, "drift")
    assert "Rejected by Li Wei on" in drift
    assert "nobody agreed to that" in drift
    stored = await Ledger(database).get("t-9")
    assert stored is not None
    assert (stored.timeline[-1].actor, stored.timeline[-1].reason) == (
        "Li Wei",
        "nobody agreed to that",
    )


async def test_where_nothing_differs_nothing_is_rejected(client, facts):
    facts.show(edited(wait_seconds=5.0))
    form = {"decision": "reject", "by": "Li Wei", "note": "no"}
    token_page = PAGE
    await get(client, token_page)
    facts.show(edited())
    answer = await post(client, PAGE, f"{PAGE}/baseline{QUERY}", form)
    assert answer.status == 409
    assert "nothing differs from the baseline" in await answer.text()


WAIVER = {"lint": "L06", "reason": "short-staffed", "until": "2026-12-31", "by": "Li Wei"}


async def test_a_finding_is_waived_until_a_day_and_the_waiver_withdrawn(
    client, facts, database, book
):
    facts.show(edited(wait_seconds=5.0))
    assert "warning L06" in section(await get(client, f"{PAGE}?lang=en"), "lints")
    answer = await post(client, PAGE, f"{PAGE}/waivers{QUERY}", WAIVER)
    assert answer.status == 303, await answer.text()
    lints = section(await get(client, answer.headers["Location"]), "lints")
    assert "waived L06" in lints
    assert "waived: short-staffed (until 2026-12-31)" in lints
    assert "Waived by Li Wei on" in lints
    stored = WaiverBook()
    await WaiverStore(database, stored).restore()
    assert [it.reason for it in stored.of(HEALTHY)] == ["short-staffed"]
    identity = str(book.of(HEALTHY)[0].id)
    withdrawal = {"lint": "L06", "withdraw": identity, "by": "Wang Fang"}
    answer = await post(client, PAGE, f"{PAGE}/waivers{QUERY}", withdrawal)
    assert "done=withdrawn" in answer.headers["Location"]
    assert "warning L06" in section(await get(client, f"{PAGE}?lang=en"), "lints")
    again = await post(client, PAGE, f"{PAGE}/waivers{QUERY}", withdrawal)
    assert "not in force any more" in await again.text()
    async with database.transaction() as connection:
        rows = (await connection.execute(select(lint_waivers))).all()
    assert [row.withdrawn_by for row in rows] == ["Wang Fang"]


async def test_a_waived_finding_is_not_counted_from_the_next_check_on(client, facts, book):
    facts.show(edited(wait_seconds=5.0))
    before = facts.results["north", "hq"]
    row = before.number_row(HEALTHY)
    await post(client, PAGE, f"{PAGE}/waivers{QUERY}", WAIVER)
    checker = Checker(facts.settings, facts.baselines, book)
    # The very same facts: only the waivers have changed.
    after = checker.check(before.snapshot, facts.now, before)
    assert before.lints is not None
    assert after.lints is not None
    assert (
        int(before.lints.unwaived[row]).bit_count()
        == 1 + int(after.lints.unwaived[row]).bit_count()
    )
    assert int(after.lints.findings[row]) == int(before.lints.findings[row])
    later = checker.check(before.snapshot, facts.now, after)
    assert later.lints is after.lints
    over = checker.check(before.snapshot, facts.now + 200 * 86400.0, after)
    assert over.lints is not None
    assert np.array_equal(over.lints.unwaived[row], before.lints.unwaived[row])


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        ({"by": ""}, "say who answers"),
        ({"reason": " "}, "say why"),
        ({"until": "2020-01-01"}, "must be a date"),
        ({"until": "2999-01-01"}, "must be a date"),
        ({"until": "soon"}, "must be a date"),
        ({"until": "20261231"}, "must be a date"),
        ({"lint": "L40"}, "no such finding"),
        ({"lint": "<script>"}, "no such finding"),
    ],
)
async def test_a_waiver_that_says_too_little_is_refused(client, facts, book, edit, problem):
    facts.show(edited(wait_seconds=5.0))
    answer = await post(client, PAGE, f"{PAGE}/waivers{QUERY}", {**WAIVER, **edit})
    assert answer.status == 400
    assert problem in await answer.text()
    assert book.of(HEALTHY) == ()


async def test_a_number_nobody_has_cannot_be_waived(client, facts):
    facts.show(edited(wait_seconds=5.0))
    answer = await post(client, PAGE, "/numbers/4009999999/waivers", WAIVER)
    assert answer.status == 404


@pytest.mark.parametrize(
    ("told", "status", "text"),
    [
        (PollAnswer.TOO_SOON, 409, "Try again in 8 s"),
        (PollAnswer.CREDENTIALS_REFUSED, 409, "may lock them"),
        (PollAnswer.UNKNOWN_ACCOUNT, 409, "not in the configuration"),
        (PollAnswer.FAILED, 200, "not everything was answered"),
    ],
)
async def test_a_poll_now_that_is_refused_or_fails_says_so(client, polls, told, status, text):
    polls.answer = told
    answer = await post(client, PAGE, f"{PAGE}/check{QUERY}", {})
    assert answer.status == status
    assert text in await answer.text()
    assert polls.asked == [("north", "hq")]


@pytest.mark.parametrize(
    ("told", "text"),
    [(PollAnswer.DONE, "was polled just now"), (PollAnswer.RUNNING, "is being polled")],
)
async def test_a_poll_now_leads_back_to_the_page(client, polls, told, text):
    polls.answer = told
    answer = await post(client, PAGE, f"{PAGE}/check{QUERY}", {})
    assert answer.status == 303
    assert text in await get(client, answer.headers["Location"])


async def test_only_an_operator_may(client):
    for path in ("check", "waivers", "baseline", "diagnosis"):
        refused = await client.post(
            f"{PAGE}/{path}", data={"by": "x"}, headers={"Authorization": ""}
        )
        assert refused.status == 401, path
