"""What test calls do to a ticket: they are asked for, wait, and show how its joint test went."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from agent.i18n import Message
from agent.states import Scope, Stage
from agent.tickets.actions.effects import ActionContext
from agent.tickets.actions.request import ActionRequestError
from agent.tickets.changes import AGENT, UPDATED, Change, changed
from agent.tickets.joint_test import JointTest, JointTestCall, JointTestState, conclusion_of
from agent.tickets.lifecycle import Guard, advance
from agent.tickets.ticket import Entry, Progress, Ticket

EVENT: Final = "joint_test"
_SENTENCES: Final[Mapping[JointTestState, str]] = {
    JointTestState.PASSED: "every test call got through: {}",
    JointTestState.FAILED: "a test call did not get through: {}",
    JointTestState.UNDECIDED: "the test calls decide nothing, a person is to test: {}",
}
_TESTABLE: Final = frozenset({Stage.RESTORED, Stage.REPAIRED, Stage.TESTING})
_SCOPES: Final = frozenset({Scope.NUMBER, Scope.BINDING})


def is_calling(ticket: Ticket) -> bool:
    """Whether its joint test by test calls is under way."""
    joint = ticket.joint_test
    return (
        ticket.stage is Stage.TESTING
        and joint is not None
        and joint.state is JointTestState.CALLING
    )


def can_be_called(ticket: Ticket) -> bool:
    """Whether a joint test by test calls may begin now."""
    subject = ticket.subject
    is_of_a_number = subject.scope in _SCOPES and bool(subject.number and subject.account)
    return is_of_a_number and ticket.stage in _TESTABLE and not is_calling(ticket)


def test_calls(ticket: Ticket, context: ActionContext) -> Ticket:
    """The number is to be called for the joint test, by every caller of ``dial.joint_test``.

    Raises:
        ActionRequestError: when no callers are configured.
    """
    if not context.policy.joint_test_callers:
        problem = Message("nobody is configured to call, expected dial.joint_test.callers")
        raise ActionRequestError(problem, "action")
    if ticket.stage is not Stage.TESTING:
        ticket = context.advance(ticket, Stage.TESTING)
    turn = 1 if ticket.joint_test is None else ticket.joint_test.turn + 1
    return replace(ticket, joint_test=JointTest(turn, context.now, context.actor_label))


def waiting(ticket: Ticket, turn: int, why: str, now: float) -> Change | None:
    """Writes down, once for a reason, why the calls of a joint test wait; else ``None``."""
    joint = _of_turn(ticket, turn)
    if joint is None or joint.waits_for == why:
        return None
    after = replace(ticket, joint_test=replace(joint, waits_for=why))
    entry = Entry(now, AGENT, EVENT, f"test calls wait: {why}")
    return changed(ticket, after, [entry], UPDATED, now)


def concluded(
    ticket: Ticket, turn: int, calls: Sequence[JointTestCall], now: float
) -> Change | None:
    """Records what the calls of a joint test have shown; ``None`` where it is not wanted any more.

    A failed call sends the ticket back to its diagnosis, as a joint test does that people make.
    """
    joint = _of_turn(ticket, turn)
    if joint is None:
        return None
    state = conclusion_of(calls)
    ended = replace(joint, state=state, ended_at=now, calls=tuple(calls), waits_for="")
    after = ticket
    if state is JointTestState.FAILED:
        after = advance(ticket, Stage.DIAGNOSING, {Guard.REASON_GIVEN}, now)
        after = replace(after, progress=Progress())
    after = replace(after, joint_test=ended)
    reason = _SENTENCES[state].format(", ".join(it.words for it in calls) or "no callers")
    return changed(ticket, after, [Entry(now, AGENT, EVENT, reason)], UPDATED, now)


def _of_turn(ticket: Ticket, turn: int) -> JointTest | None:
    joint = ticket.joint_test
    return joint if is_calling(ticket) and joint is not None and joint.turn == turn else None
