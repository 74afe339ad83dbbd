"""What one account may hold: numbers, bound phones, bytes of facts and series.

A provider that lists a quarter of a million valid numbers would otherwise take memory and time
from every other account. Beyond a limit the poll fails with ``too_many`` and the account's facts
stay as they were.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agent.config.settings import Polling
from agent.event_loop import chunks
from agent.model import Snapshot
from agent.net.exchange import ProviderError
from agent.polling.per_number import PerNumberResult
from agent.states import Capability, PollFailure

SERIES_OF_A_NUMBER = 24
"""Series a number has at most from its listing, its configuration and its lints."""
SERIES_OF_A_PHONE = 4
"""Series a bound phone has at most."""
SERIES_OF_A_WAIT = 12
"""Series of one number's distribution of waits, and of its usual calls."""

_MEMORY_PER_BYTE = 4
"""Bytes that facts take in memory for each byte of their MessagePack encoding, about."""

_encoder = msgspec.msgpack.Encoder()


@dataclass(frozen=True)
class AccountLimits:
    """The most that one account may hold."""

    numbers: int
    phones: int
    bytes: int
    series: int

    @classmethod
    def of(cls, polling: Polling) -> "AccountLimits":
        """The limits set by a polling section."""
        return cls(polling.max_numbers, polling.max_records, polling.max_bytes, polling.max_series)

    def check(self, snapshot: Snapshot, fact_bytes: int) -> None:
        """Require that ``snapshot``, whose facts by number take ``fact_bytes``, is within limits.

        Raises:
            ProviderError: ``too_many``; it says which limit and by how much.
        """
        numbers = 0 if snapshot.listing is None else len(snapshot.listing.numbers)
        phones = sum(map(len, snapshot.bindings.values()))
        phones += sum(map(len, snapshot.unlisted_bindings.values()))
        for count, limit, what, key in (
            (numbers, self.numbers, "numbers", "max_numbers"),
            (phones, self.phones, "bound phones", "max_records"),
            (fact_bytes, self.bytes, "bytes of bound phones and routings", "max_bytes"),
            (series_of(snapshot, phones), self.series, "time series", "max_series"),
        ):
            if count > limit:
                raise too_many(f"the account has {count} {what}", limit, key)


def too_many(what: str, limit: int, key: str) -> ProviderError:
    """The failure of a poll that exceeds the limit ``polling.{key}``."""
    return ProviderError(
        PollFailure.TOO_MANY, f"{what}, more than {limit}; polling.{key} sets the limit"
    )


def series_of(snapshot: Snapshot, phones: int) -> int:
    """The most time series that the facts of ``snapshot``, with so many phones, can have."""
    numbers = 0 if snapshot.listing is None else len(snapshot.listing.numbers) + len(snapshot.gone)
    return (
        SERIES_OF_A_NUMBER * numbers
        + SERIES_OF_A_PHONE * phones
        + len(snapshot.call_totals)
        + len(snapshot.leg_totals)
        + SERIES_OF_A_WAIT * len(snapshot.call_waits)
    )


@dataclass
class FactSizes:
    """The memory that the bound phones and routings of one account take, estimated."""

    total: int = 0
    """Bytes."""
    _sizes: dict[Capability, dict[str, int]] = field(
        default_factory=lambda: {Capability.ROUTING: {}, Capability.REACHABILITY: {}}
    )

    @classmethod
    def of(cls, snapshot: Snapshot) -> "FactSizes":
        """The sizes of everything in ``snapshot``."""
        sizes = cls()
        for capability in (Capability.ROUTING, Capability.REACHABILITY):
            facts = _facts(capability, snapshot)
            sizes.apply(capability, {number: _size(fact) for number, fact in facts.items()})
        return sizes

    def changes(
        self, capability: Capability, result: PerNumberResult, before: Snapshot, after: Snapshot
    ) -> Mapping[str, int]:
        """The size of every fact that ``result`` changed, by number; 0 for one that went."""
        old, new = _facts(capability, before), _facts(capability, after)
        sizes: dict[str, int] = {}
        if new is old:
            return sizes
        for chunk in chunks(len(result.requested)):
            for number in result.requested[chunk]:
                fact = new.get(number)
                if fact is not old.get(number):
                    sizes[number] = _size(fact)
        return sizes

    def total_after(self, capability: Capability, changes: Mapping[str, int]) -> int:
        """The total once ``changes`` are applied."""
        known = self._sizes[capability]
        return self.total + sum(size - known.get(number, 0) for number, size in changes.items())

    def apply(self, capability: Capability, changes: Mapping[str, int]) -> None:
        """Take ``changes`` over."""
        self.total = self.total_after(capability, changes)
        self._sizes[capability].update(changes)

    def forget(self, numbers: Sequence[str]) -> None:
        """Drop the sizes of ``numbers``, whose facts were dropped."""
        for sizes in self._sizes.values():
            for number in numbers:
                self.total -= sizes.pop(number, 0)


def _facts(capability: Capability, snapshot: Snapshot) -> Mapping[str, Any]:
    return snapshot.routings if capability is Capability.ROUTING else snapshot.bindings


def _size(fact: Any) -> int:
    return 0 if fact is None else _MEMORY_PER_BYTE * len(_encoder.encode(fact))
