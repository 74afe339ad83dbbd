"""Where the axes of a plot have ticks, and what stands there."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from agent.web.plots.series import Period

MOST_TICKS = 4
"""Steps of an axis; more would not fit the narrowest screen."""

_DAY: Final = 86400
_STEPS: Final = (
    *(60 * minutes for minutes in (1, 2, 5, 10, 15, 30)),
    *(3600 * hours for hours in (1, 2, 3, 6, 12)),
    *(_DAY * days for days in (1, 2, 4, 7, 14, 28, 56, 91, 182, 364)),
)
_MONTHS_ONLY: Final = 28 * _DAY
"""From this step on the day of the month says little and the year much."""
_NICE: Final = (1.0, 2.0, 5.0, 10.0)
_LEAST_SPAN: Final = 1e-3
"""The least height of a plot, as a share of its greatest figure: less is drawn flat."""
_LEAST_HEIGHT: Final = 1e-4
_ABBREVIATED_FROM: Final = 1e6


@dataclass(frozen=True)
class Tick:
    """A place on an axis, 0 to 1, and what stands there."""

    share: float
    label: str


@dataclass(frozen=True)
class Axis:
    """The scale of figures: from the lowest tick to the highest."""

    low: float
    high: float
    step: float

    def share(self, value: float) -> float:
        """The height of ``value``, 0 to 1."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def ticks(self, locale: str) -> list[Tick]:
        """A tick for every step, with its figure."""
        count = round((self.high - self.low) / self.step)
        values = [self.low + place * self.step for place in range(count + 1)]
        return [Tick(self.share(value), self.label(value, locale)) for value in values]

    def label(self, value: float, locale: str) -> str:
        """``value`` as exactly as the steps need it."""
        if max(abs(self.low), abs(self.high)) >= _ABBREVIATED_FROM:
            return _abbreviated(value, locale)
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        text = f"{value:,.{min(decimals, 6)}f}"
        return text.lstrip("-") if not text.strip("-0.,") else text


def axis_of(values: Sequence[float], *, from_zero: bool = False) -> Axis:
    """The axis that holds all of ``values``, in steps of 1, 2 or 5 times a power of ten.

    Args:
        values: Figures that can be drawn; without any the axis is 0 to 1.
        from_zero: Whether it begins at zero: for counts, whose size is what matters.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    greatest = max(abs(low), abs(high))
    if high - low < (least := max(greatest * _LEAST_SPAN, _LEAST_HEIGHT) if greatest else 1.0):
        low, high = (low, low + least) if low >= 0 else (high - least, high)
    step = _step((high - low) / MOST_TICKS)
    first, last = math.floor(low / step), math.ceil(high / step)
    return Axis(first * step, max(last, first + 1) * step, step)


def _step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * nice for nice in _NICE if power * nice >= least * (1 - 1e-9))


def _abbreviated(value: float, locale: str) -> str:
    # Imported here: only large figures need it, and it takes a while.
    from babel.numbers import format_compact_decimal  # noqa: PLC0415

    return format_compact_decimal(
        value, locale=locale.replace("-", "_"), fraction_digits=4
    ).replace("\xa0", " ")


def time_ticks(period: Period) -> list[Tick]:
    """Ticks at full minutes, hours or days of the period's zone, at most ``MOST_TICKS`` steps."""
    step = next(
        (step for step in _STEPS if period.seconds / step <= MOST_TICKS),
        _DAY * math.ceil(period.seconds / _DAY / MOST_TICKS + 1),
    )
    moments = _of_days(period, step // _DAY) if step >= _DAY else _of_hours(period, step)
    ticks = [
        Tick(period.share(at), _time_label(moment, step))
        for moment in moments
        if period.since <= (at := moment.timestamp()) <= period.until
    ]
    return ticks[: MOST_TICKS + 1]


def _time_label(moment: datetime, step: int) -> str:
    if step >= _MONTHS_ONLY:
        return f"{moment:%Y-%m}"
    if step >= _DAY or (moment.hour, moment.minute) == (0, 0):
        return f"{moment:%m-%d}"
    return f"{moment:%H:%M}"


def _days(period: Period) -> Iterator[datetime]:
    """The local midnights around and in the period."""
    zone = ZoneInfo(period.zone)
    day, last = period.local(period.since).date(), period.local(period.until).date()
    while day <= last:
        yield datetime.combine(day, time(), zone)
        day += timedelta(days=1)


def _of_days(period: Period, days: int) -> Iterator[datetime]:
    return (midnight for midnight in _days(period) if midnight.toordinal() % days == 0)


def _of_hours(period: Period, step: int) -> Iterator[datetime]:
    """Wall-clock times: on a day on which clocks are changed they stay full hours."""
    for midnight in _days(period):
        for seconds in range(0, _DAY, step):
            yield midnight + timedelta(seconds=seconds)
