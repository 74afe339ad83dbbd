"""A PBX as a provider: the inventory says who the phones are, the PBX which can be reached."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from agent.model import Balance, Binding, Call, Listing, Routing
from agent.providers.adapter import AdapterAccount
from agent.providers.inventory_facts import PhoneStates, bindings_of, listing_of
from agent.providers.inventory_provider import compute
from agent.states import Capability

CAPABILITIES = frozenset({Capability.NUMBERS, Capability.REACHABILITY})


class Pbx(Protocol):
    """What is read from a PBX."""

    async def probe(self) -> None:
        """Send one cheap request; raises ``ProviderError`` when the PBX does not answer it."""
        ...

    async def states(self) -> PhoneStates:
        """The state of every extension of the inventory; those not known may be left out."""
        ...


class PbxProvider:
    """One PBX; its own numbers are in an unknown state, it knows the phones behind them."""

    fan_out: frozenset[Capability] = frozenset()
    capabilities = CAPABILITIES

    def __init__(self, account: AdapterAccount, pbx: Pbx) -> None:
        self.name = account.name
        self._account = account
        self._pbx = pbx

    async def numbers(self) -> Listing:
        """The inventory's numbers, if the PBX answers: a PBX that is down is a failed poll."""
        await self._pbx.probe()
        inventory = self._account.inventory
        return await compute(listing_of, inventory, inventory, self._account.grade)

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The phones of all numbers, of those too that other accounts list."""
        del numbers  # one read answers for all
        states = await self._pbx.states()
        inventory = self._account.inventory
        return await compute(bindings_of, inventory, inventory, states)

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """Not among the capabilities."""
        raise NotImplementedError

    async def balance(self) -> Balance:
        """Not among the capabilities."""
        raise NotImplementedError

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Not among the capabilities."""
        raise NotImplementedError
