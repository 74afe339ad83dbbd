"""The state of one account between polls, and the only writer of its snapshot."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from agent.event_loop import INLINE_ITEMS
from agent.fleet import Fleet
from agent.model import Balance, Call, Listing
from agent.net.exchange import ProviderError
from agent.polling.account_pushes import AccountPushes
from agent.polling.call_ledger import RECENT_CALLS, CallLedger
from agent.polling.limits import AccountLimits, FactSizes
from agent.polling.merge import Facts, MergeState, merge, new_snapshot, restated, with_settings
from agent.polling.per_number import PerNumberResult
from agent.polling.plan import Plan
from agent.polling.pushed import PushOutcome
from agent.providers.base import CallRecords
from agent.providers.pushed import PushedFacts
from agent.states import Capability, PollFailure


class AccountState:
    """Merges poll results and publishes the snapshots to the fleet.

    It outlives the account's poller when settings change.
    """

    def __init__(
        self, plan: Plan, fleet: Fleet, now: float, recent_calls: int = RECENT_CALLS
    ) -> None:
        self._fleet = fleet
        self._state = MergeState(new_snapshot(*plan.key, plan.polling, frozenset()))
        self._limits = AccountLimits.of(plan.polling)
        self._sizes = FactSizes()
        self.ledger = CallLedger(
            now,
            recent_calls=recent_calls,
            max_numbers=plan.polling.max_numbers,
            max_legs=plan.polling.max_records,
        )
        self.merging = asyncio.Lock()
        """Locked from :meth:`merge` to :meth:`publish`: two polls must not merge into the same
        state, or the later one would undo the earlier."""
        self.listed = asyncio.Event()
        """Set once the account's numbers are known."""
        self.pushes = AccountPushes(self.ledger, plan.account.pushes.max_silence)
        """What its provider pushed."""

    @property
    def listing(self) -> Listing | None:
        """The account's numbers as last listed."""
        return self._state.snapshot.listing

    def apply_plan(
        self,
        plan: Plan,
        capabilities: frozenset[Capability],
        routing_parts: frozenset[str] | None = None,
    ) -> None:
        """Replace intervals and capabilities by those of ``plan``; the facts stay."""
        snapshot = with_settings(self._state.snapshot, plan.polling, capabilities)
        snapshot = self.pushes.use(plan.account.pushes.max_silence, snapshot)
        snapshot = msgspec.structs.replace(snapshot, routing_parts=routing_parts)
        self._state = replace(self._state, snapshot=snapshot)
        self._limits = AccountLimits.of(plan.polling)
        self.ledger.max_numbers = plan.polling.max_numbers
        self.ledger.max_legs = plan.polling.max_records

    async def merge(
        self,
        capability: Capability,
        result: Facts | Sequence[Call] | ProviderError,
        now: float,
        age: float = 0.0,
        took: float = 0.0,
    ) -> MergeState:
        """The state with ``result``, ``age`` seconds old, merged in; a large one in a thread.

        The poll ``took`` so many seconds.

        Raises:
            ProviderError: ``too_many`` when the account would exceed its limits; nothing is
                merged then.
        """
        # Read here, not in the thread: ``now`` and the state belong together.
        state = self._state
        if max(_size(result), len(state.snapshot.bindings)) > INLINE_ITEMS:
            return await asyncio.to_thread(self._merge, state, capability, result, now, age, took)
        return self._merge(state, capability, result, now, age, took)

    async def take_pushed(self, facts: PushedFacts, now: float) -> list[PushOutcome]:
        """Merge what was pushed, each fact with its time, and publish it; what became of each."""
        async with self.merging:
            before = self._state
            merged, outcomes = await asyncio.to_thread(self.pushes.merge, before, facts, now)
            if merged.snapshot is before.snapshot:
                self._state = self._at_present(merged)
            else:
                self.publish(merged)
            return outcomes

    def restore_pushed(self, facts: PushedFacts, now: float) -> None:
        """Take over what was pushed before a restart; to be called before anything is polled."""
        self._state = self.pushes.restore(self._state, facts, now)

    @property
    def merged(self) -> MergeState:
        """What was merged so far."""
        return self._state

    def adopt(self, merged: MergeState) -> None:
        """Go on from what a former poller of the account has merged; nothing was polled yet."""
        self._state = merged
        self._sizes = FactSizes.of(merged.snapshot)
        if merged.snapshot.listing is not None:
            self.listed.set()

    def publish(self, state: MergeState) -> None:
        """Adopt ``state`` and put its snapshot into the fleet, which calls its listeners."""
        newly_gone = state.snapshot.gone - self._state.snapshot.gone
        state = self.pushes.with_waiting(self._at_present(state))
        self._state = state
        if newly_gone:
            self.ledger.forget(newly_gone)
            self._sizes.forget(tuple(newly_gone))
        if state.snapshot.listing is not None:
            self.listed.set()
        self._fleet.swap(state.snapshot)

    def _at_present(self, state: MergeState) -> MergeState:
        """``state``, restated if the clock was set while it was merged."""
        set_meanwhile = self._state.clock_set - state.clock_set
        return restated(state, set_meanwhile) if set_meanwhile else state

    def clock_was_set(self, step: float) -> None:
        """Restate when everything was known after the agent's clock was set by ``step`` seconds.

        The next :meth:`publish` restates what is being merged meanwhile.
        """
        self._state = restated(self._state, step)
        snapshot = self._state.snapshot
        if self._fleet.get(snapshot.provider, snapshot.account) is not None:
            self._fleet.swap(snapshot)

    def _merge(
        self,
        state: MergeState,
        capability: Capability,
        result: Any,
        now: float,
        age: float,
        took: float,
    ) -> MergeState:
        if isinstance(result, ProviderError | Balance):
            return merge(state, capability, result, now, age)
        if capability is Capability.CALLS:
            is_partial = isinstance(result, CallRecords)
            result = self.ledger.add(result, now, result.complete_until if is_partial else now)
            if self.ledger.uncounted:
                raise ProviderError(
                    PollFailure.TOO_MANY,
                    f"{self.ledger.uncounted} call records are of too many numbers or phones;"
                    " polling.max_numbers and polling.max_records set the limits",
                )
        merged = merge(state, capability, result, now, age, took)
        changes: Mapping[str, int] = {}
        if isinstance(result, PerNumberResult):
            before = state.snapshot
            changes = self._sizes.changes(capability, result, before, merged.snapshot)
        total = self._sizes.total_after(capability, changes) if changes else self._sizes.total
        self._limits.check(merged.snapshot, total)
        if changes:
            self._sizes.apply(capability, changes)
        return merged


def _size(result: Any) -> int:
    if isinstance(result, Listing):
        return len(result.numbers)
    if isinstance(result, PerNumberResult):
        return max(len(result.requested), len(result.facts))
    return len(result) if isinstance(result, tuple) else 0
