"""What a test call showed, as lines for people and as a JSON document."""

from collections.abc import Iterator
from typing import Any, Final

from rich.text import Text

from agent.cli.words import Words
from agent.diagnosis.prompts import PROMPTS_BY_NAME
from agent.i18n import Message
from agent.probing.call import PlacedCall
from agent.probing.observation import Hearing
from agent.probing.outcome import SUCCESSFUL, CallOutcome
from agent.probing.texts import (
    CONTROL_UNKNOWN,
    ENDED,
    LINE_AT_FAULT,
    OUTCOMES,
    SPEECH_FAILED,
    SPEECH_MISSING,
    TONES,
)
from agent.terminal.grid import facts, paragraph

_CERTAINTY: Final = Message("certainty")
_CALLER: Final = Message("called from")
_SETUP: Final = Message("until something was heard of it")
_ANSWERED: Final = Message("until the answer")
_ANNOUNCEMENT: Final = Message("announcement")
_HEARD: Final = Message("tones")
_WORDS: Final = Message("said, written down by a machine")
_QUALITY: Final = Message("quality (MOS)")
_PACKETS: Final = Message("packets received, lost")
_SIP: Final = Message("answer of the network")
_ENDED: Final = Message("ended")
_REMAINING: Final = Message("calls left today")
_FORWARDED: Final = Message("the network said that the call is forwarded")
_SECONDS: Final = Message("{n} s")


def lines(
    call: PlacedCall, control: PlacedCall | None, words: Words, width: int, *, unchecked: bool
) -> Iterator[Text]:
    """The report for people."""
    judgement, signalling = call.judgement, call.observation.signalling
    is_blind = control is not None and control.judgement.outcome not in SUCCESSFUL
    outcome = CallOutcome.UNKNOWN if is_blind else judgement.outcome
    good = outcome in SUCCESSFUL
    style = "bold green" if good else "bold yellow" if _is_unknown(outcome) else "bold red"
    yield from paragraph(Text(f"{call.number}  {words.say(OUTCOMES[outcome])}", style=style), width)
    values = {"caller": call.caller, "number": call.number}
    if is_blind:
        yield from paragraph(words.say(LINE_AT_FAULT, **values), width, "  ")
    elif unchecked:
        yield from paragraph(words.say(CONTROL_UNKNOWN, **values), width, "  ")
    if failure := call.observation.early.words_failure:
        yield from paragraph(_speech_failure(failure, words), width, "  ")
    if signalling.is_forwarded:
        yield from paragraph(words.say(_FORWARDED), width, "  ")
    tones = [tone.kind for tone in (*call.observation.early.tones, *call.observation.talk.tones)]
    reception = call.observation.reception
    status = f"{signalling.status} {signalling.phrase}".strip() if signalling.status else ""
    cause = "" if signalling.cause is None else f"  Q.850 {signalling.cause}"
    pairs = [
        (_CERTAINTY, f"{judgement.confidence:.0%}" if not _is_unknown(outcome) else ""),
        (_CALLER, call.caller),
        (_SETUP, _seconds(signalling.setup, words)),
        (_ANSWERED, _seconds(signalling.answered, words)),
        (_HEARD, ", ".join(words.say(TONES[kind]) for kind in dict.fromkeys(tones))),
        (_ANNOUNCEMENT, _announcement(call, words)),
        (_WORDS, call.observation.early.words),
        (_QUALITY, "" if call.mos is None else f"{call.mos:.1f}"),
        (_PACKETS, f"{reception.packets}, {reception.lost}" if reception.packets else ""),
        (_SIP, f"{status}{cause}"),
        (_ENDED, words.say(ENDED[signalling.ended])),
        (_REMAINING, str(call.remaining)),
    ]
    yield from facts(((words.say(label), value) for label, value in pairs), width, indent=2)


def document(
    call: PlacedCall, control: PlacedCall | None, *, unchecked: bool = False
) -> dict[str, Any]:
    """The report as JSON values; no phone is in it but the number that was called."""
    is_blind = control is not None and control.judgement.outcome not in SUCCESSFUL
    return {
        "number": call.number,
        **_call_document(call),
        "line_at_fault": is_blind if control is not None else None if unchecked else False,
        "control": None if control is None else _call_document(control),
    }


def _call_document(call: PlacedCall) -> dict[str, Any]:
    observation, judgement = call.observation, call.judgement
    signalling, reception = observation.signalling, observation.reception
    return {
        "caller": call.caller,
        "outcome": judgement.outcome.value,
        "confidence": judgement.confidence,
        "evidence": list(judgement.evidence),
        "announcement": judgement.prompt or None,
        "announcement_confidence": judgement.prompt_confidence,
        "words": observation.early.words or None,
        "words_failure": observation.early.words_failure or None,
        "sip_status": signalling.status or None,
        "sip_phrase": signalling.phrase,
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


def _hearing_document(hearing: Hearing) -> dict[str, Any]:
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


def _announcement(call: PlacedCall, words: Words) -> str:
    name = call.judgement.prompt
    known = PROMPTS_BY_NAME.get(name)
    return name if known is None else words.say(known.text)


def _speech_failure(failure: str, words: Words) -> str:
    if failure == SPEECH_MISSING.msgid:
        return words.say(SPEECH_MISSING)
    return words.say(SPEECH_FAILED, reason=failure)


def _seconds(value: float | None, words: Words) -> str:
    return "" if value is None else words.say(_SECONDS, n=f"{value:.1f}")


def _is_unknown(outcome: CallOutcome) -> bool:
    return outcome is CallOutcome.UNKNOWN
