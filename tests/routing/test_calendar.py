"""Which weekday's hours apply on a day."""

from datetime import date, datetime

import pytest

from agent.config.lints import HolidayCalendar
from agent.lints.linter import read_calendar
from agent.model import Binding, Routing, Window
from agent.routing.calendar import Calendar, DayKind, decreed_kind
from agent.routing.evaluate import Call, Setting, evaluate
from agent.states import Strategy

THURSDAY, SATURDAY = date(2026, 10, 1), date(2026, 10, 10)
WEEKDAYS = Routing(
    Strategy.SEQUENTIAL,
    20.0,
    schedule=(Window((0, 1, 2, 3, 4), 510, 1050),),
    national_calendar=True,
)
CONFIGURED = HolidayCalendar(holidays=["2026-10-01"], workdays=["2026-10-10"])


def unpublished(_day):
    return DayKind.UNPUBLISHED


def at_noon(day, calendar, routing=WEEKDAYS):
    setting = Setting(routing, (Binding("b1", "13800000001"),), calendar)
    return evaluate(setting, Call(datetime(day.year, day.month, day.day, 12)))  # noqa: DTZ001 - the wall clock of the schedule's zone


def test_a_holiday_keeps_sunday_s_hours_and_an_adjusted_workday_monday_s():
    calendar = read_calendar(CONFIGURED)
    assert not at_noon(THURSDAY, calendar).rings
    assert at_noon(SATURDAY, calendar).rings


def test_configured_days_go_before_the_decrees():
    decrees = Calendar(read_calendar(CONFIGURED).configured, decree=lambda _day: DayKind.PLAIN)
    assert not at_noon(THURSDAY, decrees).rings


def test_a_number_that_does_not_follow_the_calendar_keeps_its_weekdays():
    plain = Routing(Strategy.SEQUENTIAL, 20.0, schedule=WEEKDAYS.schedule)
    assert at_noon(THURSDAY, read_calendar(CONFIGURED), plain).rings


def test_a_year_without_a_decree_is_uncertain_and_keeps_its_weekdays():
    outcome = at_noon(THURSDAY, Calendar(decree=unpublished))
    assert outcome.rings
    assert not outcome.certain
    always = Routing(Strategy.SEQUENTIAL, 20.0, national_calendar=True)
    assert at_noon(THURSDAY, Calendar(decree=unpublished), always).certain


def test_without_decrees_every_day_is_unpublished_and_never_an_error():
    assert decreed_kind(date(1999, 1, 1)) is DayKind.UNPUBLISHED
    assert decreed_kind(date(2199, 1, 1)) is DayKind.UNPUBLISHED


def test_the_decrees_of_a_year_that_is_known():
    pytest.importorskip("chinese_calendar", reason="chinesecalendar is not installed")
    kinds = {
        date(2025, 10, 1): DayKind.HOLIDAY,
        date(2025, 10, 4): DayKind.HOLIDAY,
        date(2025, 9, 28): DayKind.ADJUSTED,
        date(2025, 10, 18): DayKind.PLAIN,
        date(2025, 10, 20): DayKind.PLAIN,
    }
    assert {day: decreed_kind(day) for day in kinds} == kinds
