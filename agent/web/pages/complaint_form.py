"""The entry forms of a complaint and of a fault report: their fields, and how they are read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from agent.complaints.complaint import (
    MOST_CALLERS,
    Channel,
    ComplaintKind,
    ComplaintReport,
    Pattern,
    Trouble,
)
from agent.complaints.report import TEXT_LIMITS, InvalidComplaintError, report_of
from agent.i18n import Message

_BETWEEN_NUMBERS = re.compile(r"[,;，；、\n]+|\s{2,}")


@dataclass(frozen=True)
class FormField:
    """One field of an entry form."""

    name: str
    label: Message
    kind: str = "text"
    """``text``, ``area``, ``choice`` or ``time``."""
    choices: tuple[str, ...] = ()
    group: str = ""
    """The group of the choices' labels."""
    hint: Message | None = None
    is_required: bool = False
    longest: int = 200


_NUMBER = FormField("number", Message("Number"), is_required=True, longest=20)
_COMPANY = FormField("company", Message("Company"), longest=TEXT_LIMITS["company"])
_SYMPTOM = FormField("symptom", Message("What callers notice"), "choice", (*Trouble,), "trouble")
_SINCE = FormField("at", Message("Since when"), "time", hint=Message("empty: now"))
_PATTERN = FormField("pattern", Message("Pattern"), "choice", (*Pattern,), "pattern")
_PROMPT = FormField("prompt", Message("Prompt heard"), longest=TEXT_LIMITS["prompt"])
_CONTACT = FormField("contact", Message("Contact"), longest=TEXT_LIMITS["contact"])
_CONTENT = FormField("content", Message("In their words"), "area", longest=TEXT_LIMITS["content"])
_CALLER = FormField("caller", Message("Caller's number"), longest=32)
_CALLERS = FormField(
    "callers",
    Message("Callers that failed"),
    hint=Message("two or three numbers, separated by commas"),
)
_CHANNEL = FormField("channel", Message("Received by"), "choice", (*Channel,), "channel")

FORMS: Final[Mapping[ComplaintKind, tuple[FormField, ...]]] = {
    ComplaintKind.COMPLAINT: (
        *(_NUMBER, _CALLER, _COMPANY, _SYMPTOM, _SINCE, _PATTERN),
        *(_PROMPT, _CHANNEL, _CONTACT, _CONTENT),
    ),
    ComplaintKind.FAULT_REPORT: (
        *(_NUMBER, _COMPANY, _SYMPTOM, _SINCE, _PATTERN, _CALLERS),
        *(_PROMPT, _CONTACT, _CONTENT),
    ),
}
"""The fields of each form (docs/reference/domain.md §3), in order."""


def report_of_form(
    kind: ComplaintKind, form: Mapping[str, str], now: float, zone: ZoneInfo
) -> ComplaintReport:
    """The report that the values of ``form`` make; times are in ``zone``.

    Raises:
        InvalidComplaintError: with every field that cannot be read.
    """
    names = {field.name for field in FORMS[kind]}
    raw: dict[str, Any] = {name: form[name].strip() for name in names if form.get(name, "").strip()}
    raw["kind"] = kind.value
    if "callers" in raw:
        raw["callers"] = [it.strip() for it in _BETWEEN_NUMBERS.split(raw["callers"]) if it.strip()]
    if "at" in raw and (at := _local_time(raw["at"], zone)) is not None:
        raw["at"] = at
    if "number" in raw:
        raw["number"] = re.sub(r"[\s-]", "", raw["number"])
    return report_of(raw, now)


def _local_time(text: str, zone: ZoneInfo) -> float | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


PROBLEMS: Final[Mapping[str, Message]] = {
    "number": Message("a number of 5 to 20 digits is expected"),
    "caller": Message("this is not a phone number"),
    "callers": Message("up to {most} phone numbers are expected", {"most": MOST_CALLERS}),
    "at": Message("a time in the last 30 days is expected"),
}
"""What a field expects, beside it."""
UNLISTED: Final = Message("no account has this number")


def problems_of(error: InvalidComplaintError) -> dict[str, Message]:
    """What to show beside each field."""
    return {name: PROBLEMS.get(name, problem) for name, problem in error.problems.items()}
