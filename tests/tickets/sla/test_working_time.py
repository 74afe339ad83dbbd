"""Working time between two moments, and when so much of it has passed."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.tickets.sla.working_time import WorkCalendar, passed, reached

ZONE = ZoneInfo("Asia/Shanghai")
OFFICE = WorkCalendar("Asia/Shanghai", (0, 1, 2, 3, 4), ((510, 720), (810, 1050)), chinese=False)
WHOLE_DAYS = msgspec.structs.replace(OFFICE, hours=((0, 1440),))
HOUR = 3600.0


def at(text: str, zone: ZoneInfo = ZONE) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


MONDAY = at("2026-09-28T00:00")


def test_plain_time_without_a_calendar() -> None:
    assert passed(None, 10.0, 70.5) == 60.5
    assert passed(None, 10.0, 10.0) == passed(None, 10.0, 5.0) == 0.0
    assert reached(None, 10.0, 60.0) == 70.0
    assert reached(None, 10.0, -5.0) == reached(None, 10.0, 0.0) == 10.0


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-09-28T08:30", "2026-09-28T17:30", 7.5),
        ("2026-09-28T00:00", "2026-09-29T00:00", 7.5),
        ("2026-09-28T12:00", "2026-09-28T13:30", 0.0),
        ("2026-09-28T11:00", "2026-09-28T14:00", 1.5),
        ("2026-10-02T17:00", "2026-10-05T09:00", 1.0),
        ("2026-10-03T00:00", "2026-10-05T00:00", 0.0),
        ("2026-09-28T09:00", "2026-09-28T09:00", 0.0),
        ("2026-09-28T10:00", "2026-09-28T09:00", 0.0),
    ],
)
def test_only_working_hours_pass(start: str, end: str, hours: float) -> None:
    assert passed(OFFICE, at(start), at(end)) == hours * HOUR


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-09-28T08:30", 3.5, "2026-09-28T12:00"),
        ("2026-09-28T08:30", 4.0, "2026-09-28T14:00"),
        ("2026-09-28T06:00", 1.0, "2026-09-28T09:30"),
        ("2026-09-28T19:00", 1.0, "2026-09-29T09:30"),
        ("2026-10-02T17:00", 1.0, "2026-10-05T09:00"),
        ("2026-09-28T10:00", 37.5, "2026-10-05T10:00"),
        ("2026-10-03T10:00", 0.0, "2026-10-03T10:00"),
        ("2026-10-03T10:00", -1.0, "2026-10-03T10:00"),
    ],
)
def test_time_is_reached_in_working_hours(start: str, hours: float, end: str) -> None:
    assert reached(OFFICE, at(start), hours * HOUR) == at(end)


@given(st.integers(0, 20_000), st.integers(1, 6_000), st.sampled_from([OFFICE, WHOLE_DAYS]))
def test_what_is_reached_has_passed(start: int, minutes: int, calendar: WorkCalendar) -> None:
    begin = MONDAY + 60.0 * start
    end = reached(calendar, begin, 60.0 * minutes)
    assert end is not None
    assert passed(calendar, begin, end) == 60.0 * minutes
    assert passed(calendar, begin, end - 60.0) < 60.0 * minutes


def test_working_time_is_searched_for_ten_years() -> None:
    once = msgspec.structs.replace(OFFICE, weekdays=(), workdays=frozenset({"2036-10-01"}))
    assert reached(once, MONDAY, HOUR) == at("2036-10-01T09:30")
    later = msgspec.structs.replace(once, workdays=frozenset({"2036-10-08"}))
    assert reached(later, MONDAY, HOUR) is None
    few = msgspec.structs.replace(once, workdays=frozenset({"2026-10-01"}))
    assert reached(few, MONDAY, 8 * HOUR) is None


def test_named_days_go_before_the_weekdays_and_holidays_before_workdays() -> None:
    calendar = msgspec.structs.replace(
        OFFICE,
        holidays=frozenset({"2026-09-28", "2026-10-03"}),
        workdays=frozenset({"2026-10-03", "2026-10-04"}),
    )
    days = [date(2026, 9, 28) + timedelta(days=ahead) for ahead in range(8)]
    worked = [day.isoformat() for day in days if calendar.is_worked(day)]
    assert worked == [
        "2026-09-29",
        "2026-09-30",
        "2026-10-01",
        "2026-10-02",
        "2026-10-04",
        "2026-10-05",
    ]


def test_published_days_go_before_the_weekdays_only_in_china() -> None:
    pytest.importorskip("chinese_calendar")
    chinese = msgspec.structs.replace(OFFICE, chinese=True)
    holiday, workday = date(2025, 10, 1), date(2025, 9, 28)
    assert (chinese.is_worked(holiday), chinese.is_worked(workday)) == (False, True)
    assert (OFFICE.is_worked(holiday), OFFICE.is_worked(workday)) == (True, False)
    assert [chinese.is_worked(date(2199, 1, day)) for day in (4, 5, 7)] == [True, False, True]


def test_a_period_is_certain_if_both_its_ends_are_published() -> None:
    pytest.importorskip("chinese_calendar")
    chinese = msgspec.structs.replace(OFFICE, chinese=True)
    known, unknown = at("2025-10-01T00:00"), at("2199-01-01T00:00")
    assert chinese.is_certain(known, known)
    assert not chinese.is_certain(known, unknown)
    assert not chinese.is_certain(unknown, known)
    assert OFFICE.is_certain(unknown, unknown)


def test_the_day_is_that_of_the_calendar_s_zone() -> None:
    assert passed(OFFICE, at("2026-09-28T00:30", ZoneInfo("UTC")), MONDAY + 9 * HOUR) == HOUR / 2
    late = datetime(2026, 9, 27, 23, tzinfo=UTC).timestamp()  # Monday in Shanghai, Sunday in UTC
    assert reached(OFFICE, late, HOUR) == at("2026-09-28T09:30")


def test_hours_may_end_at_midnight() -> None:
    assert passed(WHOLE_DAYS, MONDAY, MONDAY + 7 * 24 * HOUR) == 5 * 24 * HOUR
    assert reached(WHOLE_DAYS, MONDAY, 24 * HOUR) == at("2026-09-29T00:00")


def test_a_day_on_which_the_clocks_change_is_shorter() -> None:
    berlin = WorkCalendar("Europe/Berlin", tuple(range(7)), ((0, 1440),), chinese=False)
    begin = at("2026-03-29T00:00", ZoneInfo("Europe/Berlin"))
    assert passed(berlin, begin, at("2026-03-30T00:00", ZoneInfo("Europe/Berlin"))) == 23 * HOUR
