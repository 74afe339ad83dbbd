"""Clocks that fit the symptom: groups, notices, renewals."""

import pytest
from msgspec.structs import replace

from agent.model import Listing
from agent.states import ClockName, Grade, NumberState, Severity
from agent.tickets.sla.clocks import Reading, readings
from tests.tickets.driver import Run
from tests.tickets.scene import START, alert
from tests.tickets.stories import KINDS, name_of

DAY = 86400.0
OUT = NumberState.SUSPENDED_VIOLATION


def clocks_of(run: Run) -> dict[ClockName, Reading]:
    (ticket,) = (it for it in run.tickets.open if not it.parent)
    return {it.name: it for it in readings(ticket.clocks, run.now)}


@pytest.mark.parametrize("later", [300, 1300])
async def test_a_groups_clocks_start_when_it_is_detected(run: Run, later: int) -> None:
    run.scene.states = dict.fromkeys(map(name_of, (1, 2, 3)), OUT)
    early = [alert(number=name_of(row), at=START) for row in (1, 2)]
    await run.step(*early)
    late = alert(number=name_of(3), at=START + later)
    await run.step(*early, late, seconds=later)
    (group,) = (it for it in run.tickets.open if it.members)
    contact = next(it for it in readings(group.clocks, run.now) if it.name is ClockName.CONTACT)
    assert (contact.elapsed, contact.breached) == (0.0, False)


async def test_no_clock_is_breached_at_birth(run: Run) -> None:
    await run.step(alert(at=START - 7200))
    assert not any(it.breached for it in clocks_of(run).values())


async def test_a_clock_counts_from_the_alarm(run: Run) -> None:
    """The control: an alarm of half a minute ago has used half a minute."""
    await run.step(alert(at=START + 30), seconds=60)
    assert clocks_of(run)[ClockName.CONTACT].elapsed == 30.0


@pytest.mark.parametrize("kind", ["low", "cap", "lint"])
async def test_a_notice_has_days_and_nobody_comes(run: Run, kind: str) -> None:
    run.scene.balance = 20.0
    await run.step(alert(*KINDS[kind]))
    found = {name: it.allowed for name, it in clocks_of(run).items()}
    assert found == {ClockName.CONTACT: DAY, ClockName.RESTORE: 2 * DAY}


@pytest.mark.parametrize("kind", ["down", "answers", "stop"])
async def test_a_fault_has_what_the_grade_is_promised(run: Run, kind: str) -> None:
    run.scene.states, run.scene.balance = {name_of(1): OUT}, 2.0
    await run.step(alert(*KINDS[kind]))
    assert clocks_of(run)[ClockName.CONTACT].allowed == 900.0


async def test_a_grade_without_a_promise_has_no_clocks_for_notices_either(run: Run) -> None:
    run.scene.grade, run.scene.balance = Grade.STANDARD, 20.0
    await run.step(alert(*KINDS["low"]))
    assert clocks_of(run) == {}


async def test_a_balance_that_falls_below_the_stop_starts_the_clocks_of_an_outage(run: Run) -> None:
    run.scene.balance = 20.0
    await run.step(alert(*KINDS["low"]))
    for _ in range(10):
        await run.step(alert(*KINDS["low"]), seconds=3600)
    run.scene.balance = 9.0
    await run.step(alert(*KINDS["low"]), alert(*KINDS["stop"], at=run.now))
    contact = clocks_of(run)[ClockName.CONTACT]
    assert run.tickets.open[0].severity is Severity.CRITICAL
    assert (contact.allowed, contact.elapsed) == (900.0, 0.0)


@pytest.mark.parametrize("grade", [Grade.AAA, Grade.STANDARD])
async def test_a_renewal_is_due_by_its_date(run: Run, grade: Grade) -> None:
    run.scene.grade = grade
    run.scene.poll(START)
    end = START + 20 * DAY
    before = run.scene.fleet.get("north", "hq")
    assert before is not None
    assert before.listing is not None
    numbers = tuple(replace(it, contract_end=end) for it in before.listing.numbers)
    run.scene.fleet.swap(replace(before, revision=before.revision + 1, listing=Listing(numbers)))
    await run.step(alert(*KINDS["contract"], at=START - DAY), poll=False)
    (due,) = clocks_of(run).values()
    assert (due.name, due.deadline) == (ClockName.RESTORE, end)
