"""Complaints of callers, and when they are many enough for a severe fault (domain.md §3).

A complaint belongs to the ticket of the number it is about, or to that ticket's root. Its
caller is never in it: what is kept is how the number looks masked, and a mark that tells one
caller from another.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum, unique
from itertools import islice

import msgspec

SYMPTOM = "complaint"
"""The symptom of a ticket that complaints alone opened."""
WINDOW = 1800.0
"""Seconds within which complaints of several callers make a severe fault, and which must pass
after the last of them (domain.md §3, Severe fault)."""
LEAST_CALLERS = 3
"""Callers it takes."""


@unique
class Channel(StrEnum):
    """How a complaint came in (domain.md §3, Complaint)."""

    HOTLINE = "hotline"
    WEB = "web"
    MAIL = "mail"
    SHOP = "shop"
    OTHER = "other"


@unique
class Step(StrEnum):
    """What a complaint's handling owes, in order of its template."""

    REPLY = "reply"
    VERIFY = "verify"
    SOLVE = "solve"
    ACCEPT = "accept"
    INVESTIGATE = "investigate"
    RECTIFY = "rectify"
    """After a survey says that it was poorly handled."""
    HEAR_APPEAL = "hear_appeal"
    """A second handling, by somebody else."""


class Deadline(msgspec.Struct, frozen=True, gc=False):
    """By when a step is owed, and when it was done."""

    step: Step
    due: float
    done_at: float | None = None
    certain: bool = True
    """False where working days were told by their weekdays: no calendar is published so far."""


class Filed(msgspec.Struct, frozen=True, gc=False):
    """One thing that was done about a complaint."""

    at: float
    actor: str
    event: str
    text: str = ""


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """One complaint, as tickets show it."""

    id: str
    number: str
    at: float
    """When the caller had the trouble, or complained; never later than it was received."""
    received_at: float
    who: str
    """Tells callers apart without telling who they are."""
    caller: str = ""
    """Masked; empty where nobody said."""
    prompt: str = ""
    """What was heard."""
    channel: Channel = Channel.OTHER
    content: str = ""
    reference: str = ""
    """What the other system calls it."""
    deadlines: tuple[Deadline, ...] = ()
    handler: str = ""
    satisfied: bool | None = None
    """What the survey says; ``None`` before it."""
    regulator: Mapping[str, float] = {}
    """From when and until when the regulator may be turned to, and what the regulator owes."""
    filed: tuple[Filed, ...] = ()


def first_times(complaints: Iterable[Complaint]) -> tuple[float, ...]:
    """When each caller complained first, in order: a caller counts once."""
    first: dict[str, float] = {}
    for one in complaints:
        first[one.who] = min(one.at, first.get(one.who, one.at))
    return tuple(sorted(first.values()))


def severe_by_complaints(times: Iterable[float]) -> float | None:
    """From when complaints make a severe fault; ``None`` while they do not.

    ``times`` are one for each caller (:func:`first_times`). At least three within 30 minutes,
    to the second, and then 30 minutes from the third (domain.md §3, Severe fault).
    """
    ordered = sorted(times)
    for first, last in zip(ordered, islice(ordered, LEAST_CALLERS - 1, None), strict=False):
        if last - first <= WINDOW:
            return last + WINDOW
    return None


def samples(complaints: Iterable[Complaint], most: int = 3) -> list[str]:
    """Callers to try, masked, each once."""
    return list(dict.fromkeys(one.caller for one in complaints if one.caller))[:most]


def prompt_heard(complaints: Iterable[Complaint]) -> str:
    """What callers heard: each prompt once, the first first."""
    return "；".join(list(dict.fromkeys(one.prompt for one in complaints if one.prompt))[:3])
