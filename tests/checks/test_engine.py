"""A check from what was known before finds what a check from nothing finds, with less work."""

from time import process_time

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.baselines.baseline import BaselineBook, approved
from agent.checks.engine import Checker, CheckResult
from agent.checks.inventory import GONE_REASON
from agent.model import Listing
from agent.states import (
    BindingState,
    Capability,
    ConfigSection,
    NetworkState,
    NumberState,
)
from tests.account_facts import (
    B1,
    B2,
    NOW,
    ROUTING,
    changed,
    large_snapshot,
    make_settings,
    make_snapshot,
    number,
    polled,
    rebound,
)

ONE, TWO = "4006220001", "4006220002"
SLOW = msgspec.structs.replace(ROUTING, wait_seconds=5.0)


@pytest.fixture
def checker():
    return Checker(make_settings())


def test_a_number_is_found_and_what_is_said_of_it(checker):
    snapshot = make_snapshot(
        number(ONE),
        number(TWO, state="suspended_arrears"),
        number("4006220003", state="unknown", network="unknown"),
        bindings={
            ONE: (B1, rebound(B2, "arrears")),
            TWO: (),
            "4006220003": (rebound(B1, "unknown"),),
        },
    )
    checked = checker.check(snapshot, NOW)
    assert [checked.is_up(each) for each in checked.names] == [True, False, None]
    assert [checked.reachable(each) for each in checked.names] == [1, 0, None]
    assert checked.number_row("4006220009") is None
    assert checked.is_up("4006220009") is None
    assert checked.binding_state(ONE, "b2") is BindingState.ARREARS
    assert checked.binding_state(ONE, "b9") is None
    assert checked.bindings(TWO) == {}
    assert checked.bindings("4006220009") is None
    assert checked.network_state(ONE) is NetworkState.ACTIVE


def test_facts_never_told_are_unknown_not_none(checker):
    snapshot = make_snapshot(bindings={}, routings={}, balance=None)
    checked = checker.check(snapshot, NOW)
    assert checked.bindings(ONE) is None
    assert checked.reachable(ONE) is None
    assert checked.drift_known(ONE) == ()
    assert checked.money is None
    empty = checker.check(changed(snapshot, listing=None), NOW)
    assert empty.names == []


def test_a_number_that_is_gone_counts_as_reclaimed_and_keeps_what_was_known(checker):
    before = checker.check(make_snapshot(number(ONE, company="示例"), number(TWO)), NOW)
    gone = changed(
        before.snapshot,
        listing=Listing(before.snapshot.listing.numbers[1:]),
        gone=frozenset({ONE}),
    )
    after = checker.check(gone, NOW, before)
    assert after.names == [TWO, ONE]
    assert after.number_state(ONE) is NumberState.RECLAIMED
    assert after.is_up(ONE) is False
    assert after.numbers[1].reason == GONE_REASON
    assert after.numbers[1].company == "示例"
    assert after.is_up(TWO) is True
    back = checker.check(changed(before.snapshot), NOW, after)
    assert back.is_up(ONE) is True


def test_a_number_goes_although_the_listing_stays_the_same(checker):
    before = checker.check(make_snapshot(number(ONE)), NOW)
    after = checker.check(changed(before.snapshot, gone=frozenset({TWO})), NOW, before)
    assert after.number_state(TWO) is NumberState.RECLAIMED


def test_phones_that_become_known_to_be_none_are_counted(checker):
    before = checker.check(make_snapshot(bindings={}), NOW)
    after = checker.check(changed(before.snapshot, bindings={ONE: ()}), NOW, before)
    assert (before.reachable(ONE), after.reachable(ONE)) == (None, 0)
    again = checker.check(changed(before.snapshot), NOW, after)
    assert again.reachable(ONE) is None


def test_an_account_that_is_suspended_takes_its_numbers_down(checker):
    snapshot = make_snapshot()
    forced = Listing(snapshot.listing.numbers, account_state=NumberState.SUSPENDED_ARREARS)
    before = checker.check(snapshot, NOW)
    checked = checker.check(changed(snapshot, listing=forced), NOW, before)
    assert checked.number_state(ONE) is NumberState.SUSPENDED_ARREARS
    assert checked.is_up(ONE) is False


def test_nothing_changed_hands_out_the_same_columns(checker):
    before = checker.check(make_snapshot(number(ONE), number(TWO)), NOW)
    after = checker.check(changed(before.snapshot), NOW + 60, before)
    for part in ("names", "numbers", "columns", "phones", "drift", "illegal", "money"):
        assert getattr(after, part) is getattr(before, part), part


def test_a_change_replaces_only_the_columns_it_shows_in(checker):
    before = checker.check(make_snapshot(number(ONE), number(TWO)), NOW)
    bindings = {**before.snapshot.bindings, ONE: (rebound(B1, "busy"), B2)}
    after = checker.check(changed(before.snapshot, bindings=bindings), NOW + 60, before)
    assert after.columns is before.columns
    assert after.phones.labels is before.phones.labels
    assert after.phones.reachable is before.phones.reachable  # a busy phone can be reached
    assert after.drift.drifted is before.drift.drifted
    assert after.phones.states is not before.phones.states
    assert after.binding_since == {(ONE, "b1"): NOW + 60}
    assert before.binding_state(ONE, "b1") is BindingState.OK


def test_the_first_complete_configuration_is_the_provisional_baseline(checker):
    half = make_snapshot(routings={})
    first = checker.check(half, NOW)
    assert checker.baselines.get("north", "hq", ONE) is None
    whole = checker.check(changed(half, routings={ONE: ROUTING}), NOW + 1, first)
    stored = checker.baselines.get("north", "hq", ONE)
    assert (stored.approved, stored.taken_at) == (False, NOW + 1)
    edited = checker.check(changed(whole.snapshot, routings={ONE: SLOW}), NOW + 2, whole)
    assert edited.drift_sections(ONE) == (ConfigSection.WAIT,)
    assert edited.drift_since == {ONE: NOW + 2}
    assert [str(each) for each in edited.differences(ONE)] == ["wait_seconds: 20 -> 5"]
    undone = checker.check(changed(edited.snapshot, routings={ONE: ROUTING}), NOW + 3, edited)
    assert undone.drift_sections(ONE) == ()
    assert undone.drift_since == {}


def test_an_account_that_tells_no_routing_is_held_to_its_phones(checker):
    polls = {Capability.NUMBERS: polled(), Capability.REACHABILITY: polled()}
    before = checker.check(make_snapshot(polls=polls, routings={}), NOW)
    after = checker.check(changed(before.snapshot, bindings={ONE: (B1,)}), NOW, before)
    assert after.drift_sections(ONE) == (ConfigSection.BINDINGS,)
    assert after.drift_known(ONE) == (ConfigSection.BINDINGS,)


def test_approving_takes_effect_at_the_next_check(checker):
    before = checker.check(make_snapshot(), NOW)
    edited = checker.check(changed(before.snapshot, routings={ONE: SLOW}), NOW, before)
    checker.baselines.put("north", "hq", ONE, approved(edited.snapshot, ONE, None, NOW))
    after = checker.check(changed(edited.snapshot), NOW, edited)
    assert after.drift_sections(ONE) == ()
    back = checker.check(changed(after.snapshot, routings={ONE: ROUTING}), NOW, after)
    assert back.drift_sections(ONE) == (ConfigSection.WAIT,)


def test_drift_is_told_against_a_restored_baseline():
    book = BaselineBook()
    Checker(make_settings(), book).check(make_snapshot(), NOW)
    again = BaselineBook()
    again.restore(list(book.take_unwritten()))
    checked = Checker(make_settings(), again).check(make_snapshot(routings={ONE: SLOW}), NOW)
    assert checked.drift_sections(ONE) == (ConfigSection.WAIT,)


def test_illegal_moves_are_told(checker):
    moves = {ONE: (NumberState.RECLAIMED, NumberState.ACTIVE, NOW)}
    before = checker.check(make_snapshot(), NOW)
    checked = checker.check(changed(before.snapshot, previous_states=moves), NOW, before)
    assert checked.illegal == moves


names = st.lists(st.sampled_from([f"400622000{n}" for n in range(8)]), unique=True, max_size=8)
phone_sets = st.sampled_from([None, (), (B1,), (B2,), (B1, B2), (B2, B1)])
phone_states = st.sampled_from(["ok", "arrears", "unknown", "busy"])


def test_equal_columns_of_other_numbers_are_not_taken_for_the_same(checker):
    names = [f"400622000{row}" for row in range(1, 6)]

    def listed(numbers, slow):
        return {
            "listing": Listing(tuple(map(number, numbers))),
            "routings": {each: SLOW if each in slow else ROUTING for each in numbers},
            "bindings": dict.fromkeys(numbers, (B1, B2)),
        }

    before = checker.check(make_snapshot(**listed(names, ())), NOW)
    before = checker.check(
        changed(before.snapshot, **listed(names[:4], names[:2])), NOW + 1, before
    )
    assert before.drift_since == dict.fromkeys(names[:2], NOW + 1)
    after = checker.check(
        changed(before.snapshot, **listed(names[1:], names[1:3])), NOW + 2, before
    )
    assert np.array_equal(after.drift.drifted, before.drift.drifted)
    assert after.drift_since == {names[1]: NOW + 1, names[2]: NOW + 2}


@st.composite
def facts(draw):
    listed = draw(names)
    states = st.sampled_from(["active", "expired", "unknown", "low_balance"])
    numbers = [
        number(each, draw(states), contract_end=draw(st.sampled_from([None, 5.0])))
        for each in listed
    ]
    bound = {each: draw(phone_sets) for each in listed}
    return {
        "listing": Listing(tuple(sorted(numbers, key=lambda each: each.number))),
        "bindings": {
            each: tuple(rebound(phone, draw(phone_states)) for phone in phones)
            for each, phones in bound.items()
            if phones is not None
        },
        "routings": {each: draw(st.sampled_from([ROUTING, SLOW])) for each in listed},
        "gone": frozenset(draw(names)) - frozenset(listed),
    }


def said(checked: CheckResult) -> list[object]:
    columns, phones, drift = checked.columns, checked.phones, checked.drift
    arrays = [getattr(columns, name) for name in ("states", "networks", "up", "mismatch")]
    arrays += [columns.contract_end, columns.reclaim_at, columns.realname_ok]
    arrays += [phones.counts, phones.starts, phones.states, phones.reachable]
    arrays += [drift.drifted, drift.known]
    lists = [checked.names, list(columns.carriers), list(columns.grades)]
    lists += [phones.labels, phones.bound]
    return [np.nan_to_num(each, nan=-1.0).tolist() for each in arrays] + lists


@settings(max_examples=30, deadline=None)
@given(st.lists(facts(), min_size=2, max_size=4))
def test_step_by_step_finds_what_a_check_from_nothing_finds(steps):
    stepping, checked = Checker(make_settings()), None
    for step in steps:
        snapshot = make_snapshot(**step)
        checked = stepping.check(snapshot, NOW, checked)
        whole = Checker(make_settings(), stepping.baselines).check(snapshot, NOW)
        assert said(checked) == said(whole)


def test_a_change_of_one_percent_costs_a_fraction_of_the_first_check():
    checker, snapshot = Checker(make_settings()), large_snapshot(20_000)
    started = process_time()
    before = checker.check(snapshot, NOW)
    first = process_time() - started
    bindings = dict(snapshot.bindings)
    for name in before.names[::100]:
        bindings[name] = (rebound(bindings[name][0], "off"), bindings[name][1])
    started = process_time()
    after = checker.check(changed(snapshot, bindings=bindings), NOW, before)
    assert process_time() - started < first / 3
    assert int((after.phones.reachable == 1).sum()) == 200
