"""What a test call showed, as the JSON document that the command and the API give."""

from collections.abc import Sequence
from typing import Any

from agent.masking import mask_text
from agent.probing.call import PlacedCall
from agent.probing.facts import Control
from agent.probing.observation import Hearing

Document = dict[str, Any]


def report_document(number: str, calls: Sequence[Document], control: Control) -> Document:
    """The report; no phone is in it but the number that was called.

    Args:
        number: The number that was called.
        calls: The call, and that of the control number where it was called for this.
        control: What the control number says of the line.
    """
    return {
        "number": number,
        **calls[0],
        "line_at_fault": {Control.FAILED: True, Control.UNKNOWN: None}.get(control, False),
        "control": calls[1] if len(calls) > 1 else None,
    }


def call_document(call: PlacedCall) -> Document:
    """One call as JSON values."""
    observation, judgement = call.observation, call.judgement
    signalling, reception = observation.signalling, observation.reception
    return {
        "caller": call.caller,
        "outcome": judgement.outcome.value,
        "confidence": judgement.confidence,
        "evidence": list(judgement.evidence),
        "announcement": judgement.prompt or None,
        "announcement_confidence": judgement.prompt_confidence,
        "words": mask_text(observation.early.words) or None,
        "words_failure": observation.early.words_failure or None,
        "sip_status": signalling.status or None,
        "sip_phrase": mask_text(signalling.phrase),
        "q850_cause": signalling.cause,
        "provisional": list(signalling.provisional),
        "forwarded": signalling.is_forwarded,
        "setup_seconds": signalling.setup,
        "answered_after_seconds": signalling.answered,
        "duration_seconds": round(signalling.duration, 3),
        "ended_by": signalling.ended.value,
        "early_media": _hearing_document(observation.early),
        "after_answer": _hearing_document(observation.talk),
        "packets_received": reception.packets,
        "packets_lost": reception.lost,
        "packets_sent": reception.sent,
        "mos": None if call.mos is None else round(call.mos, 2),
        "engine_failure": call.record.failure or None,
        "calls_left_today": call.remaining,
    }


def _hearing_document(hearing: Hearing) -> Document:
    return {
        "seconds": round(hearing.seconds, 2),
        "silent_share": None if hearing.silent_share is None else round(hearing.silent_share, 3),
        "tones": [
            {
                "kind": tone.kind.value,
                "start": round(tone.start, 2),
                "end": round(tone.end, 2),
                "confidence": tone.confidence,
            }
            for tone in hearing.tones
        ],
    }
