"""The meaning of a number's configuration for callers: lint findings, week, effects of drift."""

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
    """A part of a day in which every call is treated alike."""

    start: str
    end: str
    heard: str
    bindings: tuple[str, ...]
    """The phones that ring, in their order."""


class DayView(msgspec.Struct, frozen=True):
    """One of the next seven days."""

    date: str
    picture: str
    """One character per half hour: rings, voicemail, neither."""
    stretches: tuple[StretchView, ...]


class EffectView(msgspec.Struct, frozen=True):
    """The effects on callers of the drift from the approved configuration, in both languages."""

    en: str
    zh: str


class ConfigurationView(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of a number's configuration for callers, as the API shows it."""

    lints: tuple[LintView, ...]
    """Lint findings about the number."""
    account_lints: tuple[LintView, ...]
    """Lint findings about its account."""
    week: tuple[DayView, ...]
    """Empty where the routing is not known."""
    effects: tuple[EffectView, ...]


def configuration_view(
    result: CheckResult, row: int, now: float, settings: Settings
) -> ConfigurationView:
    """The view of the number in ``row`` at ``now``, epoch seconds."""
    number = result.names[row]
    calendar = read_calendar(settings.calendar)
    today = datetime.fromtimestamp(now, ZoneInfo(settings.timezone)).date()
    return ConfigurationView(
        lints=tuple(map(lint_view, result.lint_findings(number, now))),
        account_lints=tuple(map(lint_view, result.account_lints)),
        week=_week(result, row, today, calendar),
        effects=effect_views(effect_of_drift(result, number, calendar)),
    )


def _week(result: CheckResult, row: int, today: date, calendar: Calendar) -> tuple[DayView, ...]:
    configuration = result.drift.configuration
    routing = configuration.routings[row]
    if routing is None:
        return ()
    bindings = result.bindings(result.names[row]) or {}
    labels = {binding.id: label for label, binding in bindings.items()}
    setting = Setting(routing, configuration.bound[row], calendar)
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
    """Effects in both languages."""
    return tuple(EffectView(effect.text(ENGLISH), effect.text(CHINESE)) for effect in effects)
