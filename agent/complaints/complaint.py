"""Complaints of callers, and when they make a severe fault (docs/reference/domain.md §3).

A complaint belongs to the ticket of the number it is about, or to that ticket's root cause. It
never contains its caller's number: only the masked number, and a keyed hash that distinguishes
callers.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, unique
from itertools import islice

import msgspec

SYMPTOM = "complaint"
"""The symptom of a ticket that complaints alone opened."""
WINDOW = 1800.0
"""Seconds within which complaints of several callers make a severe fault, and which must pass
after the last of them (docs/reference/domain.md §3)."""
MIN_CALLERS = 3
"""The number of different callers whose complaints make a severe fault."""


@unique
class Channel(StrEnum):
    """How a complaint was received (docs/reference/domain.md §3)."""

    HOTLINE = "hotline"
    WEB = "web"
    MAIL = "mail"
    SHOP = "shop"
    OTHER = "other"


@unique
class ComplaintKind(StrEnum):
    """A caller's complaint, or the report of a fault (docs/reference/domain.md §3)."""

    COMPLAINT = "complaint"
    FAULT_REPORT = "fault_report"


@unique
class Pattern(StrEnum):
    """Whether the trouble is always there."""

    CONTINUOUS = "continuous"
    INTERMITTENT = "intermittent"


@unique
class Trouble(StrEnum):
    """What callers notice, in their words."""

    NO_CONNECTION = "no_connection"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    WRONG_PROMPT = "wrong_prompt"
    WRONG_DESTINATION = "wrong_destination"
    CUT_OFF = "cut_off"
    BAD_VOICE = "bad_voice"
    OUTGOING_REFUSED = "outgoing_refused"
    OTHER = "other"


MOST_CALLERS = 3
"""Callers that a fault report names as samples."""


@unique
class Step(StrEnum):
    """A step of handling a complaint, in the order of its template."""

    REPLY = "reply"
    VERIFY = "verify"
    SOLVE = "solve"
    ACCEPT = "accept"
    INVESTIGATE = "investigate"
    RECTIFY = "rectify"
    """After a survey in which the caller is not satisfied."""
    DECIDE_APPEAL = "hear_appeal"
    """A second handling, by somebody else."""


class Deadline(msgspec.Struct, frozen=True, gc=False):
    """When a step is due, and when it was done."""

    step: Step
    due: float
    done_at: float | None = None
    certain: bool = True
    """False where no calendar is published yet, so that weekdays were counted as worked."""


class ComplaintEntry(msgspec.Struct, frozen=True, gc=False):
    """One action on a complaint, as filed with it."""

    at: float
    actor: str
    event: str
    text: str = ""


class ComplaintReport(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint as another system reported it, before it is stored."""

    number: str
    caller: str
    """Digits only, as they are dialled in China; empty if unknown."""
    at: float
    has_time: bool
    """Whether the sender stated the time."""
    channel: Channel
    prompt: str
    content: str
    reference: str
    handler: str
    kind: ComplaintKind = ComplaintKind.COMPLAINT
    company: str = ""
    symptom: str = ""
    """One of :class:`Trouble`; empty where nothing was said."""
    pattern: str = ""
    """One of :class:`Pattern`; empty where nothing was said."""
    callers: tuple[str, ...] = ()
    """Numbers of callers that failed, as samples."""
    contact: str = ""
    """Whom to call back about it."""


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint, as it is stored and as tickets show it."""

    id: str
    number: str
    at: float
    """When the caller had the trouble, or complained; never later than it was received."""
    received_at: float
    who: str
    """A keyed hash of the caller's number: distinguishes callers without identifying them."""
    caller: str = ""
    """The masked number; empty if unknown."""
    prompt: str = ""
    """The announcement the caller heard."""
    channel: Channel = Channel.OTHER
    content: str = ""
    reference: str = ""
    """The other system's own id of the complaint."""
    deadlines: tuple[Deadline, ...] = ()
    handler: str = ""
    satisfied: bool | None = None
    """The result of the survey; ``None`` before it."""
    regulator: Mapping[str, float] = {}
    """From when and until when the regulator may be addressed, and by when it must respond."""
    filed: tuple[ComplaintEntry, ...] = ()
    kind: ComplaintKind = ComplaintKind.COMPLAINT
    company: str = ""
    symptom: str = ""
    pattern: str = ""
    callers: tuple[str, ...] = ()
    """The masked numbers of callers that failed, as samples."""
    contact: str = ""


def reporter_of(complaint: Complaint) -> str:
    """The id of the caller; empty where the caller is not known."""
    return complaint.who if complaint.caller else ""


def first_times(complaints: Iterable[Complaint]) -> tuple[float, ...]:
    """The time of each caller's first complaint, in order: a caller counts once."""
    first: dict[str, float] = {}
    for complaint in complaints:
        first[complaint.who] = min(complaint.at, first.get(complaint.who, complaint.at))
    return tuple(sorted(first.values()))


def severe_by_complaints(times: Iterable[float]) -> float | None:
    """From when complaints make a severe fault; ``None`` while they do not.

    It takes three callers within 30 minutes, to the second, and then another 30 minutes from the
    third (docs/reference/domain.md §3).

    Args:
        times: One time for each caller; see :func:`first_times`.
    """
    ordered = sorted(times)
    for first, last in zip(ordered, islice(ordered, MIN_CALLERS - 1, None), strict=False):
        if last - first <= WINDOW:
            return last + WINDOW
    return None


def samples(complaints: Iterable[Complaint], limit: int = 3) -> list[str]:
    """The masked numbers of up to ``limit`` different callers."""
    named = (it for complaint in complaints for it in (complaint.caller, *complaint.callers))
    return list(dict.fromkeys(filter(None, named)))[:limit]


def joined_prompts(complaints: Iterable[Complaint]) -> str:
    """The first three different announcements that callers heard, joined."""
    prompts = (complaint.prompt for complaint in complaints if complaint.prompt)
    return "；".join(list(dict.fromkeys(prompts))[:3])
