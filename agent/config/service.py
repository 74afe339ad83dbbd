"""The configuration of service levels: the promises by grade, and who is notified of a breach."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from agent.config.section import DateText, Section
from agent.states import ClockName, Grade, Party
from agent.yamlfile.values import Duration, Name

_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
_HOURS = re.compile(rf"(?P<start>{_TIME})-(?P<end>{_TIME}|24:00)", re.ASCII)

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PauseReasonName = Literal["customer_caused", "appointment", "interconnection"]


def hours(value: str) -> str:
    """Returns ``value`` if it is a period of a day such as ``08:30-17:30``.

    Raises:
        ValueError: when it is not.
    """
    match = _HOURS.fullmatch(value)
    if match is None or match["start"] >= match["end"]:
        raise ValueError("is not a stretch of a day such as 08:30-17:30")
    return value


Hours = Annotated[str, AfterValidator(hours)]


def is_within(stretches: Iterable[str], at: float, zone: str) -> bool:
    """Whether ``at``, epoch seconds, is in one of the ``stretches`` of a day in ``zone``."""
    time = datetime.fromtimestamp(at, ZoneInfo(zone)).strftime("%H:%M")
    return any(start <= time < end for start, _, end in (it.partition("-") for it in stretches))


class Promise(Section):
    """The service level of a grade; a key that is missing keeps the grade's own default."""

    contact: Annotated[Duration, Field(gt=0)] | None = None
    """Time to the first contact."""
    on_site: Annotated[Duration, Field(gt=0)] | None = None
    """Time to the arrival on site."""
    restore: Annotated[Duration, Field(gt=0)] | None = None
    """Time to the restoration of service."""
    working_time: bool = False
    """Whether only working time counts."""


class WorkingTime(Section):
    """Working days and hours."""

    days: list[Day] = Field(default=["mon", "tue", "wed", "thu", "fri"], min_length=1)
    """Days of the week that are worked."""
    hours: list[Hours] = Field(default=["08:30-12:00", "13:30-17:30"], min_length=1)
    """Periods of the day, in order, in the agent's ``timezone``."""
    chinese_holidays: bool = True
    """Whether China's published holidays and adjusted workdays take precedence over ``days``."""
    holidays: list[DateText] = Field(default=[])
    """Further days off, as ``"2027-02-06"``: needed for years not published yet."""
    workdays: list[DateText] = Field(default=[])
    """Further days worked."""


class Step(Section):
    """Who is notified when a clock runs out."""

    percent: Annotated[int, Field(ge=1, le=1000)]
    """How much of the allowed time has been used; 100 is the breach."""
    grades: list[Grade] = Field(default=[])
    """The grades it is for; empty is every grade."""
    clocks: list[ClockName] = Field(default=[])
    """The clocks it is for; empty is every clock."""
    sinks: list[Name] = Field(default=[])
    """The sinks that receive ``ticket.escalated``; the others receive ``ticket.updated``."""
    contacts: list[Party] = Field(default=[])
    """The parties of ``contacts`` that the ticket names."""


class SevereFault(Section):
    """When a fault is a severe one."""

    after: Annotated[Duration, Field(gt=0)] = 1800.0
    """A number unusable for longer than this is a severe fault."""
    sinks: list[Name] = Field(default=[])
    """The sinks that get ``ticket.escalated`` of such a fault; empty is all."""
    contacts: list[Party] = Field(default=[])
    """The parties of ``contacts`` that the ticket names."""


class ServiceLevels(Section):
    """Clocks by grade, what pauses them, and who is notified when they run out."""

    grades: dict[Grade, Promise] = Field(default={})
    """The service level of each grade, merged key by key with the defaults: AAA 15m, 1h, 2h; AA
    30m, 2h, 4h; A and standard nothing."""
    working_time: WorkingTime = WorkingTime()
    """The working time of grades that are promised in it."""
    pause_reasons: list[PauseReasonName] = Field(
        default=["customer_caused", "appointment", "interconnection"]
    )
    """The reasons for which clocks may be paused, as the contract allows."""
    warnings: list[Annotated[int, Field(ge=1, le=1000)]] = Field(default=[50, 80, 100])
    """Percent of the allowed time at which a warning is added to the ticket's timeline."""
    ladder: list[Step] = Field(default=[])
    """Who is notified, step by step; without a step at 100 percent every sink gets a breach."""
    severe: SevereFault = SevereFault()
    """When a fault is a severe one."""


class ConfirmationOfRepair(Section):
    """Which tickets are closed only after the customer has confirmed the repair."""

    grades: list[Grade] = Field(default=[Grade.AAA, Grade.AA])
    """Tickets on numbers of these grades wait for a confirmation or a recorded waiver."""
    waive_after: Duration | None = None
    """The time after a restoration, without objection, when the agent records a waiver."""
