"""The table that decides on a number's health, against the rule in plain words."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.health import rule
from agent.health.call_columns import ENOUGH_CALLS, MOST_CALLS
from agent.health.rule import HEALTH_CODES, HEALTHS, REASONS, RULE, HealthFacts, Reason
from agent.states import Health


@dataclass(frozen=True)
class Case:
    fresh: bool = True
    not_opened: bool = False
    up: bool | None = True
    impaired: bool = False
    reachable: int | None = 2
    """``None``: nothing is known of the phones."""
    unreachable: int = 0
    silent: int = 0
    offered: int = 0
    answered: int = 0
    ticket: Health = Health.OK


def facts(*cases: Case) -> HealthFacts:
    def column(values, dtype=float):
        return np.array(list(values), dtype=dtype)

    known = [case.reachable is not None for case in cases]
    return HealthFacts(
        listing_fresh=column((case.fresh for case in cases), bool),
        not_opened=column((case.not_opened for case in cases), bool),
        up=column(np.nan if case.up is None else float(case.up) for case in cases),
        impaired=column((case.impaired for case in cases), bool),
        phones=column(
            case.reachable + case.unreachable + case.silent if is_known else np.nan
            for case, is_known in zip(cases, known, strict=True)
        ),
        reachable=column(case.reachable or 0 for case in cases),
        unreachable=column(
            case.unreachable if is_known else 0 for case, is_known in zip(cases, known, strict=True)
        ),
        offered=column((case.offered for case in cases), np.int8),
        answered=column((case.answered for case in cases), np.int8),
        tickets=column((HEALTH_CODES[case.ticket] for case in cases), np.int8),
    )


def healths(*cases: Case) -> list[Health]:
    codes = rule.healths_of(rule.decide(facts(*cases)))
    return [HEALTHS[code] for code in codes.tolist()]


def reasons(*cases: Case) -> list[Reason]:
    return [REASONS[code] for code in rule.decide(facts(*cases)).tolist()]


def expected(case: Case) -> Health:
    """The rule as docs/health.md says it."""
    if case.ticket is Health.DOWN:
        return Health.DOWN
    if not case.fresh or case.not_opened:
        return Health.NOT_OPENED if case.fresh else Health.UNKNOWN
    phones_known = case.reachable is not None
    nobody_rings = phones_known and not case.reachable and not case.silent
    nobody_answers = case.offered >= ENOUGH_CALLS and not case.answered
    if case.up is False or nobody_rings or nobody_answers:
        return Health.DOWN
    if case.up is None:
        return Health.UNKNOWN
    judged_by_calls = case.offered >= ENOUGH_CALLS
    few = judged_by_calls and case.answered < case.offered / 2
    lost_phone = phones_known and case.unreachable > 0
    if case.ticket is Health.DEGRADED or case.impaired or lost_phone or few:
        return Health.DEGRADED
    return Health.OK if case.reachable or judged_by_calls else Health.UNKNOWN


@st.composite
def cases(draw: st.DrawFn) -> Case:
    offered = draw(st.integers(0, MOST_CALLS))
    return Case(
        fresh=draw(st.booleans()),
        not_opened=draw(st.booleans()),
        up=draw(st.sampled_from([True, False, None])),
        impaired=draw(st.booleans()),
        reachable=draw(st.none() | st.integers(0, 2)),
        unreachable=draw(st.integers(0, 2)),
        silent=draw(st.integers(0, 2)),
        offered=offered,
        answered=draw(st.integers(0, offered)),
        ticket=draw(st.sampled_from([Health.OK, Health.DEGRADED, Health.DOWN])),
    )


@given(st.lists(cases(), min_size=1, max_size=40))
def test_the_table_decides_as_the_document_says(drawn):
    assert healths(*drawn) == [expected(case) for case in drawn]


NOTHING_KNOWN = Case(reachable=None)


def test_a_number_of_whose_phones_nothing_is_known_is_unknown():
    assert healths(NOTHING_KNOWN, Case(reachable=0, silent=2)) == [Health.UNKNOWN] * 2


def test_ok_by_default_would_be_noticed(monkeypatch):
    lines = tuple(
        (reason, Health.OK if reason is Reason.SILENT else health, condition)
        for reason, health, condition in RULE
    )
    codes = np.array([HEALTH_CODES[health] for _, health, _ in lines], dtype=np.int8)
    monkeypatch.setattr(rule, "_HEALTH_OF_REASON", codes)
    with pytest.raises(AssertionError):
        test_a_number_of_whose_phones_nothing_is_known_is_unknown()


def test_calls_say_how_a_number_is_whose_phones_say_nothing():
    answered = Case(reachable=None, offered=ENOUGH_CALLS, answered=ENOUGH_CALLS)
    too_few = Case(reachable=None, offered=ENOUGH_CALLS - 1, answered=ENOUGH_CALLS - 1)
    assert reasons(answered, too_few) == [Reason.BY_CALLS, Reason.SILENT]


def test_phones_that_ring_do_not_make_up_for_calls_that_nobody_answers():
    assert healths(Case(offered=ENOUGH_CALLS), Case(offered=ENOUGH_CALLS - 1)) == [
        Health.DOWN,
        Health.OK,
    ]


def test_what_a_ticket_tells_outlasts_the_data():
    down, stale = Case(fresh=False, ticket=Health.DOWN), Case(fresh=False, ticket=Health.DEGRADED)
    assert healths(down, stale) == [Health.DOWN, Health.UNKNOWN]
