"""What a provider is: typed partial facts in, one kind of error out.

A provider reads one account at one management API. It never retries, sleeps, logs or counts:
every request it makes goes through the :class:`Fetch` it was given, and polling wraps that in
the account's rate budget, concurrency limit and retries.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from agent.model import Balance, Binding, Call, Listing, Routing
from agent.states import Capability


class Provider(Protocol):
    """One account at one management API; read operations only.

    Every method raises :class:`ProviderError` when it cannot give a complete, well-formed
    answer. A method outside ``capabilities`` is never called.
    """

    name: str
    capabilities: frozenset[Capability]
    fan_out: frozenset[Capability]
    """Those capabilities that cost one request for every number (routing, most often)."""

    async def numbers(self) -> Listing:
        """The complete listing of the account's numbers."""
        ...

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """The routing of the given numbers; a number the provider does not know is left out."""
        ...

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The bound phones of the given numbers and what is known of each."""
        ...

    async def balance(self) -> Balance:
        """What is left on the account."""
        ...

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Call records that started at or after ``since`` (epoch seconds)."""
        ...
