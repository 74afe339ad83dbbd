"""Holds what is known of one account and puts every new snapshot into the fleet."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent.event_loop import INLINE_ITEMS
from agent.fleet import Fleet
from agent.model import Call, Listing
from agent.net.exchange import ProviderError
from agent.polling.call_ledger import RECENT_CALLS, CallLedger
from agent.polling.merge import Facts, Known, adopted, fresh, merge
from agent.polling.per_number import PerNumberResult
from agent.polling.plan import Plan
from agent.states import Capability


class AccountState:
    """The only writer of one account's snapshot. Outlives a change of its settings."""

    def __init__(
        self, plan: Plan, fleet: Fleet, now: float, recent_calls: int = RECENT_CALLS
    ) -> None:
        self._fleet = fleet
        self._known = Known(fresh(*plan.key, plan.polling, frozenset()))
        self.ledger = CallLedger(now, recent_calls=recent_calls)
        self.merging = asyncio.Lock()
        """Held from reading what is known to publishing what follows from it."""
        self.listed = asyncio.Event()
        """Set once the account's numbers are known."""

    @property
    def listing(self) -> Listing | None:
        """The account's numbers as last listed."""
        return self._known.snapshot.listing

    def adopt(self, plan: Plan, capabilities: frozenset[Capability]) -> None:
        """Go on under other settings; facts stay."""
        snapshot = adopted(self._known.snapshot, plan.polling, capabilities)
        self._known = replace(self._known, snapshot=snapshot)

    async def merged(
        self, capability: Capability, result: Facts | Sequence[Call] | ProviderError, now: float
    ) -> Known:
        """What will be known with ``result`` taken in; long work is done in a thread."""
        if _size(result) > INLINE_ITEMS:
            return await asyncio.to_thread(self._merge, capability, result, now)
        return self._merge(capability, result, now)

    def publish(self, known: Known) -> None:
        """Swap the snapshot in and tell the fleet's listeners."""
        newly_gone = known.snapshot.gone - self._known.snapshot.gone
        self._known = known
        if newly_gone:
            self.ledger.forget(newly_gone)
        if known.snapshot.listing is not None:
            self.listed.set()
        self._fleet.swap(known.snapshot)

    def _merge(self, capability: Capability, result: Any, now: float) -> Known:
        if capability is Capability.CALLS and not isinstance(result, ProviderError):
            return merge(self._known, capability, self.ledger.add(result, now), now)
        return merge(self._known, capability, result, now)


def _size(result: Any) -> int:
    if isinstance(result, Listing):
        return len(result.numbers)
    if isinstance(result, PerNumberResult):
        return len(result.asked)
    return len(result) if isinstance(result, tuple) else 0
