"""A ticket that is over keeps the cause it was about; what was seen at the end stands beside it."""

import pytest

from agent.i18n import CHINESE, ENGLISH
from agent.sinks.delivery import Delivery
from agent.sinks.text import Writer
from agent.states import Cause, NumberState
from agent.tickets.changes import CLOSED, RESOLVED
from agent.tickets.document import document
from tests.tickets.driver import Run
from tests.tickets.scene import NUMBER, alert, verdict


async def _ended(run: Run) -> dict:
    changes = await run.until_closed()
    return document(changes[-1].after, run.now)


async def test_facts_that_show_the_recovery_are_not_taken_for_another_cause(run: Run) -> None:
    """The alert lasts a moment longer than the fault, and a smaller trouble shows meanwhile."""
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    run.scene.states[NUMBER] = NumberState.ACTIVE
    run.scene.diagnosed = verdict(Cause.WAIT_TOO_SHORT)
    for _ in range(3):
        await run.step(alert(), seconds=300)
    (ticket,) = run.tickets.open
    assert ticket.diagnosis is not None
    assert ticket.diagnosis.cause is Cause.NUMBER_SUSPENDED_ARREARS
    ended = await _ended(run)
    assert ended["diagnosis"]["cause"] == "number_suspended_arrears"
    assert ended["end"]["seen"].startswith(f"{NUMBER} is active")
    assert ended["end"]["at"] == ended["restored_at"]


async def test_while_the_fault_lasts_another_cause_is_news(run: Run) -> None:
    """The control: facts that show the fault may say why anew."""
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    run.scene.diagnosed = verdict(Cause.NUMBER_SUSPENDED_VIOLATION)
    await run.step(alert(), seconds=300)
    (ticket,) = run.tickets.open
    assert ticket.diagnosis is not None
    assert ticket.diagnosis.cause is Cause.NUMBER_SUSPENDED_VIOLATION
    assert document(ticket, run.now)["end"] is None


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (ENGLISH, ("It was: Number suspended for arrears", "the recovery was seen")),
        (CHINESE, ("当时的原因: 号码欠费停机", "已看到恢复")),
    ],
)
@pytest.mark.parametrize("kind", [RESOLVED, CLOSED])
async def test_sinks_are_told_both_in_words(
    run: Run, locale: str, words: tuple[str, ...], kind: str
) -> None:
    run.scene.states[NUMBER] = NumberState.SUSPENDED_ARREARS
    await run.step(alert())
    run.scene.states[NUMBER] = NumberState.ACTIVE
    ended = await _ended(run)
    delivery = Delivery(kind, "2026-11-29T00:00:00.000Z", ended["revision"], ended)
    _headline, lines = Writer(locale).message(delivery)
    assert all(any(it in line for line in lines) for it in words), lines
    assert not any("number_suspended_arrears" in line for line in lines)
