"""The words of stored test calls: what they show, why they were made, how the line was checked."""

from collections.abc import Mapping
from typing import Final

from agent.diagnosis.prompts import PROMPTS_BY_NAME
from agent.i18n import Message, Text, contextual
from agent.probing.facts import Control, ProbeCall, Purpose
from agent.probing.hearing.tone_table import ToneKind
from agent.probing.outcome import CallOutcome
from agent.probing.texts import OUTCOMES, TONES

CONTROLS: Final[Mapping[Control, Message]] = {
    Control.NOT_NEEDED: Message("it works: the call got through"),
    Control.NOT_CONFIGURED: Message("not checked: there is no control number"),
    Control.PASSED: Message("it works: the control number answered"),
    Control.FAILED: Message("it is at fault: nothing is concluded about the number"),
    Control.UNKNOWN: Message("it could not be checked: nothing is concluded about the number"),
}
"""What is known of the line that called."""
PURPOSES: Final[Mapping[Purpose, Message]] = {
    Purpose.MANUAL: Message("somebody asked for it"),
    Purpose.PLAN: Message("by a plan"),
    Purpose.ACCEPTANCE: Message("for an acceptance"),
    Purpose.JOINT_TEST: Message("joint test of a ticket"),
    Purpose.CONTROL: Message("to check the line"),
}
KINDS: Final[Mapping[str, Message]] = {
    "mobile": contextual("test call line", "mobile"),
    "landline": contextual("test call line", "landline"),
}
_EVIDENCE: Final[Mapping[str, Message]] = {
    "announcement": Message("an announcement that is enrolled"),
    "speech": Message("words that a machine wrote down"),
    "silence": Message("silence after the answer"),
    "rtp:none": Message("no packet of sound came"),
    "engine": Message("our engine failed"),
    "engine:starved": Message("our engine stood still for a time, as on a busy machine"),
}
"""What decided, by its code in :attr:`agent.probing.outcome.Judgement.evidence`."""


def health_of(call: ProbeCall) -> str:
    """What the call says of the number: ``ok``, ``down``, or ``unknown`` where it says nothing."""
    return "ok" if call.got_through else "down" if call.failed else "unknown"


def outcome_text(outcome: str, locale: str) -> str:
    """How a call went, in words."""
    return OUTCOMES[CallOutcome(outcome)].text(locale)


def announcement_text(name: str, locale: str) -> str:
    """An announcement in words, where its name is one of the known ones; else its name."""
    known = PROMPTS_BY_NAME.get(name)
    return name if known is None else known.text.text(locale)


def evidence_text(code: str) -> Text | str:
    """What decided how a call went, in words; ``code`` itself where it has none."""
    kind, _, value = code.partition(":")
    if kind == "tone" and value in set(ToneKind):
        return TONES[ToneKind(value)]
    if kind == "sip":
        return Message("SIP status {status}", {"status": value})
    if kind == "q850":
        return Message("cause {cause} of Q.850", {"cause": value})
    return _EVIDENCE.get(code, code)
