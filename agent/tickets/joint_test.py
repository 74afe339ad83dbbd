"""The joint test of a ticket by test calls: who asked for it, what was called, what it showed."""

from collections.abc import Sequence
from enum import StrEnum, unique

import msgspec


@unique
class JointTestState(StrEnum):
    """How far a joint test is."""

    CALLING = "calling"
    """Calls are made, or wait until they may be."""
    PASSED = "passed"
    """The number was called by every caller, and each call got through."""
    FAILED = "failed"
    """A call did not get through, and its line works."""
    UNDECIDED = "undecided"
    """Nothing is concluded: a person is to test."""


class JointTestCall(msgspec.Struct, frozen=True, gc=False):
    """One caller's part of a joint test."""

    caller: str
    carrier: str = ""
    call: str = ""
    """The id of the test call; empty where none was made."""
    at: float | None = None
    outcome: str = ""
    """A value of :class:`agent.probing.outcome.CallOutcome`."""
    confidence: float = 0.0
    result: str = ""
    """``passed``, ``failed``, or ``not_judged`` where it says nothing of the number."""
    refusal: str = ""
    """Why no call was made."""

    @property
    def words(self) -> str:
        """The part in a few words, as the timeline has it."""
        if self.refusal:
            return f"{self.caller} not called: {self.refusal}"
        judged = "" if self.result != "not_judged" else ", not judged"
        return f"{self.caller} {self.outcome} ({self.confidence:.2f}{judged})"


class JointTest(msgspec.Struct, frozen=True):
    """The newest joint test of a ticket that was made by test calls."""

    turn: int
    """The first of the ticket is 1; each is made once."""
    requested_at: float
    requested_by: str
    state: JointTestState = JointTestState.CALLING
    ended_at: float | None = None
    calls: tuple[JointTestCall, ...] = ()
    waits_for: str = ""
    """Why a call waits; empty while none does."""


def conclusion_of(calls: Sequence[JointTestCall]) -> JointTestState:
    """What the calls of all callers show together; nothing is passed for lack of a call."""
    results = [it.result for it in calls]
    if "failed" in results:
        return JointTestState.FAILED
    if results and all(it == "passed" for it in results):
        return JointTestState.PASSED
    return JointTestState.UNDECIDED
