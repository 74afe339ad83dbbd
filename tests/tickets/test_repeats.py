"""The same fault of a number again and again: one ticket each time, and the third is marked."""

from agent.states import Cause, NumberState
from agent.tickets.document import document
from agent.tickets.series import tickets_summary
from agent.tickets.ticket import Ticket
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, alert, verdict

DAY = 86400.0


async def episode(run: Run, cause: Cause = Cause.NUMBER_SUSPENDED_ARREARS) -> tuple[Ticket, list]:
    """The number breaks; returns its ticket and the kinds of the changes, and it recovers."""
    run.scene.diagnosed = verdict(cause)
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    changes = await run.step(alert(at=run.now))
    changes += await run.step(alert(at=run.now - 60))
    (ticket,) = run.tickets.open
    told = tickets_summary(run.tickets.open, run.now)
    series = {block.family.name for block in told}
    assert ("numwatch_number_fault_repeats" in series) is bool(ticket.repeats)
    run.scene.states[NUMBER] = NumberState.ACTIVE
    await run.until_closed()
    await run.step(seconds=DAY)
    return ticket, [it.kind for it in changes]


async def test_the_third_within_a_month_is_marked_and_told(run: Run) -> None:
    for _ in range(2):
        ticket, kinds = await episode(run)
        assert (ticket.repeats, "ticket.escalated" in kinds) == (0, False)
    ticket, kinds = await episode(run)
    assert ticket.episode == 3
    assert document(ticket, run.now)["repeats"] == 3
    assert kinds.count("ticket.opened") == kinds.count("ticket.escalated") == 1
    (entry,) = (it for it in ticket.timeline if it.event == "repeated")
    assert entry.reason == "the same fault 3 times within 30 days"


async def test_another_cause_or_another_month_is_none(run: Run) -> None:
    """The control."""
    await episode(run)
    await episode(run, Cause.NUMBER_FROZEN)
    ticket, _kinds = await episode(run)
    assert ticket.repeats == 0
    await run.step(seconds=40 * DAY)
    ticket, _kinds = await episode(run)
    assert ticket.repeats == 0
