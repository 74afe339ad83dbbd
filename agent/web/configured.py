"""What a number's configuration means for callers: lints, the week, and effects of edits."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec

from agent.baselines.drift_effect import effect_of_drift
from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.i18n import CHINESE, ENGLISH, Text
from agent.lints.finding import LintView, lint_view
from agent.lints.linter import read_calendar
from agent.masking import mask_text
from agent.routing.calendar import Calendar
from agent.routing.coverage import Day, Stretch, week
from agent.routing.evaluate import Setting


class StretchView(msgspec.Struct, frozen=True):
    """A part of a day in which the same becomes of every call."""

    start: str
    end: str
    heard: str
    bindings: tuple[str, ...]
    """The phones that ring, in their order; none where none does."""


class DayView(msgspec.Struct, frozen=True):
    """One day of the week to come."""

    date: str
    picture: str
    """A sign for each half hour: rings, voicemail, neither."""
    stretches: tuple[StretchView, ...]


class EffectView(msgspec.Struct, frozen=True):
    """What callers notice of a difference from the approved configuration."""

    en: str
    zh: str


class ConfiguredView(msgspec.Struct, frozen=True, kw_only=True):
    """What a number's configuration means for callers."""

    lints: tuple[LintView, ...]
    """What of it is known to go wrong."""
    account_lints: tuple[LintView, ...]
    """The same of its account as a whole."""
    week: tuple[DayView, ...]
    """Which hours ring; empty where the routing is not known."""
    effects: tuple[EffectView, ...]
    """What callers notice of the differences from the approved configuration."""


def configured_view(
    checked: CheckResult, row: int, now: float, settings: Settings
) -> ConfiguredView:
    """The view of the number in ``row`` at ``now``, epoch seconds."""
    number = checked.names[row]
    calendar = read_calendar(settings.calendar)
    today = datetime.fromtimestamp(now, ZoneInfo(settings.timezone)).date()
    return ConfiguredView(
        lints=tuple(map(lint_view, checked.lint_findings(number, now))),
        account_lints=tuple(map(lint_view, checked.account_lints)),
        week=_week(checked, row, today, calendar),
        effects=effect_views(effect_of_drift(checked, number, calendar)),
    )


def _week(checked: CheckResult, row: int, today: date, calendar: Calendar) -> tuple[DayView, ...]:
    held = checked.drift.configuration
    routing = held.routings[row]
    if routing is None:
        return ()
    bindings = checked.bindings(checked.names[row]) or {}
    labels = {fact.id: label for label, fact in bindings.items()}
    setting = Setting(routing, held.bound[row], calendar)
    return tuple(_day(day, labels) for day in week(setting, today))


def _day(day: Day, labels: Mapping[str, str]) -> DayView:
    return DayView(
        day.date.isoformat(), day.picture, tuple(_stretch(it, labels) for it in day.stretches)
    )


def _stretch(stretch: Stretch, labels: Mapping[str, str]) -> StretchView:
    names = (leg.binding for leg in stretch.outcome.legs)
    phones = tuple(labels.get(name) or mask_text(name) for name in names)
    start, end = _clock(stretch.start), _clock(stretch.end)
    return StretchView(start, end, stretch.outcome.treatment.value, phones)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def effect_views(effects: Iterable[Text]) -> tuple[EffectView, ...]:
    """Effects as they are shown."""
    return tuple(EffectView(it.text(ENGLISH), it.text(CHINESE)) for it in effects)
