"""An account whose numbers come with the marks that people gave them."""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from agent.config.marking import MarkingSource
from agent.model import Balance, Binding, Call, Listing, Number, Routing
from agent.net.exchange import Fetch, ProviderError
from agent.providers.base import AdapterReports, Provider, rate_of, routing_parts_of
from agent.providers.cost_budget import Costs
from agent.providers.marking.smpn import Smpn, marking_of
from agent.providers.paid_queries import CostLedger
from agent.states import Capability

_AT_ONCE: Final = 4


class MarkingProvider:
    """``provider`` with the marks of its numbers, as far as they are paid for.

    A failure of the service costs the marks alone: the numbers are listed without them, and the
    failure is reported as a record that does not fit.
    """

    def __init__(
        self,
        provider: Provider,
        source: MarkingSource,
        fetch: Fetch,
        costs: CostLedger,
        reports: AdapterReports,
    ) -> None:
        self.name = provider.name
        self.capabilities = provider.capabilities
        self.fan_out = provider.fan_out
        self.rates = {capability: rate_of(provider, capability) for capability in Capability}
        self.routing_parts = routing_parts_of(provider)
        self._provider = provider
        self._reports = reports
        self._clock = costs.clock
        self._max_age = source.max_age
        self._smpn = Smpn(source, fetch, costs.clock, reports.unmapped)
        prices = Costs(source.cost, source.daily_budget, source.every)
        self._paid = costs.queries("marking", prices)

    async def numbers(self) -> Listing:
        """The listing of ``provider`` with the mark of each number."""
        listing = await self._provider.numbers()
        names = [number.number for number in listing.numbers]
        try:
            await self._paid.query_due(names, self._smpn.query, _AT_ONCE)
        except ProviderError as error:
            self._reports.misfits(Capability.NUMBERS, [error.detail])
        numbers = tuple([await self._marked(number) for number in listing.numbers])
        return msgspec.structs.replace(listing, numbers=numbers)

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """As ``provider`` says."""
        return await self._provider.routing(numbers)

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """As ``provider`` says."""
        return await self._provider.reachability(numbers)

    async def balance(self) -> Balance:
        """As ``provider`` says."""
        return await self._provider.balance()

    async def calls(self, since: float) -> tuple[Call, ...]:
        """As ``provider`` says."""
        return await self._provider.calls(since)

    async def _marked(self, number: Number) -> Number:
        record = await self._paid.record_of(number.number)
        marking = marking_of(record, self._clock() - self._max_age)
        return number if marking is None else msgspec.structs.replace(number, marking=marking)
