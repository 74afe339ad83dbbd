"""Checks an account's snapshot; recomputes only what changed since its previous result."""

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from agent.baselines.baseline import Baseline, BaselineBook, Baselines
from agent.baselines.drift_columns import Configuration, DriftColumns
from agent.checks.attribution import Attribution
from agent.checks.balance import Money, evaluate_balance
from agent.checks.columns import MISSING_ROW, Alignment, Rows, look_up, take_rows, union
from agent.checks.inventory import NumberInventory, build_inventory
from agent.checks.inventory_differences import InventoryComparison, by_number
from agent.checks.lifecycle import illegal_moves
from agent.checks.number_columns import AccountDefaults, Change, NumberColumns, with_deadlines
from agent.checks.opening_hours import OpeningHours
from agent.checks.phone_columns import Bound, PhoneColumns, read_phones
from agent.checks.planned_calls import PlannedCalls
from agent.checks.result import CheckResult
from agent.checks.signals import silent_rows, with_call_states
from agent.config.inventory.inventory import Inventory
from agent.config.settings import Account, Settings, Thresholds
from agent.lints.columns import LintColumns, LintSource, follow_lints, read_lints
from agent.lints.facts import AccountFacts
from agent.lints.finding import Finding
from agent.lints.linter import Linter, read_calendar
from agent.lints.waivers import WaiverBook
from agent.model import Routing, Snapshot
from agent.states import BindingState, Capability, Grade, Party

__all__ = ["CheckResult", "Checker"]

_NO_INVENTORY = Inventory()
_CONFIGURED_BY = (Capability.ROUTING, Capability.REACHABILITY)


class Checker:
    """Checks snapshots. Its only side effect is to put provisional baselines into ``baselines``.

    :meth:`check` may run in a thread, one call at a time for each account. After a change of
    settings make a new checker and pass no ``before`` to its first check.
    """

    def __init__(
        self,
        settings: Settings,
        baselines: Baselines | None = None,
        waivers: WaiverBook | None = None,
    ) -> None:
        """``waivers`` are those of lints that operators have written."""
        self.baselines: Baselines = BaselineBook() if baselines is None else baselines
        self._accounts: dict[tuple[str, str], Account] = {
            (provider.name, account.id): account
            for provider in settings.providers
            for account in provider.accounts
        }
        self._inventories = {
            key: account.inventory.content for key, account in self._accounts.items()
        }
        self._comparison = InventoryComparison()
        self.attribution = Attribution(settings)
        """Completes the snapshots of accounts from those of others, before they are checked."""
        self._thresholds = {provider.name: provider.thresholds for provider in settings.providers}
        self._reclaimed_after = {
            provider.name: provider.lifecycle.reclaimed_after for provider in settings.providers
        }
        self._planned = PlannedCalls(settings.dial)
        self._reachability = settings.reachability
        self.opening_hours = OpeningHours(
            read_calendar(settings.calendar), ZoneInfo(settings.timezone)
        )
        lints = settings.lints
        self._linter = (
            Linter(lints, settings.calendar, settings.timezone, waivers) if lints.enabled else None
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
        """Returns the result of every check on ``snapshot``.

        Args:
            snapshot: The facts.
            now: Epoch seconds.
            before: The result for the account's previous snapshot.
        """
        inventory = build_inventory(snapshot, before)
        alignment = Alignment.of(inventory.names, before.names if before else None)
        columns = self._numbers(snapshot, inventory, alignment, before)
        bound = _bound(snapshot, inventory, alignment, before)
        bound_with_states = self._with_call_states(snapshot, inventory, bound, now, before)
        phones, moved_rows = _phones(bound_with_states, alignment, before)
        drift = self._drift(snapshot, inventory, bound, alignment, now, before)
        money = self._money(snapshot, before)
        return CheckResult(
            snapshot=snapshot,
            numbers=inventory.numbers,
            names=inventory.names,
            listed=inventory.listed,
            columns=columns,
            phones=phones,
            drift=drift,
            baselines_revision=self.baselines.revision,
            illegal=_illegal(snapshot, before),
            money=money,
            binding_since=_binding_since(inventory, phones, moved_rows, alignment, now, before),
            drift_since=_drift_since(inventory, drift, now, before),
            lints=self._lints(inventory, drift, alignment, now, before),
            account_lints=self._account_lints(snapshot, columns, money, now),
            planned=self._planned.of(
                (snapshot.provider, snapshot.account), inventory.names, columns
            ),
        )

    def _with_call_states(
        self,
        snapshot: Snapshot,
        inventory: NumberInventory,
        bound: list[Bound],
        now: float,
        before: CheckResult | None,
    ) -> list[Bound]:
        """``bound``, with states from call records for phones whose provider reports none."""
        silent = silent_rows(bound) if snapshot.recent_calls else ()
        updated = list(bound) if silent else bound
        for row in silent:
            name, phones = inventory.names[row], bound[row]
            calls = snapshot.recent_calls.get(name)
            if phones and calls:
                old = None if before is None else before.phones_of(name)
                updated[row] = with_call_states(phones, calls, now, self._reachability, old)
        return updated

    def _lints(
        self,
        inventory: NumberInventory,
        drift: DriftColumns,
        alignment: Alignment,
        now: float,
        before: CheckResult | None,
    ) -> LintColumns | None:
        if self._linter is None:
            return None
        source = LintSource(inventory.numbers, drift)
        if before is None or before.lints is None:
            return read_lints(self._linter, source, now)
        rows = alignment.changed(inventory.numbers, before.numbers)
        if drift is not before.drift:
            rows = union(rows, drift.changed(before.drift, alignment))
        return follow_lints(source, before.lints, alignment, rows, now)

    def _account_lints(
        self, snapshot: Snapshot, columns: NumberColumns, money: Money | None, now: float
    ) -> tuple[Finding, ...]:
        if self._linter is None:
            return ()
        key = snapshot.provider, snapshot.account
        graded = any(grade != Grade.STANDARD for grade in set(columns.grades))
        context = self._linter.context_at(now)
        inventory = self._inventories.get(key, _NO_INVENTORY)
        differences = self._comparison.compare(snapshot, inventory)
        unlisted = sorted(snapshot.unlisted_bindings.keys() - inventory.numbers_of_others)
        facts = AccountFacts(
            money,
            key in self._contacts,
            graded,
            context,
            unlisted,
            by_number(unlisted, snapshot.unlisted_bindings),
            differences.not_listed,
            differences.not_in_inventory,
            differences.other_phones,
        )
        return self._linter.account_findings(facts)

    def _account(self, snapshot: Snapshot) -> Account | None:
        return self._accounts.get((snapshot.provider, snapshot.account))

    def _account_defaults(self, snapshot: Snapshot) -> AccountDefaults:
        account = self._account(snapshot)
        forced = snapshot.listing.account_state if snapshot.listing else None
        return AccountDefaults(forced, account.grade if account else None)

    def _numbers(
        self,
        snapshot: Snapshot,
        inventory: NumberInventory,
        alignment: Alignment,
        before: CheckResult | None,
    ) -> NumberColumns:
        defaults = self._account_defaults(snapshot)
        if before is None or self._account_defaults(before.snapshot) != defaults:
            columns = NumberColumns.read(inventory.numbers, defaults)
            return self._with_deadlines(snapshot, inventory, columns, range(len(inventory.numbers)))
        rows = alignment.changed(inventory.numbers, before.numbers)
        columns = before.columns.follow(inventory.numbers, defaults, alignment, rows)
        return self._with_deadlines(snapshot, inventory, columns, rows.tolist())

    def _with_deadlines(
        self,
        snapshot: Snapshot,
        inventory: NumberInventory,
        columns: NumberColumns,
        rows: Iterable[int],
    ) -> NumberColumns:
        reclaimed_after = self._reclaimed_after.get(snapshot.provider)
        if not reclaimed_after or not snapshot.previous_states:
            return columns
        return with_deadlines(
            columns, inventory.numbers, rows, snapshot.previous_states, reclaimed_after
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
        inventory: NumberInventory,
        bound: list[Bound],
        alignment: Alignment,
        now: float,
        before: CheckResult | None,
    ) -> DriftColumns:
        routings = _routings(snapshot, inventory, alignment, before)
        reader = _BaselineReader(self.baselines, snapshot, now)
        if before is None:
            baselines = reader.read(inventory.names, routings, bound)
            return DriftColumns.read(Configuration(routings, bound, baselines))
        previous = before.drift.configuration
        rows = union(
            alignment.changed(routings, previous.routings), alignment.changed(bound, previous.bound)
        )
        if self._baselines_changed(before):
            baselines = reader.read(inventory.names, routings, bound)
            rows = union(rows, alignment.changed(baselines, previous.baselines))
        else:
            fresh = reader.read(
                take_rows(inventory.names, rows), take_rows(routings, rows), take_rows(bound, rows)
            )
            baselines = alignment.patch_list(previous.baselines, rows, fresh)
        if not rows.size and alignment.carry is None:
            return before.drift
        configuration = Configuration(routings, bound, baselines)
        return before.drift.follow(configuration, alignment, rows)

    def _baselines_changed(self, before: CheckResult) -> bool:
        return self.baselines.revision != before.baselines_revision


class _BaselineReader:
    """Looks up baselines, and stores the first complete configuration as provisional."""

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
        """Returns the baselines of ``numbers``."""
        return list(map(self._baseline, numbers, routings, bound))

    def _baseline(self, number: str, routing: Routing | None, bound: Bound) -> Baseline | None:
        unseen = self._baselines.stored(*self._key, number) is None
        if unseen and self._complete(routing, bound):
            provisional = Baseline(routing, bound, taken_at=self._now)
            self._baselines.put(*self._key, number, provisional)
        return self._baselines.get(*self._key, number)

    def _complete(self, routing: Routing | None, bound: Bound) -> bool:
        missing = (self._needs_routing and routing is None) or (self._needs_bound and bound is None)
        return self._polled and not missing


def _bound(
    snapshot: Snapshot, inventory: NumberInventory, alignment: Alignment, before: CheckResult | None
) -> list[Bound]:
    same = before is not None and before.snapshot.bindings is snapshot.bindings
    if before is not None and same and alignment.carry is None:
        return before.drift.configuration.bound
    return look_up(snapshot.bindings, inventory.names)


def _routings(
    snapshot: Snapshot, inventory: NumberInventory, alignment: Alignment, before: CheckResult | None
) -> list[Routing | None]:
    same = before is not None and before.snapshot.routings is snapshot.routings
    if before is not None and same and alignment.carry is None:
        return before.drift.configuration.routings
    return look_up(snapshot.routings, inventory.names)


def _phones(
    bound: list[Bound], alignment: Alignment, before: CheckResult | None
) -> tuple[PhoneColumns, Rows]:
    """Returns the phone columns and the rows in which they changed."""
    if before is None:
        return read_phones(bound), np.empty(0, dtype=np.intp)
    rows = alignment.changed(bound, before.phones.bound)
    return before.phones.follow(bound, alignment, rows), rows


def _illegal(snapshot: Snapshot, before: CheckResult | None) -> Mapping[str, Change]:
    if before is not None and before.snapshot.previous_states is snapshot.previous_states:
        return before.illegal
    illegal = illegal_moves(snapshot.previous_states)
    # An equal mapping is returned as the same object, so that its series are not built again.
    return before.illegal if before is not None and before.illegal == illegal else illegal


def _binding_since(
    inventory: NumberInventory,
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
        for label in _changed_labels(old, phones.states_of(row)):
            since[inventory.names[row], label] = now
    return since


def _changed_labels(
    old: Mapping[str, BindingState], new: Mapping[str, BindingState]
) -> Iterable[str]:
    return (label for label, state in new.items() if label in old and old[label] is not state)


def _drift_since(
    inventory: NumberInventory, drift: DriftColumns, now: float, before: CheckResult | None
) -> Mapping[str, float]:
    if before is None:
        return {}
    # Equal columns may be one array though their rows are of other numbers.
    if inventory.names is before.names and drift.drifted is before.drift.drifted:
        return before.drift_since
    drifted = map(inventory.names.__getitem__, np.flatnonzero(drift.drifted).tolist())
    return {number: before.drift_since.get(number, now) for number in drifted}
