"""Maps pages of records to facts: column by column, or record by record where one is invalid."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import itemgetter
from typing import Any, Final

from agent.providers.profile.column import Column
from agent.providers.profile.json_path import MISSING, Path, follow, path_of, scalar_text
from agent.providers.profile.misfits import MOST_MISFITS, misfit_text
from agent.providers.profile.page_shape import ABSENT, Rows
from agent.providers.profile.schema import FieldRule, Operation
from agent.providers.profile.targets import Target

Record = Mapping[str, Any]
_NOTHING: Final = object()


@dataclass(frozen=True)
class MappedPage:
    """The facts of one page."""

    facts: list[Any]
    records: int
    """The number of records of the page, before any was filtered out."""
    invalid: int = 0
    """The number of records that were skipped or lost a field."""
    unmapped: tuple[tuple[str, int], ...] = ()
    """Fields with unmapped values, and their number."""
    words: tuple[tuple[str, dict[str, int]], ...] = ()
    """Fields with unmapped values, and how often each of their words came."""
    misfits: tuple[str, ...] = ()
    """What is wrong with the first of the invalid records."""


def joined(pages: Sequence[MappedPage]) -> MappedPage:
    """The pieces of one page as one."""
    unmapped: Counter[str] = Counter()
    for page in pages:
        unmapped.update(dict(page.unmapped))
    return MappedPage(
        [fact for page in pages for fact in page.facts],
        sum(page.records for page in pages),
        sum(page.invalid for page in pages),
        tuple(unmapped.items()),
        tuple(entry for page in pages for entry in page.words),
        tuple(text for page in pages for text in page.misfits)[:MOST_MISFITS],
    )


class RecordMapper:
    """The mapping of an operation's records to a target's fields, compiled once."""

    def __init__(self, target: Target, operation: Operation) -> None:
        rules = _with_native_status(target, operation.fields)
        self._make = target.make
        self._make_all = target.make_all or partial(map, target.make)
        self._columns = [
            Column(field, rules.get(field.name, FieldRule())) for field in target.fields
        ]
        self._mapped_columns = [column for column in self._columns if column.has_value_map]
        self._keys = tuple({column.key: None for column in self._columns if column.key})
        self._nested = path_of(operation.each) if operation.each else None
        self._keep = _filters(operation.keep)
        self._skip = _filters(operation.skip)
        self._required = next(
            (column for column in self._columns if column.name == operation.skip_without), None
        )

        plain = all(column.key is not None or column.is_fixed for column in self._columns)
        self._takes_rows = plain and not (
            self._nested or self._keep or self._skip or self._required
        )
        """Whether records can be mapped without building a dictionary for each."""

    @property
    def nests(self) -> bool:
        """Whether one record may hold many facts."""
        return self._nested is not None

    def map_page(self, records: Sequence[Any]) -> MappedPage:
        """The facts in ``records``, with the numbers of invalid records and unmapped values."""
        if isinstance(records, Rows) and not self._takes_rows:
            records = records.records()
        wanted = self._wanted(records)
        misfits: list[str] = []
        try:
            facts, invalid = self._by_columns(wanted), 0
        except ValueError:
            plain = wanted.records() if isinstance(wanted, Rows) else wanted
            facts, invalid = self._one_by_one(plain, misfits)
        counts = [(column.name, column.take_unmapped()) for column in self._mapped_columns]
        words = [(column.name, column.take_words()) for column in self._mapped_columns]
        return MappedPage(
            facts,
            len(records),
            invalid,
            tuple((name, count) for name, count in counts if count),
            tuple((name, found) for name, found in words if found),
            tuple(misfits),
        )

    def _wanted(self, records: Sequence[Any]) -> Sequence[Any]:
        if self._nested is not None:
            records = [part for record in records for part in _nested_records(record, self._nested)]
        if self._keep or self._skip:
            records = [record for record in records if self._is_wanted(record)]
        if self._required is not None:
            records = [record for record in records if not _lacks(record, self._required)]
        return records

    def _is_wanted(self, record: Any) -> bool:
        return all(
            scalar_text(follow(record, path)) in words for path, words in self._keep
        ) and not any(scalar_text(follow(record, path)) in words for path, words in self._skip)

    def _by_columns(self, records: Sequence[Record]) -> list[Any]:
        if not records:
            return []
        if isinstance(records, Rows):
            raw: Mapping[str, Sequence[Any]] = records.columns(self._keys)
        elif set(map(type, records)) == {dict}:
            raw = self._raw(records)
        else:
            raise ValueError("not all objects")
        columns = [_column(column, raw, records) for column in self._columns]
        return list(self._make_all(*columns))

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

    def _one_by_one(self, records: Sequence[Any], misfits: list[str]) -> tuple[list[Any], int]:
        """The facts, and how many records were skipped or lost a field; adds to ``misfits``."""
        for column in self._mapped_columns:
            column.take_unmapped()  # the attempt by columns may have counted already
            column.take_words()
        facts: list[Any] = []
        invalid = 0
        for index, record in enumerate(records):
            values, lost = self._values(record)
            if lost is not _NOTHING:
                invalid += 1
                if len(misfits) < MOST_MISFITS:
                    misfits.append(misfit_text(index, record, lost))
            if values is not None:
                facts.append(self._make(*values))
        return facts, invalid

    def _values(self, record: Any) -> tuple[list[Any] | None, Any]:
        """The record's values, ``None`` where it is no fact; and the first column that was lost.

        In place of a column stands ``None`` for a record that is no object, and ``_NOTHING`` where
        nothing was lost.
        """
        if not isinstance(record, dict):
            return None, None
        values: list[Any] = []
        lost: Any = _NOTHING
        for column in self._columns:
            try:
                values.append(column.convert_record(record))
            except ValueError:
                lost = column if lost is _NOTHING else lost
                if column.is_identity:
                    return None, column
                values.append(column.default())
        return values, lost


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
    if not wanted or "native_status" in rules or state is None or state.path is None:
        return rules
    return {**rules, "native_status": FieldRule(path=state.path, convert="word")}


def _filters(rules: Mapping[str, list[str]]) -> tuple[tuple[Path, frozenset[str]], ...]:
    return tuple((path_of(path), frozenset(words)) for path, words in rules.items())


def _nested_records(record: Any, path: Path) -> list[Any]:
    inner = follow(record, path)
    if not isinstance(inner, list):
        return [] if inner is None or inner is MISSING else [inner]
    return [{**part, "^": record} if isinstance(part, dict) else part for part in inner]


def _lacks(record: Any, column: Column) -> bool:
    return isinstance(record, dict) and column.is_missing(record)
