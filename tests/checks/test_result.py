"""What a result says of one number, known or not."""

import msgspec
import numpy as np
import pytest

from agent.baselines.baseline import BaselineBook
from agent.checks.engine import Checker
from agent.checks.inventory import GONE_REASON, build_inventory
from agent.checks.number_columns import AccountDefaults, NumberColumns, grade_of, with_deadlines
from agent.model import Listing
from agent.states import (
    BindingState,
    Capability,
    ConfigSection,
    Grade,
    NetworkState,
    NumberState,
)
from tests.account_facts import (
    B1,
    B2,
    NOW,
    ROUTING,
    changed,
    make_settings,
    make_snapshot,
    number,
    polled,
    rebound,
)

ONE, TWO, GONE, NOBODY = "4006220001", "4006220002", "4006220000", "4009999999"
SLOW = msgspec.structs.replace(ROUTING, wait_seconds=5.0)


@pytest.fixture
def checker():
    return Checker(make_settings(lints={"enabled": False}))


@pytest.fixture
def checked(checker):
    snapshot = make_snapshot(
        number(ONE),
        number(TWO, "cancelled"),
        gone=frozenset({GONE, ONE}),
        bindings={ONE: (B1, rebound(B2, "unknown")), TWO: (B1,)},
    )
    return checker.check(snapshot, NOW)


def test_numbers_that_are_gone_come_after_those_listed(checked):
    assert (checked.names, checked.listed) == ([ONE, TWO, GONE], 2)
    assert [checked.number_row(name) for name in (ONE, TWO, GONE, NOBODY)] == [0, 1, 2, None]
    assert checked.number_row("") is None


def test_everything_of_a_number(checked):
    assert checked.number_state(TWO) is NumberState.CANCELLED
    assert checked.network_state(TWO) is NetworkState.ACTIVE
    assert (checked.is_mismatch(ONE), checked.is_mismatch(TWO)) == (False, True)
    assert (checked.reachable(ONE), checked.reachable(TWO)) == (None, 1)
    assert checked.bindings(TWO) == {"b1": B1}
    assert checked.phones_of(TWO) == (B1,)
    assert checked.binding_state(TWO, "b1") is BindingState.OK
    assert checked.bindings(GONE) is None


def test_nothing_of_a_number_that_the_account_does_not_have(checked):
    for query in ("is_up", "number_state", "network_state", "bindings", "phones_of", "reachable"):
        assert getattr(checked, query)(NOBODY) is None
    assert checked.binding_state(NOBODY, "b1") is None
    assert checked.is_mismatch(NOBODY) is False
    assert checked.drift_sections(NOBODY) == checked.drift_known(NOBODY) == ()
    assert checked.differences(NOBODY) == checked.lint_findings(NOBODY, NOW) == ()


def test_without_lints_there_are_none(checked):
    assert checked.lints is None
    assert checked.account_lints == ()
    assert checked.lint_findings(ONE, NOW) == ()


def test_lints_of_a_number_and_of_the_account():
    settings = make_settings()
    risky = msgspec.structs.replace(ROUTING, menu=None, wait_seconds=500.0)
    checked = Checker(settings).check(make_snapshot(routings={ONE: risky}), NOW)
    findings = checked.lint_findings(ONE, NOW)
    assert findings
    assert bool(checked.lints.findings[0])


def account_finding(graded, **account):
    """What L40 says of an account; ``None`` where it finds nothing."""
    settings = make_settings(
        providers=[{"name": "south", "profile": "generic", "accounts": [{"id": "shop", **account}]}]
    )
    numbers = (number(ONE, grade=graded), number(TWO))
    snapshot = make_snapshot(*numbers, provider="south", account="shop")
    findings = Checker(settings).check(snapshot, NOW).account_lints
    texts = [found.message.text("en") for found in findings if found.lint == "L40"]
    return texts[0] if texts else None


def test_an_account_is_linted_for_its_contact_and_its_grades():
    contact = {"contacts": {"provider": "south desk 7x24"}}
    assert "add contacts.provider" in account_finding(Grade.AAA)
    assert "contacts" not in account_finding(Grade.STANDARD, **contact)
    assert account_finding(Grade.AAA, **contact) is None
    assert account_finding(Grade.STANDARD, **contact, grade="AA") is None
    elsewhere = {"contacts": {"finance": "1001"}}
    assert "add contacts.provider" in account_finding(Grade.AAA, **elsewhere)


def test_facts_are_fresh_as_long_as_their_capability(checker):
    polls = {Capability.NUMBERS: polled(NOW - 179), Capability.ROUTING: polled(NOW - 181)}
    checked = checker.check(make_snapshot(polls=polls), NOW)
    assert checked.is_fresh(Capability.NUMBERS, NOW)
    assert not checked.is_fresh(Capability.ROUTING, NOW)


def test_drift_and_differences_by_section(checker):
    before = checker.check(make_snapshot(), NOW)
    assert before.drift_known(ONE) == tuple(ConfigSection)
    edited = changed(before.snapshot, routings={ONE: SLOW}, bindings={ONE: (B1,)})
    after = checker.check(edited, NOW + 1, before)
    assert after.drift_sections(ONE) == (ConfigSection.BINDINGS, ConfigSection.WAIT)
    assert {difference.section for difference in after.differences(ONE)} == {
        ConfigSection.BINDINGS,
        ConfigSection.WAIT,
    }
    assert after.drift_since == {ONE: NOW + 1}
    again = checker.check(changed(edited, routings={ONE: ROUTING}), NOW + 2, after)
    assert again.drift_since == {ONE: NOW + 1}


def test_a_number_that_was_never_listed_and_is_gone():
    inventory = build_inventory(make_snapshot(number(TWO), gone=frozenset({ONE})), None)
    [_, gone] = inventory.numbers
    assert (gone.number, gone.state, gone.reason) == (ONE, NumberState.RECLAIMED, GONE_REASON)
    assert GONE_REASON == "missing from two complete listings in a row"


def test_of_a_number_that_is_gone_only_its_holder_remains(checker):
    rich = number(
        ONE,
        company="示例",
        native_status="1",
        contract_end=NOW,
        reclaim_at=NOW,
        realname_ok=True,
    )
    before = checker.check(make_snapshot(rich, number(TWO)), NOW)
    listing = Listing(before.snapshot.listing.numbers[1:])
    after = checker.check(
        changed(before.snapshot, listing=listing, gone=frozenset({ONE})), NOW, before
    )
    gone = after.numbers[1]
    assert gone == number(
        ONE, "reclaimed", "unknown", company="示例", reason=GONE_REASON, native_status=""
    )
    later = changed(after.snapshot, gone=frozenset({ONE, NOBODY}))
    assert checker.check(later, NOW, after).numbers[1] is gone


def test_names_stay_the_same_object_if_only_facts_changed(checker):
    before = checker.check(make_snapshot(number(ONE)), NOW)
    after = checker.check(
        changed(before.snapshot, listing=Listing((number(ONE, "expired"),))), NOW, before
    )
    assert after.names is before.names
    assert after.numbers is not before.numbers
    assert after.listed == 1


@pytest.mark.parametrize(
    ("reported", "account", "expected"),
    [
        (Grade.STANDARD, None, Grade.STANDARD),
        (Grade.STANDARD, Grade.AAA, Grade.AAA),
        (Grade.AAA, None, Grade.AAA),
        (Grade.AAA, Grade.STANDARD, Grade.AAA),
    ],
)
def test_a_reported_grade_goes_before_the_account_s(reported, account, expected):
    assert grade_of(number(ONE, grade=reported), account) is expected
    read = NumberColumns.read([number(ONE, grade=reported)], AccountDefaults(None, account))
    assert list(read.grades) == [expected.value]


def test_columns_of_numbers_hold_what_was_reported():
    numbers = [
        number(ONE, "active", "deactivated", contract_end=5.0, reclaim_at=6.0, realname_ok=True),
        number(TWO, "expired", "unknown", carrier="mobile", realname_ok=False),
    ]
    read = NumberColumns.read(numbers, AccountDefaults(NumberState.SUSPENDED_ARREARS, None))
    assert read.up.tolist() == [0.0, 0.0]
    assert read.mismatch.tolist() == [False, False]
    assert np.array_equal(read.contract_end, [5.0, np.nan], equal_nan=True)
    assert np.array_equal(read.reclaim_at, [6.0, np.nan], equal_nan=True)
    assert read.realname_ok.tolist() == [1.0, 0.0]
    assert list(read.carriers) == ["unicom", "mobile"]


def test_deadlines_follow_from_observed_changes_alone():
    arrears = NumberState.SUSPENDED_ARREARS
    numbers = [
        number(ONE, "suspended_arrears"),
        number(TWO, "suspended_arrears", reclaim_at=9.0),
        number("4006220003"),
        number("4006220004", "suspended_arrears"),
        number("4006220005", "expired"),
    ]
    columns = NumberColumns.read(numbers, AccountDefaults(None, None))
    changes = {each.number: (NumberState.ACTIVE, each.state, 100.0) for each in numbers}
    changes["4006220004"] = (arrears, NumberState.ACTIVE, 100.0)
    after = {arrears: 50.0, NumberState.FROZEN: 1.0}
    dated = with_deadlines(columns, numbers, range(5), changes, after)
    nan = np.nan
    assert np.array_equal(dated.reclaim_at, [150.0, 9.0, nan, nan, nan], equal_nan=True)
    assert np.array_equal(columns.reclaim_at, [nan, 9.0, nan, nan, nan], equal_nan=True)
    assert with_deadlines(columns, numbers, range(1, 5), changes, after) is columns
    instantly = with_deadlines(columns, numbers, range(5), changes, {arrears: 0.0})
    assert instantly.reclaim_at[0] == 100.0


def test_a_provisional_baseline_needs_every_polled_part():
    for polls, routings, bindings, complete in (
        ((Capability.ROUTING,), {ONE: ROUTING}, {}, True),
        ((Capability.ROUTING,), {}, {ONE: (B1,)}, False),
        ((Capability.REACHABILITY,), {}, {ONE: (B1,)}, True),
        ((Capability.REACHABILITY,), {ONE: ROUTING}, {}, False),
        ((Capability.ROUTING, Capability.REACHABILITY), {ONE: ROUTING}, {}, False),
        ((Capability.NUMBERS,), {ONE: ROUTING}, {ONE: (B1,)}, False),
    ):
        book = BaselineBook()
        snapshot = make_snapshot(
            polls={capability: polled() for capability in polls},
            routings=routings,
            bindings=bindings,
        )
        Checker(make_settings(), book).check(snapshot, NOW)
        stored = book.stored("north", "hq", ONE)
        assert (stored is not None) == complete
        if stored is not None:
            assert (stored.routing, stored.bindings) == (routings.get(ONE), bindings.get(ONE))
            assert stored.taken_at == NOW


def test_the_change_of_a_phone_s_state_is_dated_where_it_was_observed(checker):
    before = checker.check(make_snapshot(number(ONE), number(TWO)), NOW)
    assert before.binding_since == {}
    off = {**before.snapshot.bindings, TWO: (B1, rebound(B2, "off"))}
    first = checker.check(changed(before.snapshot, bindings=off), NOW + 1, before)
    assert first.binding_since == {(TWO, "b2"): NOW + 1}
    listing = Listing(first.snapshot.listing.numbers[1:])
    moved = {TWO: (rebound(B1, "busy"), rebound(B2, "off"), rebound(B1, "off"))}
    second = checker.check(changed(first.snapshot, listing=listing, bindings=moved), NOW + 2, first)
    assert second.binding_since == {(TWO, "b2"): NOW + 1, (TWO, "b1"): NOW + 2}
    back = changed(second.snapshot, listing=before.snapshot.listing, bindings=off)
    third = checker.check(back, NOW + 3, second)
    assert third.binding_since == {(TWO, "b2"): NOW + 1, (TWO, "b1"): NOW + 3}
