"""Findings as samples, and checks that run again only where something changed."""

import msgspec
import pytest

from agent.checks.engine import Checker
from agent.config.settings import Metrics
from agent.lints.linter import Linter
from agent.model import Listing
from agent.series import SeriesBuilder
from agent.series.drift import QUIET_ROWS
from tests.account_facts import (
    B1,
    NOW,
    ROUTING,
    changed,
    large_snapshot,
    make_settings,
    make_snapshot,
    number,
)

ONE, TWO = "4006220001", "4006220002"
DAY = 86400.0


class Account:
    """An account that is checked and shown again and again."""

    def __init__(self, **settings):
        self.checker = Checker(make_settings(**settings))
        self.series = SeriesBuilder(Metrics())
        self.checked = None

    def show(self, snapshot, now=NOW):
        self.checked = self.checker.check(snapshot, now, self.checked)
        return {it.family.name: it for it in self.series.build(snapshot, self.checked, now)}

    def counts(self, snapshot, family="numwatch_number_lint_findings", now=NOW):
        """Values by the labels after provider and account."""
        block = self.show(snapshot, now).get(family)
        if block is None:
            return {}
        rows = zip(*block.frame.columns[2:], strict=True)
        return dict(zip(rows, block.values.tolist(), strict=True))


def bare(snapshot, name):
    """``name`` with a single phone and the short wait it had: a warning each."""
    return changed(snapshot, bindings={**snapshot.bindings, name: (B1,)})


def test_findings_are_counted_by_number_and_severity():
    snapshot = bare(make_snapshot(number(ONE), number(TWO)), ONE)
    assert Account().counts(snapshot) == {
        (ONE, "error"): 0,
        (ONE, "warning"): 2,
        (ONE, "info"): 0,
        (TWO, "error"): 0,
        (TWO, "warning"): 0,
        (TWO, "info"): 1,
    }


def test_waived_findings_are_not_counted():
    waiver = {"lint": "L04", "numbers": [ONE], "reason": "a kiosk"}
    account = Account(lints={"waivers": [waiver]})
    assert account.counts(bare(make_snapshot(number(ONE)), ONE))[ONE, "warning"] == 1
    (first, _) = account.checked.lint_findings(ONE, NOW)
    assert first.waiver.reason == "a kiosk"


def test_findings_of_the_account_are_reported_once():
    counts = Account(contacts={}).counts(make_snapshot(), "numwatch_account_lint_findings")
    assert counts == {("error",): 0, ("warning",): 0, ("info",): 1}


def test_without_fresh_facts_there_are_no_findings():
    account = Account()
    assert account.counts(make_snapshot(), now=NOW + 1000) == {}


def test_linting_can_be_switched_off():
    account = Account(lints={"enabled": False})
    assert account.counts(make_snapshot()) == {}
    assert account.checked.lint_findings(ONE, NOW) == ()


def test_a_large_account_shows_only_levels_that_had_findings():
    snapshot = large_snapshot(QUIET_ROWS + 1)
    account = Account()
    assert {level for _, level in account.counts(snapshot)} == {"info"}
    name = snapshot.listing.numbers[7].number
    assert account.counts(bare(snapshot, name))[name, "warning"] == 3  # not as first seen, too
    healed = changed(snapshot)
    assert account.counts(healed)[name, "warning"] == 0


@pytest.fixture
def linted(monkeypatch):
    """The numbers that were linted."""
    seen = []
    plain = Linter.bits

    def bits(self, facts):
        seen.append(facts.number.number)
        return plain(self, facts)

    monkeypatch.setattr(Linter, "bits", bits)
    return seen


def test_only_what_changed_is_linted_again(linted):
    account, snapshot = Account(), make_snapshot(number(ONE), number(TWO))
    account.show(snapshot)
    assert linted == [ONE, TWO]
    linted.clear()
    account.show(changed(snapshot))
    assert linted == []
    shorter = msgspec.structs.replace(ROUTING, wait_seconds=5.0)
    account.show(changed(snapshot, routings={ONE: ROUTING, TWO: shorter}))
    assert linted == [TWO]


def test_findings_that_come_with_time_come_without_a_change(linted):
    account = Account()
    facts = number(ONE, contract_end=NOW + 31 * DAY), number(TWO)
    fresh = {"stale_after": dict.fromkeys(make_snapshot().polls, 100 * DAY)}
    snapshot = make_snapshot(*facts, **fresh)
    assert account.counts(snapshot)[ONE, "warning"] == 0
    linted.clear()
    later = account.counts(changed(snapshot), now=NOW + 2 * DAY)
    assert later[ONE, "warning"] == 1
    assert linted == [ONE]


def test_columns_follow_numbers_that_come_and_go():
    account, snapshot = Account(), bare(make_snapshot(number(ONE), number(TWO)), TWO)
    account.show(snapshot)
    alone = changed(
        snapshot, listing=Listing((snapshot.listing.numbers[1],)), routings={TWO: ROUTING}
    )
    assert account.counts(alone) == Account().counts(alone)
    assert account.counts(snapshot) == Account().counts(snapshot)
