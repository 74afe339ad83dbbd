"""Reads a complaint or a fault report, whoever sends it: the webhook, or a form of the pages.

The fields are those of docs/reference/domain.md §3; every text is sanitized. Every mistake is
reported at once, by field.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any, Final

import msgspec

from agent.complaints.complaint import (
    MOST_CALLERS,
    Channel,
    ComplaintKind,
    ComplaintReport,
    Pattern,
    Trouble,
)
from agent.i18n import ENGLISH, Message
from agent.masking import mask_phone, mask_text
from agent.net.scrub import scrub
from agent.net.timestamps import iso_parser
from agent.routing.caller import caller_number

TEXT_LIMITS: Final[Mapping[str, int]] = {
    "prompt": 200,
    "content": 2000,
    "reference": 100,
    "handler": 100,
    "company": 100,
    "contact": 100,
}
"""Characters of each text."""
_NUMBER = re.compile(r"\d{5,20}", re.ASCII)
_CALLER = re.compile(r"\+?[\d\s\-()]{3,32}", re.ASCII)
_MAX_AGE = 30 * 86400.0
"""Seconds before now that a complaint's time may be; older ones are no matter for monitoring."""
_parse_time = iso_parser(UTC)
_NO_CALLER = Message("{field} is not a phone number")


class InvalidComplaintError(ValueError):
    """What was sent is no complaint.

    Attributes:
        problems: What is wrong, by field; the empty name is the whole.
    """

    def __init__(self, problems: Mapping[str, Message]) -> None:
        super().__init__("; ".join(problem.text(ENGLISH) for problem in problems.values()))
        self.problems = problems


class _InvalidFieldError(ValueError):
    def __init__(self, problem: Message) -> None:
        super().__init__(problem.msgid)
        self.problem = problem


def report_of(raw: Mapping[str, Any], now: float) -> ComplaintReport:
    """The complaint that the fields of ``raw`` make.

    A time in the future counts as ``now``, because a sender's clock may be ahead.

    Raises:
        InvalidComplaintError: with every field that cannot be read.
    """
    problems: dict[str, Message] = {}
    values: dict[str, Any] = {}
    for name, read in _READERS.items():
        try:
            values[name] = read(raw.get(name), now)
        except _InvalidFieldError as error:
            problems[name] = error.problem
    for name, limit in TEXT_LIMITS.items():
        text = raw.get(name)
        if text is None or isinstance(text, str):
            values[name] = scrub(text or "", limit).strip()
        else:
            problems[name] = Message("{field} is not a text", {"field": name})
    unknown = sorted(raw.keys() - {*_READERS, *TEXT_LIMITS})
    if unknown:
        names = scrub(", ".join(map(str, unknown)), 100)
        problems[""] = Message("it has keys that are not known: {names}", {"names": names})
    if problems:
        raise InvalidComplaintError(problems)
    return ComplaintReport(has_time=raw.get("at") is not None, **values)


def caller_of(text: str) -> str:
    """The digits of a caller's number, however it was written; empty where it is no number."""
    digits = caller_number(text) if _CALLER.fullmatch(text) else ""
    return digits if digits.strip("+") else ""


def identity_of(delivery_id: str, report: ComplaintReport) -> str | None:
    """An id that is the same for a repeat of the complaint and differs from all others.

    It is a hash of the delivery's id; without one, of the other system's own reference; without
    that, of the whole text if it has a time. ``None`` when a repeat cannot be distinguished from
    another complaint, so that each counts as one.
    """
    if delivery_id:
        parts: tuple[str, ...] = ("webhook", delivery_id)
    elif report.reference:
        parts = ("reference", report.number, report.reference)
    elif report.has_time:
        # Masked: the id is shown, and hidden digits could be found by trying them out.
        texts = map(mask_text, (report.prompt, report.content))
        parts = ("words", report.number, mask_phone(report.caller), repr(report.at), *texts)
    else:
        return None
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()[:32]


def _number(raw: object, _now: float) -> str:
    if not isinstance(raw, str) or not _NUMBER.fullmatch(raw):
        raise _InvalidFieldError(Message("number is not a text of 5 to 20 digits"))
    return raw


def _caller(raw: object, _now: float) -> str:
    """The caller's number in one form, however it was written."""
    return "" if raw in (None, "") else _phone(raw, "caller")


def _callers(raw: object, _now: float) -> tuple[str, ...]:
    """The numbers of callers that failed, each once."""
    if raw in (None, ""):
        return ()
    if not isinstance(raw, list) or len(raw) > MOST_CALLERS:
        values = {"most": MOST_CALLERS}
        raise _InvalidFieldError(Message("callers is not a list of up to {most} numbers", values))
    return tuple(dict.fromkeys(_phone(it, "callers") for it in raw))


def _phone(raw: object, field: str) -> str:
    """The digits of a phone; a mobile number dialled from another city has a leading 0."""
    digits = caller_of(raw) if isinstance(raw, str) else ""
    if not digits:
        raise _InvalidFieldError(_NO_CALLER.with_values(field=field))
    return digits


def _time(raw: object, now: float) -> float:
    if raw is None:
        return now
    try:
        at = raw if isinstance(raw, int | float) and raw is not True else _parse_time(raw)
    except (ValueError, OverflowError):
        problem = Message("at is neither a time in ISO 8601 nor epoch seconds")
        raise _InvalidFieldError(problem) from None
    if not now - _MAX_AGE <= at <= now + _MAX_AGE:
        raise _InvalidFieldError(Message("at is more than 30 days off"))
    return min(at, now)


def _choice(field: str, choices: tuple[str, ...], default: str) -> Callable[[object, float], str]:
    def read(raw: object, _now: float) -> str:
        if raw is None:
            return default
        if not isinstance(raw, str) or raw not in choices:
            values = {"field": field, "choices": ", ".join(filter(None, choices))}
            raise _InvalidFieldError(Message("{field} is none of {choices}", values))
        return raw

    return read


_READERS: Final[Mapping[str, Callable[[Any, float], Any]]] = {
    "number": _number,
    "caller": _caller,
    "callers": _callers,
    "at": _time,
    "channel": lambda raw, now: Channel(_choice("channel", (*Channel,), Channel.OTHER)(raw, now)),
    "kind": lambda raw, now: ComplaintKind(
        _choice("kind", (*ComplaintKind,), ComplaintKind.COMPLAINT)(raw, now)
    ),
    "symptom": _choice("symptom", ("", *Trouble), ""),
    "pattern": _choice("pattern", ("", *Pattern), ""),
}
"""How each field that is no free text is read."""
