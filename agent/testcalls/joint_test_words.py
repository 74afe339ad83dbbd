"""A joint test by test calls in words: what each caller heard, or why it did not call.

A timeline stores each part as :attr:`agent.tickets.joint_test.JointTestCall.words` has it; it is
read from that again, so that a reader has it in their language.
"""

import re
from collections.abc import Mapping
from typing import Final

from agent.i18n import Joined, Message, Text
from agent.probing.book import Refusal
from agent.probing.outcome import CallOutcome
from agent.probing.texts import OUTCOMES
from agent.tickets.joint_test import JointTest, JointTestCall, JointTestState

CANNOT_CALL: Final = "cannot_call"
"""Why no call was made where no test call can be made at all."""
REFUSALS: Final[Mapping[str, Message]] = {
    Refusal.CALLER_HOURS: Message("outside the hours of the line"),
    Refusal.NUMBER_HOURS: Message("outside the hours of the number"),
    Refusal.HOURS_UNKNOWN: Message("the hours of the number could not be read"),
    Refusal.NOT_OURS: Message("the number is not one of a configured account"),
    Refusal.LISTING_UNKNOWN: Message("whether an account has the number could not be read"),
    Refusal.BUDGET: Message("the line has no call left today"),
    Refusal.CONCURRENCY: Message("the line is in a call"),
    Refusal.PHONE_BUSY: Message("another test call rings at the same phones"),
    Refusal.LEDGER: Message("the ledger cannot be written"),
    CANNOT_CALL: Message("no test call can be made here: the agent's log says why"),
}
STATES: Final[Mapping[JointTestState, Message]] = {
    JointTestState.CALLING: Message("calls are made, or wait"),
    JointTestState.PASSED: Message("every test call got through"),
    JointTestState.FAILED: Message("a test call did not get through"),
    JointTestState.UNDECIDED: Message("the test calls decide nothing, a person is to test"),
}
_CALLED: Final = re.compile(
    r"(?P<caller>\S+) (?P<outcome>[a-z_]+) \((?P<confidence>[01]\.\d\d)(?P<doubt>, not judged)?\)"
)
_NOT_CALLED: Final = re.compile(r"(?P<caller>\S+) not called: (?P<refusal>[a-z_]+)")
_BETWEEN: Final = re.compile(r", (?!not judged\))")


def call_text(call: JointTestCall) -> Text:
    """One caller's part."""
    if call.refusal:
        return _not_called(call.caller, call.refusal)
    return _called(
        call.caller, call.outcome, call.confidence, is_judged=call.result != "not_judged"
    )


def joint_test_text(joint: JointTest, locale: str) -> str:
    """The result of a joint test with what each caller heard."""
    parts = tuple(call_text(it).text(locale) for it in joint.calls)
    state = STATES[joint.state].text(locale)
    if not parts:
        return state
    values = {"text": state, "calls": Joined(parts).text(locale)}
    return Message("{text}: {calls}", values).text(locale)


def stored_calls_text(stored: str, locale: str) -> str:
    """Parts as a timeline stores them; what is none of them stays as it is."""
    return Joined(tuple(map(_stored_call, _BETWEEN.split(stored)))).text(locale)


def refusal_text(refusal: str, locale: str) -> str:
    """Why a call waits or was not made; the code itself where it is unknown."""
    return REFUSALS[refusal].text(locale) if refusal in REFUSALS else refusal


def _stored_call(stored: str) -> Text | str:
    if found := _NOT_CALLED.fullmatch(stored):
        return _not_called(found["caller"], found["refusal"])
    found = _CALLED.fullmatch(stored)
    if found is None or found["outcome"] not in set(CallOutcome):
        return stored
    confidence = float(found["confidence"])
    return _called(found["caller"], found["outcome"], confidence, is_judged=found["doubt"] is None)


def _not_called(caller: str, refusal: str) -> Message:
    why = REFUSALS.get(refusal, refusal)
    return Message("{caller} did not call ({why})", {"caller": caller, "why": why})


def _called(caller: str, outcome: str, confidence: float, *, is_judged: bool) -> Message:
    known = outcome in set(CallOutcome)
    text = OUTCOMES[CallOutcome(outcome)] if known else outcome
    values = {"caller": caller, "text": text, "percent": round(confidence * 100)}
    if is_judged:
        return Message("{caller}: {text} (certainty {percent} %)", values)
    return Message("{caller}: {text} (says nothing of the number)", values)
