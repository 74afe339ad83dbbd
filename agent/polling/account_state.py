"""The state of one account between polls, and the only writer of its snapshot."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent.event_loop import INLINE_ITEMS
from agent.fleet import Fleet
from agent.model import Call, Listing
from agent.net.exchange import ProviderError
from agent.polling.call_ledger import RECENT_CALLS, CallLedger
from agent.polling.merge import Facts, MergeState, merge, new_snapshot, with_settings
from agent.polling.per_number import PerNumberResult
from agent.polling.plan import Plan
from agent.states import Capability


class AccountState:
    """Merges poll results and publishes the snapshots to the fleet.

    It outlives the account's poller when settings change.
    """

    def __init__(
        self, plan: Plan, fleet: Fleet, now: float, recent_calls: int = RECENT_CALLS
    ) -> None:
        self._fleet = fleet
        self._state = MergeState(new_snapshot(*plan.key, plan.polling, frozenset()))
        self.ledger = CallLedger(now, recent_calls=recent_calls)
        self.merging = asyncio.Lock()
        """Locked from :meth:`merge` to :meth:`publish`: two polls must not merge into the same
        state, or the later one would undo the earlier."""
        self.listed = asyncio.Event()
        """Set once the account's numbers are known."""

    @property
    def listing(self) -> Listing | None:
        """The account's numbers as last listed."""
        return self._state.snapshot.listing

    def apply_plan(self, plan: Plan, capabilities: frozenset[Capability]) -> None:
        """Replace intervals and capabilities by those of ``plan``; the facts stay."""
        snapshot = with_settings(self._state.snapshot, plan.polling, capabilities)
        self._state = replace(self._state, snapshot=snapshot)

    async def merge(
        self, capability: Capability, result: Facts | Sequence[Call] | ProviderError, now: float
    ) -> MergeState:
        """The state with ``result`` merged in; a large result is merged in a thread."""
        if _size(result) > INLINE_ITEMS:
            return await asyncio.to_thread(self._merge, capability, result, now)
        return self._merge(capability, result, now)

    def publish(self, state: MergeState) -> None:
        """Adopt ``state`` and put its snapshot into the fleet, which calls its listeners."""
        newly_gone = state.snapshot.gone - self._state.snapshot.gone
        self._state = state
        if newly_gone:
            self.ledger.forget(newly_gone)
        if state.snapshot.listing is not None:
            self.listed.set()
        self._fleet.swap(state.snapshot)

    def _merge(self, capability: Capability, result: Any, now: float) -> MergeState:
        if capability is Capability.CALLS and not isinstance(result, ProviderError):
            return merge(self._state, capability, self.ledger.add(result, now), now)
        return merge(self._state, capability, result, now)


def _size(result: Any) -> int:
    if isinstance(result, Listing):
        return len(result.numbers)
    if isinstance(result, PerNumberResult):
        return len(result.requested)
    return len(result) if isinstance(result, tuple) else 0
