"""The interface of a provider adapter, which reads one account as typed, partial facts.

An adapter never retries, sleeps, logs or counts. It sends every request through the ``Fetch`` it
was built with; polling wraps that in the account's rate limit, concurrency limit and retries
(:mod:`agent.polling.request_path`).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from agent.model import Balance, Binding, Call, Listing, Routing
from agent.states import Capability


class CallRecords(tuple[Call, ...]):  # noqa: SLOT001 - a tuple cannot have slots of its own
    """Call records of which not all could be read yet."""

    complete_until: float
    """Epoch seconds: every record before is there, later ones must be asked for again."""

    def __new__(cls, calls: Iterable[Call], complete_until: float) -> Self:
        """``calls``, complete up to that time."""
        records = super().__new__(cls, calls)
        records.complete_until = complete_until
        return records


class Provider(Protocol):
    """One account at one management API; read operations only.

    Every method raises :class:`~agent.net.exchange.ProviderError` when the answer is not complete
    and well formed. A method outside ``capabilities`` is never called.
    """

    name: str
    capabilities: frozenset[Capability]
    fan_out: frozenset[Capability]
    """Those capabilities that cost one request for every number (routing, most often)."""

    async def numbers(self) -> Listing:
        """The complete listing of the account's numbers."""
        ...

    async def routing(self, numbers: Sequence[str]) -> Mapping[str, Routing]:
        """The routing of ``numbers``; a number the provider does not know is left out."""
        ...

    async def reachability(self, numbers: Sequence[str]) -> Mapping[str, tuple[Binding, ...]]:
        """The bound phones of ``numbers`` with their states.

        ``()`` says that a number has none; a number that is left out may have some. Phones that
        the answer puts under other numbers are returned under those.
        """
        ...

    async def balance(self) -> Balance:
        """The account's balance, thresholds and spending."""
        ...

    async def calls(self, since: float) -> tuple[Call, ...]:
        """Call records that started at or after ``since`` (epoch seconds).

        :class:`CallRecords` where they are complete only up to an earlier time than now.
        """
        ...


def rate_of(provider: Provider, capability: Capability) -> float:
    """Requests a second that the provider's API takes for ``capability``; infinite if not known.

    Adapters that know it have it in ``rates``, by capability.
    """
    rates: Mapping[Capability, float] = getattr(provider, "rates", {})
    return rates.get(capability, math.inf)


def routing_parts_of(provider: Provider) -> frozenset[str] | None:
    """The fields of :class:`~agent.model.Routing` that the provider's API reports.

    Adapters that know it have it in ``routing_parts``; ``None`` for the others.
    """
    return getattr(provider, "routing_parts", None)


def _ignore_unmapped(_field: str, _count: int) -> None:
    pass


def _ignore_words(_field: str, _words: Mapping[str, int]) -> None:
    pass


def _ignore_misfits(_capability: Capability, _texts: Sequence[str]) -> None:
    pass


def _ignore_token(_token: str) -> None:
    pass


def _ignore_spent(_amount: float) -> None:
    pass


def _ignore_invalid(_capability: Capability, _count: int) -> None:
    pass


@dataclass(frozen=True)
class AdapterReports:
    """Callbacks by which an adapter reports values and records that it could not use."""

    unmapped: Callable[[str, int], None] = _ignore_unmapped
    """Called with a field (``numbers.state``) and the count of its values that are not mapped."""
    invalid: Callable[[Capability, int], None] = _ignore_invalid
    """Called with a capability and how many records were skipped or lost a field."""
    misfits: Callable[[Capability, Sequence[str]], None] = _ignore_misfits
    """Called with a capability and what is wrong with the first records that do not fit; the texts
    hold no value of a record, and are bounded."""
    words: Callable[[str, Mapping[str, int]], None] = _ignore_words
    """Called with a field and how often each of its words came that is not mapped; they are safe to
    show, and bounded."""
    token: Callable[[str], None] = _ignore_token
    """Called with every token that a login got; it must never be shown, logged or stored."""
    spent: Callable[[float], None] = _ignore_spent
    """Called with what requests that cost money have cost."""
