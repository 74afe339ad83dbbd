"""An account whose provider's API is completed by an inventory, or that has only an inventory."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from agent.config.inventory.inventory import Inventory
from agent.event_loop import INLINE_ITEMS
from agent.model import Balance, Binding, Call, Listing, Routing
from agent.providers.base import Provider, rate_of, routing_parts_of
from agent.providers.inventory_facts import attributed, bindings_of, completed, listing_of
from agent.states import Capability, Grade

Result = TypeVar("Result")


class InventoryProvider:
    """``provider`` with the numbers and phones of ``inventory`` where its API lists none.

    What the API lists counts: a number that only the inventory has is not added, and a phone that
    only the inventory has is not bound. The differences are findings of the account.
    """

    def __init__(self, provider: Provider, inventory: Inventory, grade: Grade | None) -> None:
        self.name = provider.name
        self.fan_out = provider.fan_out
        self.rates = {capability: rate_of(provider, capability) for capability in Capability}
        self.routing_parts = routing_parts_of(provider)
        self._provider = provider
        self._inventory = inventory
        self._grade = grade
        self._listed = provider.capabilities
        has_phones = any(entry.phones for entry in inventory.numbers)
        own = {Capability.NUMBERS, *([Capability.REACHABILITY] if has_phones else [])}
        self.capabilities = provider.capabilities | own

    async def numbers(self) -> Listing:
        """The numbers of the API, completed; without such a call those of the inventory."""
        if Capability.NUMBERS not in self._listed:
            return await compute(listing_of, self._inventory, self._inventory, self._grade)
        listing = await self._provider.numbers()
        return await compute(completed, self._inventory, listing, self._inventory)

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """As the API says."""
        return await self._provider.routing(numbers)

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The phones of the API, under the numbers that the inventory names where it has none."""
        if Capability.REACHABILITY not in self._listed:
            return await compute(bindings_of, self._inventory, self._inventory, {})
        bindings = await self._provider.reachability(numbers)
        return await compute(attributed, self._inventory, bindings, numbers, self._inventory)

    async def balance(self) -> Balance:
        """As the API says."""
        return await self._provider.balance()

    async def calls(self, since: float) -> tuple[Call, ...]:
        """As the API says."""
        return await self._provider.calls(since)


async def compute(function: Callable[..., Result], inventory: Inventory, *args: Any) -> Result:
    """``function(*args)``, in a thread where ``inventory`` is large."""
    if len(inventory.numbers) < INLINE_ITEMS:
        return function(*args)
    return await asyncio.to_thread(function, *args)
