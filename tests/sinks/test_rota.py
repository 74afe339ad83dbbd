"""Rota, quiet hours and ladder: properties of the pure functions."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.on_call import LadderStep, OnCall, QuietHours, Rota
from agent.sinks.ladder import LATEST, Notice, NoticeState, Unaccepted, notices_due
from agent.sinks.quiet_hours import held_until
from agent.sinks.rota import on_call_at, order_at, turn_at
from agent.states import Grade, Severity

ZONES = st.sampled_from(
    ["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]
)
BEGINS = st.sampled_from(
    ["2026-03-22T02:30", "2026-10-18T02:30", "2026-11-02T09:00", "2026-01-05T00:00"]
)
MOMENTS = st.floats(min_value=1_760_000_000, max_value=1_840_000_000)
CLOCK_TIMES = st.sampled_from(["00:00", "01:30", "02:30", "08:00", "12:00", "22:00", "23:59"])
GRADES = st.sampled_from(list(Grade))
SEVERITIES = st.sampled_from(list(Severity))
PEOPLE = ["li", "wang", "zhao"]


def moment(text: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


@given(begins=BEGINS, at=MOMENTS, zone=ZONES)
@settings(max_examples=60, deadline=None)
def test_every_moment_has_one_turn_and_turns_only_go_forward(
    begins: str, at: float, zone: str
) -> None:
    rota = Rota(people=PEOPLE, begins=begins)
    turns = [turn_at(rota, at + hours * 1800, zone) for hours in range(2 * 24 * 15)]
    steps = [later - before for before, later in pairwise(turns)]
    assert set(steps) <= {0, 1}
    assert sum(steps) in {2, 3}
    assert on_call_at(rota, at, zone) in PEOPLE
    assert sorted(order_at(rota, at, zone)) == sorted(PEOPLE)
    assert order_at(rota, at, zone)[0] == on_call_at(rota, at, zone)


@given(begins=BEGINS, turn=st.integers(min_value=-60, max_value=60), zone=ZONES)
@settings(max_examples=200, deadline=None)
def test_hand_over_is_at_the_same_time_of_day_in_summer_and_winter(
    begins: str, turn: int, zone: str
) -> None:
    rota = Rota(people=PEOPLE, begins=begins)
    local = datetime.fromisoformat(begins) + timedelta(weeks=turn)
    at = local.replace(tzinfo=ZoneInfo(zone)).timestamp()
    assert turn_at(rota, at, zone) == turn
    assert turn_at(rota, at - 1, zone) == turn - 1


def test_an_override_holds_from_its_beginning_to_its_end_and_the_later_one_wins() -> None:
    times = {"since": "2026-11-05T18:00", "until": "2026-11-06T08:00"}
    rota = Rota.model_validate(
        {
            "people": PEOPLE,
            "begins": "2026-11-02T09:00",
            "overrides": [{**times, "person": "zhao"}, {**times, "person": "guest"}],
        }
    )
    zone = "Asia/Shanghai"
    assert on_call_at(rota, moment("2026-11-05T17:59"), zone) == "li"
    assert on_call_at(rota, moment("2026-11-05T18:00"), zone) == "guest"
    assert order_at(rota, moment("2026-11-05T18:00"), zone) == ("guest", "li", "wang", "zhao")
    assert on_call_at(rota, moment("2026-11-06T08:00"), zone) == "li"
    assert on_call_at(rota, moment("2026-11-09T09:00"), zone) == "wang"


@given(
    since=CLOCK_TIMES, until=CLOCK_TIMES, severity=SEVERITIES, grade=GRADES, at=MOMENTS, zone=ZONES
)
@settings(max_examples=400, deadline=None)
def test_what_is_held_is_told_at_the_end_and_nothing_critical_is_held(
    since: str, until: str, severity: Severity, grade: Grade, at: float, zone: str
) -> None:
    quiet = QuietHours(since=since, until=until, grades=[Grade.A, Grade.STANDARD])
    end = held_until(quiet, severity, grade, at, zone)
    if severity is Severity.CRITICAL or grade not in quiet.grades:
        assert end is None
    if end is not None:
        assert at < end <= at + 26 * 3600
        assert since == until or held_until(quiet, severity, grade, end, zone) is None


@pytest.mark.parametrize(
    ("at", "held"),
    [
        ("2026-11-02T21:59", False),
        ("2026-11-02T22:00", True),
        ("2026-11-03T07:59", True),
        ("2026-11-03T08:00", False),
    ],
)
def test_quiet_hours_go_over_midnight(at: str, held: bool) -> None:
    quiet = QuietHours(since="22:00", until="08:00")
    end = held_until(quiet, Severity.WARNING, Grade.A, moment(at), "Asia/Shanghai")
    assert end == (moment("2026-11-03T08:00") if held else None)


POLICY = OnCall(
    rota=Rota(people=PEOPLE, begins="2026-11-02T09:00"),
    ladder=[
        LadderStep(after=0, sinks=["sms"]),
        LadderStep(after=600, sinks=["sms", "calls"]),
        LadderStep(after=1200, sinks=["calls"], turn=1),
    ],
)
START = moment("2026-11-03T10:00")
TICKET = Unaccepted("NW-A-1", Severity.CRITICAL, Grade.AAA, START)


def due(known: dict[str, NoticeState], seconds: float, policy: OnCall = POLICY) -> list[Notice]:
    return list(notices_due(policy, TICKET, known, START + seconds, "Asia/Shanghai"))


@given(
    waits=st.lists(st.floats(min_value=1, max_value=900), min_size=1, max_size=40),
    over_hand_over=st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_whenever_the_agent_runs_every_step_is_told_once_and_none_is_lost(
    waits: list[float], over_hand_over: bool
) -> None:
    start = moment("2026-11-09T08:50") if over_hand_over else START
    ticket = Unaccepted("NW-A-1", Severity.CRITICAL, Grade.AAA, start)
    known: dict[str, NoticeState] = {}
    told: list[Notice] = []
    now = start
    for wait in [*waits, 1200.0]:
        # Every round is as after a restart: nothing is remembered but what the ledger has.
        now += wait
        found = list(notices_due(POLICY, ticket, known, now, "Asia/Shanghai"))
        told += found
        known |= {it.id: NoticeState.PENDING for it in found}
    assert sorted(it.id for it in told) == sorted(
        [
            "NW-A-1_step0_sms_0",
            "NW-A-1_step1_calls_0",
            "NW-A-1_step1_sms_0",
            "NW-A-1_step2_calls_0",
        ]
    )


def test_who_cannot_be_reached_is_followed_by_the_next_person_and_nobody_twice() -> None:
    known: dict[str, NoticeState] = {}
    people = []
    for _ in range(5):
        for notice in due(known, 1):
            people.append(notice.person)
            known[notice.id] = NoticeState.FAILED
    assert people == ["li", "wang", "zhao"]
    assert due(known, LATEST + 1200) == []


def test_the_next_turn_is_told_where_the_step_says_so() -> None:
    known = {it.id: NoticeState.PENDING for it in due({}, 700)}
    assert [(it.sink, it.person) for it in due(known, 1200)] == [("calls", "wang")]


def test_in_quiet_hours_a_mild_ticket_waits_for_the_morning() -> None:
    quiet = QuietHours(since="09:00", until="11:00", grades=[Grade.AAA])
    policy = POLICY.model_copy(update={"quiet_hours": quiet})
    mild = Unaccepted("NW-A-1", Severity.WARNING, Grade.AAA, START)
    at = START + 1
    assert list(notices_due(policy, mild, {}, at, "Asia/Shanghai")) == []
    assert [it.person for it in due({}, 1, policy)] == ["li"]
    after = list(notices_due(policy, mild, {}, START + 3600, "Asia/Shanghai"))
    assert len(after) == 4
