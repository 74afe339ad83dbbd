"""Which weekday's hours apply on a day."""

from datetime import date, datetime

import pytest

from agent.config.lints import HolidayCalendar
from agent.lints.linter import read_calendar
from agent.model import Binding, Routing, SpecialDays, Window
from agent.routing.calendar import (
    Calendar,
    DayKind,
    Hours,
    day_hours,
    decreed_kind,
    hours_at,
    is_published,
    is_workday,
    special_day,
)
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


DECREES = {
    date(2026, 10, 1): DayKind.HOLIDAY,
    date(2026, 10, 10): DayKind.ADJUSTED,
    date(2026, 10, 11): DayKind.UNPUBLISHED,
}


def decree(day):
    return DECREES.get(day, DayKind.PLAIN)


def test_configured_days_are_off_or_worked_and_workdays_go_first():
    calendar = Calendar.of([THURSDAY, SATURDAY], [SATURDAY])
    assert calendar.configured == {THURSDAY: DayKind.HOLIDAY, SATURDAY: DayKind.ADJUSTED}
    assert Calendar.of().configured == {}


def test_the_weekday_whose_hours_apply_and_whether_it_is_certain():
    calendar = Calendar(decree=decree)
    assert calendar.weekday(THURSDAY) == (6, True)
    assert calendar.weekday(SATURDAY) == (0, True)
    assert calendar.weekday(date(2026, 10, 11)) == (6, False)
    assert calendar.weekday(date(2026, 10, 12)) == (0, True)
    assert calendar.weekday(date(2026, 10, 13)) == (1, True)


def test_national_days_and_workdays_of_a_known_year():
    pytest.importorskip("chinese_calendar", reason="chinesecalendar is not installed")
    assert is_published(date(2025, 10, 1))
    assert not is_published(date(2199, 1, 1))
    workdays = {
        date(2025, 10, 1): False,  # a Wednesday of the National Day
        date(2025, 9, 28): True,  # a Sunday that is worked
        date(2025, 10, 18): False,  # a plain Saturday
        date(2025, 10, 19): False,
        date(2025, 10, 20): True,
    }
    assert {day: is_workday(day) for day in workdays} == workdays


def test_in_an_unpublished_year_workdays_go_by_the_weekday():
    # 2199-01-04 is a Friday.
    week = [is_workday(date(2199, 1, day)) for day in range(4, 11)]
    assert week == [True, False, False, True, True, True, True]


def at(hour, minute=0, day=THURSDAY):
    return datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 - the wall clock of the schedule's zone


WEDNESDAY_NIGHT = Routing(
    schedule=(Window((2,), 1320, 120, ("b1",)), Window((3,), 60, 600, ("b2",)))
)


def test_the_stretches_of_an_instant_are_today_s_and_then_last_night_s():
    hours = hours_at(WEDNESDAY_NIGHT, at(1), Calendar())
    assert hours == Hours(((60, 600, ("b2",)), (1320, 120, ("b1",))))
    assert hours.is_open
    assert hours.admits("b1")
    assert hours.admits("b2")
    assert not hours.admits("b3")
    assert hours_at(WEDNESDAY_NIGHT, at(0, 59), Calendar()).stretches == ((1320, 120, ("b1",)),)
    assert hours_at(WEDNESDAY_NIGHT, at(2), Calendar()).stretches == ((60, 600, ("b2",)),)
    assert not hours_at(WEDNESDAY_NIGHT, at(10), Calendar()).is_open
    assert Hours(((0, 1440, ()),)).admits("anybody")


def test_a_stretch_that_ends_when_it_starts_takes_a_whole_day():
    whole = Routing(schedule=(Window((2,), 600, 600),))
    wednesday = date(2026, 9, 30)
    assert not hours_at(whole, at(9, 59, wednesday), Calendar()).is_open
    assert hours_at(whole, at(10, 0, wednesday), Calendar()).is_open
    assert hours_at(whole, at(9, 59), Calendar()).is_open
    assert not hours_at(whole, at(10), Calendar()).is_open


def test_special_days_replace_the_weekly_hours_and_are_certain():
    days = (
        SpecialDays(THURSDAY.toordinal(), THURSDAY.toordinal() + 1, ((60, 120),), ("b1",)),
        SpecialDays(THURSDAY.toordinal() + 1, THURSDAY.toordinal() + 2),
    )
    routing = Routing(schedule=WEEKDAYS.schedule, special_days=days, national_calendar=True)
    unknown = Calendar(decree=unpublished)
    first = date.fromordinal(days[0].first - 1)
    assert special_day(days, first) is None
    assert [special_day(days, THURSDAY), special_day(days, date(2026, 10, 2))] == [days[0]] * 2
    assert special_day(days, date(2026, 10, 3)) is days[1]
    assert special_day(days, date(2026, 10, 4)) is None
    assert day_hours(routing, THURSDAY, unknown) == (((60, 120, ("b1",)),), True)
    assert day_hours(routing, date(2026, 10, 3), unknown) == ((), True)
    assert day_hours(routing, date(2026, 10, 5), unknown) == (((510, 1050, ()),), False)


def test_without_the_calendar_or_with_the_same_hours_every_day_it_is_certain():
    unknown = Calendar(decree=unpublished)
    plain = Routing(schedule=WEEKDAYS.schedule)
    assert day_hours(plain, THURSDAY, unknown) == (((510, 1050, ()),), True)
    daily = Routing(schedule=(Window(tuple(range(7)), 0, 60),), national_calendar=True)
    assert day_hours(daily, THURSDAY, unknown) == (((0, 60, ()),), True)
    kept = Calendar.of([THURSDAY], [SATURDAY])
    assert day_hours(WEEKDAYS, THURSDAY, kept) == ((), True)
    assert day_hours(WEEKDAYS, SATURDAY, kept) == (((510, 1050, ()),), True)


def test_an_unpublished_yesterday_matters_only_if_it_ran_over_midnight():
    year_end = Calendar(decree=lambda day: DayKind.UNPUBLISHED if day < THURSDAY else DayKind.PLAIN)
    by_day = Routing(schedule=(Window((2,), 600, 1440),), national_calendar=True)
    assert hours_at(by_day, at(1), year_end).certain
    by_night = Routing(schedule=(Window((2,), 600, 1),), national_calendar=True)
    assert not hours_at(by_night, at(1), year_end).certain
    assert not hours_at(by_day, at(1, 0, date(2026, 9, 30)), year_end).certain
