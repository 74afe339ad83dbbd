"""After a restart a ticket of test calls still waits for every caller that met its fault."""

from dataclasses import replace

import pytest
from sqlalchemy import insert

from agent.checks.engine import Checker
from agent.states import Scope
from agent.store.database import Database
from agent.store.schema import tickets
from agent.tickets.decide.decision import Assessment, Finding
from agent.tickets.decide.recovery_facts import recovery_by_facts
from agent.tickets.ticket import Subject
from tests.account_facts import NOW
from tests.probe_calls import found_in
from tests.testcalls.scripted_calls import HQ, ScriptedCalls, caller, listed, scripted_calls

NUMBER, OTHER = "4006220001", "4006220002"
STALE_AFTER = 3600.0
CALLERS = [caller("telecom"), caller("unicom")]


def started(monkeypatch: pytest.MonkeyPatch, database: Database) -> ScriptedCalls:
    snapshot = listed(NUMBER, OTHER)
    return scripted_calls(monkeypatch, database, CALLERS, snapshot, stale_after=STALE_AFTER)


async def open_ticket(database: Database, opened: float, **more: object) -> None:
    plain = {"id": "t1", "key": "k", "episode": 1, "open": True, "stage": "detected"}
    subject = {"scope": "number", "symptom": "probe_fail_all", "number": NUMBER}
    owner = {"provider": HQ[0], "account": HQ[1], "severity": "critical"}
    times = {"detected_at": opened, "changed_at": opened, "revision": 1, "document": b"{}"}
    async with database.transaction() as connection:
        await connection.execute(
            insert(tickets).values({**plain, **subject, **owner, **times, **more})
        )


def assessed(made: ScriptedCalls) -> Assessment:
    (snapshot,) = made.fleet.snapshots()
    checked = replace(Checker(made.settings).check(snapshot, made.now), **found_in(made.board))
    subject = Subject(Scope.NUMBER, "probe_fail_all", provider=HQ[0], account=HQ[1], number=NUMBER)
    assessment = recovery_by_facts(lambda *_: checked)(subject, made.fleet, made.now)
    assert assessment is not None
    return assessment


async def both_failed(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    """Both callers failed; unicom's later calls say nothing, and then hours pass."""
    made = started(monkeypatch, database)
    for name in ("telecom", "unicom"):
        await made.call(NUMBER, name, "busy", "answered")
        await made.call(OTHER, name, "busy", "answered")
        made.now += 60
    await made.call(NUMBER, "unicom", "crash", "crash")


async def test_a_caller_whose_failures_are_old_is_waited_for(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    await both_failed(monkeypatch, database)
    await open_ticket(database, NOW + 300)
    made = started(monkeypatch, database)
    made.now += 10 * STALE_AFTER
    await made.service.read()
    assert made.board.of(HQ) == {}, "the calls themselves are too old to say anything"
    assert made.board.troubled(HQ) == {NUMBER: frozenset({"telecom", "unicom"})}
    await made.call(NUMBER, "telecom", "answered")
    waiting = assessed(made)
    assert waiting.finding is Finding.UNKNOWN
    assert waiting.reason == f"test calls from unicom to {NUMBER} failed, and none was made since"
    await made.call(NUMBER, "unicom", "answered")
    assert assessed(made).finding is Finding.GOOD


async def test_who_got_through_before_the_restart_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    await both_failed(monkeypatch, database)
    made = started(monkeypatch, database)
    made.now += 1200
    await made.call(NUMBER, "unicom", "answered")
    await open_ticket(database, NOW + 300)
    again = started(monkeypatch, database)
    again.now = made.now + 10 * STALE_AFTER
    await again.service.read()
    assert again.board.troubled(HQ) == {NUMBER: frozenset({"telecom"})}


@pytest.mark.parametrize(
    "more", [{"open": False}, {"symptom": "number_down"}, {"number": "4006220007"}]
)
async def test_where_no_ticket_waits_old_failures_are_forgotten(
    monkeypatch: pytest.MonkeyPatch, database: Database, more: dict[str, object]
) -> None:
    await both_failed(monkeypatch, database)
    await open_ticket(database, NOW + 300, **more)
    made = started(monkeypatch, database)
    made.now += 10 * STALE_AFTER
    await made.service.read()
    assert made.board.troubled(HQ) == {}


async def test_calls_from_long_before_the_ticket_are_no_part_of_it(
    monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    await both_failed(monkeypatch, database)
    await open_ticket(database, NOW + 3 * STALE_AFTER)
    made = started(monkeypatch, database)
    made.now += 10 * STALE_AFTER
    await made.service.read()
    assert made.board.troubled(HQ) == {}
