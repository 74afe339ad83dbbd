"""Maps pages of records to facts: column by column, or record by record where one is invalid."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from time import time
from typing import Any, Final

from agent.net.exchange import ProviderError
from agent.providers.compiled import Compiled
from agent.providers.profile.column import Column
from agent.providers.profile.conditions import Clock, Conditions, UnfitError
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.json_path import MISSING, OUTER
from agent.providers.profile.misfits import MOST_MISFITS, FilterError, Lost, misfit_text
from agent.providers.profile.page_shape import ABSENT, Rows
from agent.providers.profile.record_lists import MOST_NESTED, Entries, Place, RecordFinder
from agent.providers.profile.schema import Operation
from agent.providers.profile.targets import Target
from agent.states import PollFailure

Record = Mapping[str, Any]


@dataclass(frozen=True)
class MappedPage:
    """The facts of one page."""

    facts: list[Any]
    records: int
    """The number of records of the page, before any was filtered out."""
    parts: int = 0
    """The number of records that were to be mapped: where they nest, of the innermost."""
    invalid: int = 0
    """The number of those that were skipped or lost a field."""
    unmapped: tuple[tuple[str, int], ...] = ()
    """Fields with unmapped values, and their number."""
    words: tuple[tuple[str, dict[str, int]], ...] = ()
    """Fields with unmapped values, and how often each of their words came."""
    misfits: tuple[str, ...] = ()
    """What is wrong with the first of the invalid records."""
    skipped: frozenset[str] = frozenset()
    """The numbers of records that are no facts; empty text where that cannot be read."""


def joined(pages: Sequence[MappedPage]) -> MappedPage:
    """The pieces of one page as one."""
    unmapped: Counter[str] = Counter()
    for page in pages:
        unmapped.update(dict(page.unmapped))
    return MappedPage(
        [fact for page in pages for fact in page.facts],
        sum(page.records for page in pages),
        sum(page.parts for page in pages),
        sum(page.invalid for page in pages),
        tuple(unmapped.items()),
        tuple(entry for page in pages for entry in page.words),
        tuple(text for page in pages for text in page.misfits)[:MOST_MISFITS],
        frozenset().union(*(page.skipped for page in pages)),
    )


class RecordMapper:
    """The mapping of an operation's records to a target's fields, compiled once."""

    def __init__(self, target: Target, operation: Operation, clock: Clock = time) -> None:
        rules = _with_native_status(target, operation.fields)
        self._make = target.make
        self._make_all = target.make_all or partial(map, target.make)
        self._least = len(target.fields) if target.least is None else target.least
        self._columns = [
            Column(field, rules.get(field.name, FieldRule()), clock) for field in target.fields
        ]
        self._mapped_columns = [column for column in self._columns if column.has_value_map]
        self._keys = tuple({column.key: None for column in self._columns if column.key})
        self._finder = RecordFinder(operation)
        self._keep = Conditions(operation.keep, clock)
        self._skip = Conditions(operation.skip, clock)
        self._required = next(
            (column for column in self._columns if column.name == operation.skip_without), None
        )
        filters_use_clock = self._keep.use_clock or self._skip.use_clock
        self.use_clock = filters_use_clock or any(column.use_clock for column in self._columns)
        """Whether the same page may give other facts later."""
        plain = all(column.key is not None or column.is_fixed for column in self._columns)
        self._filters = bool(self._keep or self._skip or self._required)
        self._takes_rows = plain and not (self._finder.nests or self._filters)
        """Whether records can be mapped without building a dictionary for each."""

    @property
    def nests(self) -> bool:
        """Whether one record may hold many facts."""
        return self._finder.nests

    def map_page(self, records: Sequence[Any]) -> MappedPage:
        """The facts in ``records``, with the numbers of invalid records and unmapped values."""
        count = len(records)
        if isinstance(records, Rows) and not self._takes_rows:
            records = records.records()
        if isinstance(records, Entries):
            records = records.objects()
        losses = _Losses()
        places: list[Place] | None = None
        parts = count
        if self._finder.nests:
            places, records = self._opened(records, losses)
            parts = len(records) + losses.count
        if self._filters:
            places, records = self._wanted(records, places, losses)
        try:
            facts = self._by_columns(records)
        except ValueError:
            plain = records.records() if isinstance(records, Rows) else records
            facts = self._one_by_one(plain, places, losses)
        if self._finder.is_joined:
            # One number may be in two of several lists.
            facts = list(dict.fromkeys(facts))
        unmapped = [it for it in self._mapped_columns if it.has_unmapped]
        return MappedPage(
            facts,
            count,
            parts,
            losses.count,
            tuple([(it.name, it.take_unmapped()) for it in unmapped]),
            tuple([(it.name, it.take_words()) for it in unmapped]),
            tuple(losses.texts),
            frozenset(losses.numbers),
        )

    def _opened(self, records: Sequence[Any], losses: "_Losses") -> tuple[list[Place], list[Any]]:
        """The records in these ``records``, and where each is."""
        places: list[Place] = []
        inner: list[Any] = []
        for index, record in enumerate(records):
            for place, part in self._finder.nested(record, (index,)):
                if isinstance(part, ValueError):
                    losses.add(place, record, part, self._number_of({OUTER: record}))
                    continue
                places.append(place)
                inner.append(part)
            if len(inner) > MOST_NESTED:
                raise ProviderError(
                    PollFailure.TOO_MANY, f"one answer has more than {MOST_NESTED} nested records"
                )
        return places, inner

    def _wanted(
        self, records: Sequence[Any], places: list[Place] | None, losses: "_Losses"
    ) -> tuple[list[Place], list[Any]]:
        remaining: list[tuple[Place, Any]] = []
        for place, record in zip(places or _places(len(records)), records, strict=True):
            try:
                wanted = self._is_wanted(record)
            except UnfitError as error:
                losses.add(place, record, error, self._number_of(record))
            else:
                if wanted:
                    remaining.append((place, record))
        return [place for place, _ in remaining], [record for _, record in remaining]

    def _is_wanted(self, record: Any) -> bool:
        """Whether the filters leave the record.

        Raises:
            UnfitError: when it has nothing by which ``keep`` could decide.
        """
        if not isinstance(record, dict):
            return True  # said to be no record where it is mapped
        keeps = self._keep.all_hold(record) if self._keep else True
        if keeps is None:
            raise FilterError("keep", self._keep.undecided(record))
        if not keeps or (self._skip and self._skip.any_holds(record)):
            return False
        return self._required is None or not self._required.is_missing(record)

    def _by_columns(self, records: Sequence[Record]) -> list[Any]:
        if not records:
            return []
        if isinstance(records, Rows):
            raw: Mapping[str, Sequence[Any]] = records.columns(self._keys)
        elif set(map(type, records)) == {dict}:
            raw = self._raw(records)
        else:
            raise ValueError("not all objects")
        columns = [_column(column, raw, records) for column in self._columns[: self._end(raw)]]
        return list(self._make_all(*columns))

    def _end(self, raw: Mapping[str, Sequence[Any]]) -> int:
        """The number of columns without those at the end that no record of a page has."""
        end = len(self._columns)
        while end > self._least:
            column = self._columns[end - 1]
            if column.key is None or raw[column.key] is not ABSENT or not column.is_optional:
                break
            end -= 1
        return end

    def _raw(self, records: Sequence[Record]) -> dict[str, Sequence[Any]]:
        keys = self._keys
        if len(keys) > 1:
            try:
                return dict(
                    zip(keys, zip(*map(itemgetter(*keys), records), strict=True), strict=True)
                )
            except KeyError:
                pass
        # Not every record has every key; a key that none has costs one entry for the page.
        present = set().union(*records)
        return {
            key: [record.get(key, MISSING) for record in records] if key in present else ABSENT
            for key in keys
        }

    def _one_by_one(
        self, records: Sequence[Any], places: list[Place] | None, losses: "_Losses"
    ) -> list[Any]:
        """The facts; adds what was skipped or lost a field to ``losses``."""
        for column in self._mapped_columns:
            column.take_unmapped()  # the attempt by columns may have counted already
            column.take_words()
        facts: list[Any] = []
        for place, record in zip(places or _places(len(records)), records, strict=True):
            values, lost = self._values(record)
            if lost is not None:
                number = self._number_of(record) if values is None else None
                losses.add(place, record, lost, number)
            if values is not None:
                facts.append(self._make(*values))
        return facts

    def _number_of(self, record: Any) -> str:
        """The number of a record that is no fact; empty where it has none."""
        column = next((it for it in self._columns if it.name == "number"), None)
        if column is None or not isinstance(record, dict):
            return ""
        try:
            number: str = column.convert_record(record)
        except ValueError:
            return ""
        return number

    def _values(self, record: Any) -> tuple[list[Any] | None, Lost | None]:
        """The record's values, ``None`` where it is no fact; and the first field that was lost."""
        if not isinstance(record, dict):
            return None, Lost()
        values: list[Any] = []
        lost: Lost | None = None
        for column in self._columns:
            try:
                values.append(column.convert_record(record))
            except ValueError as error:
                lost = lost or Lost(column, error)
                if column.is_identity:
                    return None, Lost(column, error)
                values.append(column.default())
        return values, lost


class SharedMapper:
    """The :class:`RecordMapper` that all accounts of a profile use in the thread that maps."""

    def __init__(self, target: Target, operation: Operation, clock: Clock) -> None:
        self._parts = target, operation, clock
        mapper = self._mapper
        self.nests = mapper.nests
        """Whether one record may hold many facts."""
        self.use_clock = mapper.use_clock
        """Whether the same page may give other facts later."""

    @property
    def _mapper(self) -> RecordMapper:
        return _MAPPERS.of(RecordMapper, *self._parts)

    def map_page(self, records: Sequence[Any]) -> MappedPage:
        """See :meth:`RecordMapper.map_page`."""
        return self._mapper.map_page(records)


_MAPPERS: Final[Compiled[RecordMapper]] = Compiled()


class _Losses:
    """What is wrong with the records of a page that do not fit, counted and in words."""

    def __init__(self) -> None:
        self.count = 0
        self.texts: list[str] = []
        self.numbers: set[str] = set()

    def add(self, place: Place, record: Any, lost: Lost | ValueError, number: str | None) -> None:
        """Count a record, and describe it if it is one of the first.

        ``number`` is its number where it is no fact.
        """
        self.count += 1
        if number is not None:
            self.numbers.add(number)
        if len(self.texts) < MOST_MISFITS:
            self.texts.append(misfit_text(place, record, lost))


def _places(count: int) -> Iterator[Place]:
    return ((index,) for index in range(count))


def _column(
    column: Column, raw: Mapping[str, Sequence[Any]], records: Sequence[Record]
) -> Sequence[Any]:
    if column.key is not None:
        values = raw[column.key]
        return (
            column.convert_page(values)
            if values is not ABSENT
            else column.absent_page(len(records))
        )
    if column.is_fixed:
        return [column.convert_record({})] * len(records)
    return [column.convert_record(record) for record in records]


def _with_native_status(target: Target, rules: Mapping[str, FieldRule]) -> Mapping[str, FieldRule]:
    """Map the provider's own word for the state too, wherever the state has a path."""
    state = rules.get("state")
    wanted = any(field.name == "native_status" for field in target.fields)
    if not wanted or "native_status" in rules or state is None:
        return rules
    words = [
        FieldRule(path=rule.path, convert="word")
        for rule in (*state.first_of, state)
        if rule.path is not None and rule.present is None
    ]
    return (
        {**rules, "native_status": FieldRule(first_of=words)}
        if words[1:]
        else ({**rules, "native_status": words[0]} if words else rules)
    )
