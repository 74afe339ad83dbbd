"""What a test call showed, as lines for people."""

from collections.abc import Iterator
from typing import Final

from rich.text import Text

from agent.cli.words import Words
from agent.diagnosis.prompts import PROMPTS_BY_NAME
from agent.i18n import Message
from agent.probing.hearing.tone_table import ToneKind
from agent.probing.observation import Ended
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
from agent.testcalls.document import Document

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


def lines(report: Document, words: Words, width: int) -> Iterator[Text]:
    """The report for people."""
    blamed = report["line_at_fault"]
    outcome = CallOutcome.UNKNOWN if blamed else CallOutcome(report["outcome"])
    good = outcome in SUCCESSFUL
    style = "bold green" if good else "bold yellow" if _is_unknown(outcome) else "bold red"
    number = report["number"]
    yield from paragraph(Text(f"{number}  {words.say(OUTCOMES[outcome])}", style=style), width)
    values = {"caller": report["caller"], "number": number}
    if blamed:
        yield from paragraph(words.say(LINE_AT_FAULT, **values), width, "  ")
    elif blamed is None:
        yield from paragraph(words.say(CONTROL_UNKNOWN, **values), width, "  ")
    if failure := report["words_failure"]:
        yield from paragraph(_speech_failure(failure, words), width, "  ")
    if report["forwarded"]:
        yield from paragraph(words.say(_FORWARDED), width, "  ")
    received, lost, mos = report["packets_received"], report["packets_lost"], report["mos"]
    pairs = [
        (_CERTAINTY, f"{report['confidence']:.0%}" if not _is_unknown(outcome) else ""),
        (_CALLER, report["caller"]),
        (_SETUP, _seconds(report["setup_seconds"], words)),
        (_ANSWERED, _seconds(report["answered_after_seconds"], words)),
        (_HEARD, _tones(report, words)),
        (_ANNOUNCEMENT, _announcement(report["announcement"] or "", words)),
        (_WORDS, report["words"] or ""),
        (_QUALITY, "" if mos is None else f"{mos:.1f}"),
        (_PACKETS, f"{received}, {lost}" if received else ""),
        (_SIP, _answer(report)),
        (_ENDED, words.say(ENDED[Ended(report["ended_by"])])),
        (_REMAINING, str(report["calls_left_today"])),
    ]
    yield from facts(((words.say(label), value) for label, value in pairs), width, indent=2)


def _tones(report: Document, words: Words) -> str:
    tones = (*report["early_media"]["tones"], *report["after_answer"]["tones"])
    kinds = dict.fromkeys(ToneKind(tone["kind"]) for tone in tones)
    return ", ".join(words.say(TONES[kind]) for kind in kinds)


def _answer(report: Document) -> str:
    status, cause = report["sip_status"], report["q850_cause"]
    text = f"{status} {report['sip_phrase']}".strip() if status else ""
    return text if cause is None else f"{text}  Q.850 {cause}"


def _announcement(name: str, words: Words) -> str:
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
