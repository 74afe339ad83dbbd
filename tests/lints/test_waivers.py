"""Waivers: someone answers for a finding, for some numbers, until a day."""

import pytest
from pydantic import ValidationError

from agent.config.lints import Lints
from agent.lints.linter import NEVER, Linter
from agent.lints.registry import LINTS
from agent.model import SpecialDays
from tests.account_facts import B1
from tests.lints.lint_cases import DAY, LINTER, NOW, TODAY, bound, numbered, routed

LATE = NOW + 10 * DAY


def waiving(**edits):
    waiver = {"lint": "L04", "numbers": ["4006220001"], "reason": "a kiosk", **edits}
    return Linter(Lints.model_validate({"waivers": [waiver]}))


def single(linter, now=NOW):
    """The finding that one phone is bound, and whether it is counted."""
    facts = bound(B1).facts(linter, now)
    (finding,) = [it for it in linter.findings(facts) if it.lint == "L04"]
    unwaived = linter.bits(facts) & ~linter.waived_bits("4006220001", facts.context.today)
    return finding, bool(unwaived & LINTS["L04"].bit)


def test_a_waived_finding_is_shown_with_its_reason_and_not_counted():
    finding, counted = single(waiving())
    assert finding.is_waived
    assert finding.waiver.reason == "a kiosk"
    assert not counted


def test_a_waiver_of_other_numbers_or_lints_changes_nothing():
    for linter in (waiving(numbers=["4006220002"]), waiving(lint="L05"), LINTER):
        assert single(linter) == (single(LINTER)[0], True)


def test_a_waiver_without_numbers_is_for_all():
    assert not single(waiving(numbers=[]))[1]


def test_a_waiver_holds_through_its_last_day_and_then_says_that_it_is_over():
    linter = waiving(until="2027-01-15")
    assert single(linter) == (single(linter)[0], False)
    over, counted = single(linter, LATE)
    assert counted
    assert over.waiver.expired
    assert not over.is_waived
    assert over.waiver.until == "2027-01-15"


def test_the_end_of_a_waiver_is_a_moment_to_look_again():
    linter = waiving(until="2027-01-20")
    due = linter.next_change(bound(B1).facts(linter))
    assert due == 1_800_460_800.0  # 2027-01-21T00:00:00+08:00
    assert waiving().next_change(bound(B1).facts(LINTER)) == NEVER


@pytest.mark.parametrize(
    "waiver",
    [
        {"lint": "L45", "reason": "x"},
        {"lint": "L04", "reason": ""},
        {"lint": "L04"},
        {"lint": "L04", "reason": "x", "until": "soon"},
    ],
)
def test_a_waiver_needs_a_lint_a_reason_and_a_real_day(waiver):
    with pytest.raises(ValidationError):
        Lints.model_validate({"waivers": [waiver]})


def test_ends_of_papers_and_plans_are_moments_to_look_again():
    end = NOW + 60 * DAY
    assert LINTER.next_change(routed().facts(LINTER)) == NEVER
    assert LINTER.next_change(numbered(contract_end=end).facts(LINTER)) == end - 30 * DAY
    assert LINTER.next_change(numbered(contract_end=end).facts(LINTER, end - DAY)) == end
    plan = routed(special_days=(SpecialDays(TODAY, TODAY + 6),))
    assert LINTER.next_change(plan.facts(LINTER)) == 1_800_547_200.0  # 2027-01-22T00:00:00+08:00
