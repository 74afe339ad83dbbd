"""Reads further operations and lays their fields over the facts of the first, record by record.

A partner that is missing leaves its fields as they are: unknown, or what the first operation says.
So does a partner operation that fails, or that has two different records for one key; that is
reported, and the facts of the first operation stand.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from agent.event_loop import INLINE_ITEMS
from agent.net.exchange import ProviderError
from agent.net.gather import run_concurrently
from agent.providers.profile.envelope import NotFoundError
from agent.providers.profile.json_path import MISSING
from agent.providers.profile.merge_target import completed_target, keys_of, merge_target
from agent.providers.profile.operation import OperationReader, ReadContext
from agent.providers.profile.paging import Collected
from agent.providers.profile.schema import MergedOperation, Operation
from agent.providers.profile.targets import REQUESTED, Target
from agent.states import Capability

_LISTING_SECONDS: Final = 60.0
"""How long a listing serves that is merged into answers about single numbers."""
_NUMBER: Final = "number"
_NO_KEY: Final = frozenset({"", None, MISSING})

Row = tuple[Any, ...]
"""The keys of a record, then its fields."""
Rows = Mapping[Row, Row | None]
"""Rows by their keys; ``None`` where two differ."""


def reader_of(
    name: str, operation: Operation, target: Target, context: ReadContext
) -> OperationReader:
    """The reader of an operation, with what is to be merged into its facts."""
    if not operation.merge:
        return OperationReader(name, operation, target, context)
    return MergingReader(name, operation, target, context)


class MergingReader(OperationReader):
    """An operation whose facts are completed by further ones."""

    def __init__(
        self, name: str, operation: Operation, target: Target, context: ReadContext
    ) -> None:
        super().__init__(name, operation, completed_target(target, operation), context)
        self._partners = [
            _Partner(name, partner, merge_target(name, target, operation, partner), context)
            for partner in operation.merge
        ]
        self.mapped_fields |= {field for partner in operation.merge for field in partner.fields}

    async def read_listing(
        self, values: Mapping[str, str], identity: Callable[[Any], Hashable]
    ) -> Collected:
        """Every record of the listing, completed; see :class:`OperationReader`."""
        return await self._completed(await super().read_listing(values, identity), values)

    async def read_single(self, values: Mapping[str, str]) -> Collected:
        """The records of one answer, completed; see :class:`OperationReader`."""
        return await self._completed(await super().read_single(values), values)

    async def _completed(self, collected: Collected, values: Mapping[str, str]) -> Collected:
        for partner in self._partners:
            collected.pages = ()  # what is merged is another fact
            facts = collected.facts
            rows = await partner.rows(facts, values)
            if len(facts) < INLINE_ITEMS:
                collected.facts = partner.overlay(facts, rows, values)
            else:
                collected.facts = await asyncio.to_thread(partner.overlay, facts, rows, values)
        return collected


class _Partner:
    """One operation that is merged into another."""

    def __init__(
        self, name: str, operation: MergedOperation, target: Target, context: ReadContext
    ) -> None:
        # Records may repeat here, and what changes while it is read costs a partner at most.
        paging = operation.paging.model_copy(update={"growing": True})
        growing = operation.model_copy(update={"paging": paging})
        self._reader = OperationReader(name, growing, target, context)
        self._capability = Capability(name)
        self._context = context
        self._keys = keys_of(name, operation)
        self._fields = [field.name for field in target.fields[len(self._keys) :]]
        self._lock = asyncio.Lock()
        self._listed: tuple[float, Rows] | None = None

    async def rows(self, facts: Sequence[Any], values: Mapping[str, str]) -> Rows:
        """The rows for ``facts``, as many as can be had; ``values`` are those of the request."""
        if not self._keys:
            return self._index(await self._read(self._reader.read_single(values)))
        if not self._reader.per_number:
            return await self._listing(values)
        if _NUMBER in values:
            return self._index(await self._read_one(values[_NUMBER]))
        return self._index(await self._read_each({number_of(fact): None for fact in facts}))

    async def _listing(self, values: Mapping[str, str]) -> Rows:
        """The whole listing; for single numbers one that was read of late."""
        async with self._lock:
            now = self._context.clock()
            if _NUMBER in values and self._listed is not None:
                read_at, rows = self._listed
                if 0 <= now - read_at < _LISTING_SECONDS:
                    return rows
            rows = self._index(await self._read(self._reader.read_listing({}, _same)))
            self._listed = (now, rows) if _NUMBER in values else None
            return rows

    async def _read_each(self, numbers: Mapping[str, None]) -> list[Row]:
        """The rows of ``numbers``, one request each; after a failure those that were read."""
        rows: list[Row] = []
        remaining = iter(numbers)

        async def work() -> None:
            for number in remaining:
                rows.extend(await self._read_number(number))

        try:
            await run_concurrently(work() for _ in range(self._context.bounds.concurrency))
        except ProviderError as error:
            self._report([error.detail])
        return rows

    async def _read_one(self, number: str) -> list[Row]:
        try:
            return await self._read_number(number)
        except ProviderError as error:
            self._report([error.detail])
            return []

    async def _read_number(self, number: str) -> list[Row]:
        try:
            collected = await self._reader.read_single({_NUMBER: number})
        except NotFoundError:
            return []
        self._report(collected.misfits, collected.invalid)
        place = self._keys.index(_NUMBER) if _NUMBER in self._keys else None
        if place is None:
            return collected.facts
        return [
            (*row[:place], number, *row[place + 1 :])
            for row in collected.facts
            if row[place] in (REQUESTED, number)
        ]

    async def _read(self, reading: Any) -> list[Row]:
        try:
            collected: Collected = await reading
        except ProviderError as error:
            self._report([error.detail])
            return []
        self._report(collected.misfits, collected.invalid)
        return collected.facts

    def _report(self, texts: Sequence[str], count: int = 1) -> None:
        if texts:
            reports = self._context.reports
            reports.invalid(self._capability, count)
            reports.misfits(self._capability, [f"{self._reader.label}: {it}" for it in texts])

    def _index(self, rows: Sequence[Row]) -> Rows:
        width = len(self._keys)
        index: dict[Row, Row | None] = {}
        differing = 0
        for row in rows:
            key = row[:width]
            if not _NO_KEY.isdisjoint(key):
                continue
            if index.setdefault(key, row) != row:
                index[key] = None
                differing += 1
        if differing:
            self._report([f"{differing} records differ from others with the same keys"], differing)
        return index

    def overlay(self, facts: list[Any], rows: Rows, values: Mapping[str, str]) -> list[Any]:
        """``facts`` with the fields of their rows."""
        if not rows:
            return facts
        requested = values.get(_NUMBER, "")
        return [self._completed(fact, rows.get(self._key(fact, requested))) for fact in facts]

    def _key(self, fact: Any, requested: str) -> Row:
        return tuple(
            [
                (number_of(fact) or requested) if key == _NUMBER else getattr(_struct(fact), key)
                for key in self._keys
            ]
        )

    def _completed(self, fact: Any, row: Row | None) -> Any:
        changes = dict(self._changes(row)) if row is not None else {}
        if not changes:
            return fact
        changed = msgspec.structs.replace(_struct(fact), **changes)
        return (fact[0], changed) if isinstance(fact, tuple) else changed

    def _changes(self, row: Row) -> Iterator[tuple[str, Any]]:
        for name, value in zip(self._fields, row[len(self._keys) :], strict=True):
            if value is not MISSING:
                yield name, value


def number_of(fact: Any) -> str:
    """The number of a fact; empty where it is the one that was asked for."""
    number: str = fact[0] if isinstance(fact, tuple) else fact.number
    return number


def _struct(fact: Any) -> Any:
    return fact[1] if isinstance(fact, tuple) else fact


def _same(row: Row) -> Row:
    return row
