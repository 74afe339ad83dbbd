"""The checks over a whole account, done again only for what changed."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from agent.baselines.baseline import Baseline, BaselineBook, Baselines
from agent.baselines.drift_columns import Configuration, DriftColumns
from agent.checks.balance import Money, evaluate_balance
from agent.checks.columns import MISSING_ROW, Alignment, Rows, gather, looked_up, united
from agent.checks.deadlines import with_deadlines
from agent.checks.inventory import NumberInventory, build_inventory
from agent.checks.lifecycle import illegal_moves
from agent.checks.number_columns import NumberColumns, Standing
from agent.checks.phone_columns import Bound, PhoneColumns, read_phones
from agent.checks.result import Change, CheckResult
from agent.checks.signals import heard, silent_rows
from agent.config.settings import Account, Settings, Thresholds
from agent.lints.columns import LintColumns, LintSource, follow_lints, read_lints
from agent.lints.facts import AccountFacts
from agent.lints.finding import Finding
from agent.lints.linter import Linter
from agent.model import Routing, Snapshot
from agent.states import BindingState, Capability, Grade, Party

__all__ = ["CheckResult", "Checker"]

_CONFIGURED_BY = (Capability.ROUTING, Capability.REACHABILITY)


class Checker:
    """Checks snapshots; pure but for the provisional baselines it puts into ``baselines``.

    :meth:`check` may run in a thread, one at a time per account. A change of settings needs a
    new checker, and its first check no ``before``.
    """

    def __init__(self, settings: Settings, baselines: Baselines | None = None) -> None:
        self.baselines: Baselines = BaselineBook() if baselines is None else baselines
        self._accounts: dict[tuple[str, str], Account] = {
            (provider.name, account.id): account
            for provider in settings.providers
            for account in provider.accounts
        }
        self._thresholds = {each.name: each.thresholds for each in settings.providers}
        self._reclaimed_after = {
            each.name: each.lifecycle.reclaimed_after for each in settings.providers
        }
        self._reachability = settings.reachability
        lints = settings.lints
        self._linter = (
            Linter(lints, settings.calendar, settings.timezone) if lints.enabled else None
        )
        self._contacts = {
            (provider.name, account.id)
            for provider in settings.providers
            for account in provider.accounts
            if Party.PROVIDER in {**settings.contacts, **provider.contacts, **account.contacts}
        }

    def check(
        self, snapshot: Snapshot, now: float, before: CheckResult | None = None
    ) -> CheckResult:
        """Everything the checks find in ``snapshot``.

        Args:
            snapshot: The facts.
            now: Epoch seconds.
            before: What the check of the account's former snapshot gave.
        """
        roll = build_inventory(snapshot, before)
        alignment = Alignment.of(roll.names, before.names if before else None)
        columns = self._numbers(snapshot, roll, alignment, before)
        bound = _bound(snapshot, roll, alignment, before)
        heard_bound = self._heard(snapshot, roll, bound, now, before)
        phones, moved = _phones(heard_bound, alignment, before)
        drift = self._drift(snapshot, roll, bound, alignment, now, before)
        money = self._money(snapshot, before)
        return CheckResult(
            snapshot=snapshot,
            numbers=roll.numbers,
            names=roll.names,
            listed=roll.listed,
            columns=columns,
            phones=phones,
            drift=drift,
            baselines_revision=self.baselines.revision,
            illegal=_illegal(snapshot, before),
            money=money,
            binding_since=_binding_since(roll, phones, moved, alignment, now, before),
            drift_since=_drift_since(roll, drift, now, before),
            lints=self._lints(roll, drift, alignment, now, before),
            account_lints=self._account_lints(snapshot, columns, money, now),
        )

    def _heard(
        self,
        snapshot: Snapshot,
        roll: NumberInventory,
        bound: list[Bound],
        now: float,
        before: CheckResult | None,
    ) -> list[Bound]:
        """``bound`` with the states that call records tell of phones nobody else tells."""
        silent = silent_rows(bound) if snapshot.recent_calls else ()
        told = list(bound) if silent else bound
        for row in silent:
            name, phones = roll.names[row], bound[row]
            calls = snapshot.recent_calls.get(name)
            if phones and calls:
                old = None if before is None else before.phones_of(name)
                told[row] = heard(phones, calls, now, self._reachability, old)
        return told

    def _lints(
        self,
        roll: NumberInventory,
        drift: DriftColumns,
        alignment: Alignment,
        now: float,
        before: CheckResult | None,
    ) -> LintColumns | None:
        if self._linter is None:
            return None
        source = LintSource(roll.numbers, drift)
        if before is None or before.lints is None:
            return read_lints(self._linter, source, now)
        rows = alignment.changed(roll.numbers, before.numbers)
        if drift is not before.drift:
            rows = united(rows, drift.changed(before.drift, alignment))
        return follow_lints(source, before.lints, alignment, rows, now)

    def _account_lints(
        self, snapshot: Snapshot, columns: NumberColumns, money: Money | None, now: float
    ) -> tuple[Finding, ...]:
        if self._linter is None:
            return ()
        key = snapshot.provider, snapshot.account
        graded = any(grade != Grade.STANDARD for grade in set(columns.grades))
        context = self._linter.context_at(now)
        facts = AccountFacts(money, key in self._contacts, graded, context)
        return self._linter.account_findings(facts)

    def _account(self, snapshot: Snapshot) -> Account | None:
        return self._accounts.get((snapshot.provider, snapshot.account))

    def _standing(self, snapshot: Snapshot) -> Standing:
        account = self._account(snapshot)
        forced = snapshot.listing.account_state if snapshot.listing else None
        return Standing(forced, account.grade if account else None)

    def _numbers(
        self,
        snapshot: Snapshot,
        roll: NumberInventory,
        alignment: Alignment,
        before: CheckResult | None,
    ) -> NumberColumns:
        standing = self._standing(snapshot)
        if before is None or self._standing(before.snapshot) != standing:
            columns = NumberColumns.read(roll.numbers, standing)
            return self._with_deadlines(snapshot, roll, columns, range(len(roll.numbers)))
        rows = alignment.changed(roll.numbers, before.numbers)
        columns = before.columns.follow(roll.numbers, standing, alignment, rows)
        return self._with_deadlines(snapshot, roll, columns, rows.tolist())

    def _with_deadlines(
        self, snapshot: Snapshot, roll: NumberInventory, columns: NumberColumns, rows: Iterable[int]
    ) -> NumberColumns:
        reclaimed_after = self._reclaimed_after.get(snapshot.provider)
        if not reclaimed_after or not snapshot.previous_states:
            return columns
        return with_deadlines(
            columns, roll.numbers, rows, snapshot.previous_states, reclaimed_after
        )

    def _money(self, snapshot: Snapshot, before: CheckResult | None) -> Money | None:
        if before is not None and before.snapshot.balance is snapshot.balance:
            return before.money
        account = self._account(snapshot)
        own = account.thresholds if account else Thresholds()
        thresholds = own.over(self._thresholds.get(snapshot.provider, Thresholds()))
        return evaluate_balance(snapshot.balance, thresholds) if snapshot.balance else None

    def _drift(
        self,
        snapshot: Snapshot,
        roll: NumberInventory,
        bound: list[Bound],
        alignment: Alignment,
        now: float,
        before: CheckResult | None,
    ) -> DriftColumns:
        routings = _routings(snapshot, roll, alignment, before)
        reader = _Reader(self.baselines, snapshot, now)
        if before is None:
            baselines = reader.read(roll.names, routings, bound)
            return DriftColumns.read(Configuration(routings, bound, baselines))
        held = before.drift.configuration
        rows = united(
            alignment.changed(routings, held.routings), alignment.changed(bound, held.bound)
        )
        if self._asked_again(before):
            baselines = reader.read(roll.names, routings, bound)
            rows = united(rows, alignment.changed(baselines, held.baselines))
        else:
            fresh = reader.read(
                gather(roll.names, rows), gather(routings, rows), gather(bound, rows)
            )
            baselines = alignment.patch_list(held.baselines, rows, fresh)
        if not rows.size and alignment.carry is None:
            return before.drift
        configuration = Configuration(routings, bound, baselines)
        return before.drift.follow(configuration, alignment, rows)

    def _asked_again(self, before: CheckResult) -> bool:
        return self.baselines.revision != before.baselines_revision


class _Reader:
    """Looks up baselines, and takes the first complete configuration as a provisional one."""

    def __init__(self, baselines: Baselines, snapshot: Snapshot, now: float) -> None:
        self._baselines = baselines
        self._key = snapshot.provider, snapshot.account
        self._now = now
        self._needs_routing = Capability.ROUTING in snapshot.polls
        self._needs_bound = Capability.REACHABILITY in snapshot.polls
        self._polled = any(capability in snapshot.polls for capability in _CONFIGURED_BY)

    def read(
        self,
        numbers: Sequence[str],
        routings: Sequence[Routing | None],
        bound: Sequence[Bound],
    ) -> list[Baseline | None]:
        """The baselines of ``numbers``, whose configuration is given."""
        return list(map(self._baseline, numbers, routings, bound))

    def _baseline(self, number: str, routing: Routing | None, bound: Bound) -> Baseline | None:
        unseen = self._baselines.kept(*self._key, number) is None
        if unseen and self._complete(routing, bound):
            provisional = Baseline(routing, bound, taken_at=self._now)
            self._baselines.put(*self._key, number, provisional)
        return self._baselines.get(*self._key, number)

    def _complete(self, routing: Routing | None, bound: Bound) -> bool:
        missing = (self._needs_routing and routing is None) or (self._needs_bound and bound is None)
        return self._polled and not missing


def _bound(
    snapshot: Snapshot, roll: NumberInventory, alignment: Alignment, before: CheckResult | None
) -> list[Bound]:
    same = before is not None and before.snapshot.bindings is snapshot.bindings
    if before is not None and same and alignment.carry is None:
        return before.drift.configuration.bound
    return looked_up(snapshot.bindings, roll.names)


def _routings(
    snapshot: Snapshot, roll: NumberInventory, alignment: Alignment, before: CheckResult | None
) -> list[Routing | None]:
    same = before is not None and before.snapshot.routings is snapshot.routings
    if before is not None and same and alignment.carry is None:
        return before.drift.configuration.routings
    return looked_up(snapshot.routings, roll.names)


def _phones(
    bound: list[Bound], alignment: Alignment, before: CheckResult | None
) -> tuple[PhoneColumns, Rows]:
    """The phones, and the rows in which they changed."""
    if before is None:
        return read_phones(bound), np.empty(0, dtype=np.intp)
    rows = alignment.changed(bound, before.phones.bound)
    return before.phones.follow(bound, alignment, rows), rows


def _illegal(snapshot: Snapshot, before: CheckResult | None) -> Mapping[str, Change]:
    if before is not None and before.snapshot.previous_states is snapshot.previous_states:
        return before.illegal
    found = illegal_moves(snapshot.previous_states)
    return before.illegal if before is not None and before.illegal == found else found


def _binding_since(
    roll: NumberInventory,
    phones: PhoneColumns,
    rows: Rows,
    alignment: Alignment,
    now: float,
    before: CheckResult | None,
) -> Mapping[tuple[str, str], float]:
    if before is None or not rows.size:
        return before.binding_since if before else {}
    since = dict(before.binding_since)
    for row in rows.tolist():
        former = alignment.former(row)
        old = {} if former == MISSING_ROW else before.phones.states_of(former)
        for label in _moved(old, phones.states_of(row)):
            since[roll.names[row], label] = now
    return since


def _moved(old: Mapping[str, BindingState], new: Mapping[str, BindingState]) -> Iterable[str]:
    return (label for label, state in new.items() if label in old and old[label] is not state)


def _drift_since(
    roll: NumberInventory, drift: DriftColumns, now: float, before: CheckResult | None
) -> Mapping[str, float]:
    if before is None or drift.drifted is before.drift.drifted:
        return before.drift_since if before else {}
    drifted = map(roll.names.__getitem__, np.flatnonzero(drift.drifted).tolist())
    return {number: before.drift_since.get(number, now) for number in drifted}
