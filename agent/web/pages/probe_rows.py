"""Test calls as pages show them: how each went, in words, and what is known of its line."""

from dataclasses import dataclass

from agent.i18n import Joined
from agent.masking import mask_text
from agent.probing.facts import Control, ProbeCall
from agent.probing.observation import Ended
from agent.probing.texts import ENDED
from agent.testcalls.outcome import RECORDING, TRACE
from agent.testcalls.words import (
    CONTROLS,
    KINDS,
    PURPOSES,
    announcement_text,
    evidence_text,
    health_of,
    outcome_text,
)


@dataclass(frozen=True)
class ProbeRow:
    """One test call in the reader's language."""

    call: ProbeCall
    health: str
    """What it says of the number: ``ok``, ``down`` or ``unknown``."""
    outcome: str
    announcement: str
    words: str
    """What a machine wrote down of what was said."""
    line: str
    """What is known of the line that called."""
    line_health: str
    caller_facts: str
    """The caller's carrier, area and kind."""
    purpose: str
    ended: str
    answer: str
    """What the network answered: status, phrase, Q.850 cause."""
    evidence: str
    """What decided how it went, the strongest first."""
    has_recording: bool
    has_trace: bool


def probe_row(call: ProbeCall, locale: str, files: tuple[str, ...] = ()) -> ProbeRow:
    """``call`` as a page shows it."""
    kind = KINDS.get(call.kind)
    facts = (call.carrier, call.area, "" if kind is None else kind.text(locale))
    ended = ENDED.get(Ended(call.ended)) if call.ended in set(Ended) else None
    return ProbeRow(
        call=call,
        health=health_of(call),
        outcome=outcome_text(call.outcome, locale),
        announcement=announcement_text(call.prompt, locale),
        words=mask_text(call.words),
        line=CONTROLS[call.control].text(locale),
        line_health=_LINE_HEALTH[call.control],
        caller_facts=" · ".join(filter(None, facts)),
        purpose=PURPOSES[call.purpose].text(locale),
        ended="" if ended is None else ended.text(locale),
        answer=_answer(call),
        evidence=Joined(tuple(map(evidence_text, call.evidence))).text(locale),
        has_recording=RECORDING in files,
        has_trace=TRACE in files,
    )


_LINE_HEALTH = {
    Control.NOT_NEEDED: "ok",
    Control.PASSED: "ok",
    Control.FAILED: "down",
    Control.UNKNOWN: "unknown",
    Control.NOT_CONFIGURED: "unknown",
}


def _answer(call: ProbeCall) -> str:
    status = f"{call.sip_status} {mask_text(call.sip_phrase)}".strip() if call.sip_status else ""
    cause = "" if call.q850_cause is None else f"Q.850 {call.q850_cause}"
    return ", ".join(filter(None, (status, cause)))
