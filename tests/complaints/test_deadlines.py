"""When complaints are a severe fault, and by when each must be answered."""

from datetime import date, datetime, timedelta
from itertools import combinations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.complaints.complaint import Complaint, Step, first_times, severe_by_complaints
from agent.complaints.deadlines import (
    Template,
    after_working_days,
    deadlines,
    regulator_dates,
    regulator_deadlines,
)
from agent.routing.calendar import is_workday

T0 = 1_790_000_000.0
ZONE = "Asia/Shanghai"


def complaint(at: float, who: str) -> Complaint:
    return Complaint(id=f"{who}{at}", number="4006220001", at=at, received_at=at, who=who)


@pytest.mark.parametrize(
    ("minutes", "seconds", "severe"), [(29, 59, True), (30, 0, True), (30, 1, False)]
)
def test_three_callers_within_half_an_hour_to_the_second(
    minutes: int, seconds: int, severe: bool
) -> None:
    last = T0 + 60 * minutes + seconds
    severe_from = severe_by_complaints([T0, last, T0 + 60])
    assert severe_from == (last + 1800 if severe else None)


def test_a_caller_counts_once_and_two_are_not_enough() -> None:
    complaints = [complaint(T0, "a"), complaint(T0 + 1, "a"), complaint(T0 + 2, "b")]
    assert first_times(complaints) == (T0, T0 + 2)
    assert severe_by_complaints(first_times(complaints)) is None
    complaints.append(complaint(T0 + 3, "c"))
    assert severe_by_complaints(first_times(complaints)) == T0 + 3 + 1800


@given(st.lists(st.integers(0, 7200), max_size=8))
def test_it_is_the_earliest_third_of_any_three_that_are_near(offsets: list[int]) -> None:
    ordered = sorted(offsets)
    thirds = [c for a, _b, c in combinations(ordered, 3) if c - a <= 1800]
    expected = min(thirds) + 1800 if thirds else None
    assert severe_by_complaints(map(float, offsets)) == expected


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).timestamp()


def test_two_five_and_seven_working_days_over_a_long_holiday() -> None:
    """China's National Day of 2026: 1 to 7 October off, Saturday 10 October worked."""
    due = deadlines(Template.STAGED, at("2026-09-29 15:00"), ZONE)
    assert [deadline.step for deadline in due] == [Step.REPLY, Step.VERIFY, Step.SOLVE]
    assert all(deadline.certain for deadline in due)
    dates = [
        datetime.fromtimestamp(deadline.due, ZoneInfo(ZONE)).isoformat(" ")[:16] for deadline in due
    ]
    assert dates == ["2026-10-09 00:00", "2026-10-13 00:00", "2026-10-15 00:00"]


def test_a_day_to_accept_and_fifteen_working_days_to_investigate() -> None:
    received = at("2026-03-02 09:30")
    accept, investigate = deadlines(Template.INVESTIGATION, received, ZONE)
    assert accept.due == received + 86400
    assert investigate.due == at("2026-03-24 00:00")


@given(st.dates(date(2025, 1, 1), date(2026, 11, 1)), st.integers(1, 30))
def test_working_days_are_those_of_a_slow_calendar(start: date, days: int) -> None:
    due = after_working_days(at(f"{start} 12:00"), days, ZONE).at
    last = datetime.fromtimestamp(due, ZoneInfo(ZONE)).date() - timedelta(days=1)
    span = [start + timedelta(days=n) for n in range(1, (last - start).days + 1)]
    assert sum(map(is_workday, span)) == days
    assert is_workday(last)


def test_beyond_the_published_calendar_it_says_so() -> None:
    assert not after_working_days(at("2040-01-02 12:00"), 2, ZONE).certain


def test_the_regulator_s_dates() -> None:
    received = at("2026-08-31 10:00")
    dates = regulator_dates(received, ZONE)
    assert dates["eligible_from"] == received + 15 * 86400
    assert dates["charges_until"] == at("2027-01-31 10:00")
    assert dates["others_until"] == at("2028-08-31 10:00")
    assert regulator_deadlines(at("2026-09-14 10:00"), ZONE) == {
        "decides_by": at("2026-09-21 00:00"),
        "answers_by": at("2026-09-14 10:00") + 30 * 86400,
    }
