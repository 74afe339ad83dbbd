"""Finds the records of an answer: in one list or several, keyed by an object, nested in others.

A record that is a text or number becomes an object whose ``@`` is that value. What the fields of a
profile need beside the record itself stands in it under steps that only profiles have: ``@key``,
``@position``, and ``^`` for the record around it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from agent.net.exchange import ProviderError
from agent.providers.profile.field_schema import RecordList
from agent.providers.profile.json_path import (
    KEY,
    MISSING,
    OUTER,
    POSITION,
    SELF,
    Path,
    follow,
    path_of,
)
from agent.providers.profile.paths_in_use import record_levels, special_steps
from agent.providers.profile.schema import Operation
from agent.states import PollFailure

MOST_NESTED: Final = 250_000
"""Nested records of one piece of a page."""

Place = tuple[int, ...]
"""Where a record is: its place in the page, and in each record around it, from 0."""


class NoRecordsError(ValueError):
    """There is no list at ``path`` of ``value``."""

    def __init__(self, value: Any, path: Path, expected: str) -> None:
        super().__init__("no records")
        self.value = value
        self.path = path
        self.expected = expected


class Entries(list[Any]):
    """Records that still need the steps which only profiles have; see :meth:`objects`."""

    def __init__(
        self, level: "_Level", records: Iterable[Any], keys: Sequence[str] | None, start: int = 0
    ) -> None:
        super().__init__(records)
        self._level = level
        self._keys = keys
        self._start = start

    def piece(self, start: int, stop: int) -> "Entries":
        """Those from ``start`` up to ``stop``."""
        keys = None if self._keys is None else self._keys[start:stop]
        return Entries(self._level, self[start:stop], keys, self._start + start)

    def objects(self, outer: Any = MISSING) -> list[Any]:
        """The records as objects with these steps; ``outer`` is the record around them."""
        marks: dict[str, Any] = {} if outer is MISSING else {OUTER: outer}
        objects = []
        for index, record in enumerate(self):
            if self._keys is not None:
                marks[KEY] = self._keys[index]
            objects.append(self._level.marked(record, marks, self._start + index + 1))
        return objects


@dataclass(frozen=True)
class _Level:
    """One list of records, or several, and what its records need beside themselves."""

    paths: tuple[Path, ...]
    keyed: bool
    separator: str | None
    empty_when_absent: bool
    steps: frozenset[str]

    @classmethod
    def of(cls, lists: RecordList, steps: frozenset[str]) -> "_Level":
        paths = tuple(map(path_of, lists.all_paths))
        return cls(paths, lists.keyed, lists.split, lists.empty_when_absent, steps)

    @property
    def is_plain(self) -> bool:
        """Whether the records are the items of one list as they stand."""
        return len(self.paths) == 1 and not (self.keyed or self.separator or self.steps)

    def entries(self, value: Any, *, one: bool) -> Entries:
        """The records in ``value``; ``one`` says whether a single object may be the record.

        Raises:
            NoRecordsError: when there is no list.
        """
        keys: list[str] | None = [] if self.keyed else None
        records: list[Any] = []
        for path in self.paths:
            there = follow(value, path)
            if self.separator is not None:
                records += self._parts(value, path, there, self.separator)
            elif isinstance(there, dict) and keys is not None:
                keys += there
                records += there.values()
            elif isinstance(there, list) and (not self.keyed or not there):
                # Some servers write an object without members as a list.
                records += there
            elif isinstance(there, dict) and one:
                records.append(there)
            elif not (self.empty_when_absent and _is_absent(value, path)):
                raise NoRecordsError(value, path, self._expected(there))
        return Entries(self, records, keys)

    def _parts(self, value: Any, path: Path, there: Any, separator: str) -> list[str]:
        """The parts of the text ``there``, without blanks around them and without empty ones."""
        if isinstance(there, str):
            return [part for part in map(str.strip, there.split(separator)) if part]
        if self.empty_when_absent and _is_absent(value, path):
            return []
        raise NoRecordsError(value, path, "a text, which split takes apart")

    def _expected(self, there: Any) -> str:
        if self.keyed:
            return "an object"
        return 'a list; split: "|" reads a text of several' if isinstance(there, str) else "a list"

    def marked(self, record: Any, marks: Mapping[str, Any], position: int) -> Any:
        """``record`` with what fields may need beside it."""
        own = {POSITION: position} if POSITION in self.steps else {}
        if isinstance(record, dict):
            return {**record, **marks, **own}
        return {SELF: record, **marks, **own} if SELF in self.steps else record


class RecordFinder:
    """The lists of an operation's records, compiled once."""

    def __init__(self, operation: Operation) -> None:
        steps = special_steps(operation)
        outermost, *nested = [_Level.of(level, steps) for level in record_levels(operation)]
        self._outermost = outermost
        self._nested = nested
        self._takes_one = operation.paging.kind == "none"
        self.plain_path = outermost.paths[0] if outermost.is_plain else None
        """The path of the records where they are the items of one list as they stand."""

    @property
    def nests(self) -> bool:
        """Whether one record may hold many facts."""
        return bool(self._nested)

    @property
    def is_joined(self) -> bool:
        """Whether the records are those of several lists."""
        return len(self._outermost.paths) > 1

    def records(self, tree: Any) -> list[Any]:
        """The records of an answer: its own list where that is plain, otherwise ``Entries``.

        Raises:
            NoRecordsError: when there is no list.
            EmbeddedJsonError: when a text on the way is not JSON.
        """
        if self.plain_path is not None:
            there = follow(tree, self.plain_path)
            if isinstance(there, list):
                return there
        return self._outermost.entries(tree, one=self._takes_one)

    def is_absent(self, tree: Any) -> bool:
        """Whether an answer has none of the lists, which means that they are empty."""
        outermost = self._outermost
        return outermost.empty_when_absent and all(
            _is_absent(tree, path) for path in outermost.paths
        )

    def nested(self, record: Any, place: Place) -> Iterator[tuple[Place, Any]]:
        """The innermost records in ``record``, which is at ``place``.

        Where a list is missing, a ``NoRecordsError`` or ``EmbeddedJsonError`` stands in place of
        its records.

        Raises:
            ProviderError: ``too_many`` when there are more than :data:`MOST_NESTED`.
        """
        return _innermost(self._nested, record, place)


def _innermost(levels: Sequence[_Level], record: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if not levels:
        yield place, record
        return
    try:
        entries = levels[0].entries(record, one=True)
        if len(entries) > MOST_NESTED:
            raise ProviderError(
                PollFailure.TOO_MANY, f"one record holds more than {MOST_NESTED} others"
            )
        inner = entries.objects(record)
    except ValueError as error:
        yield place, error
        return
    for index, part in enumerate(inner):
        yield from _innermost(levels[1:], part, (*place, index))


def _is_absent(value: Any, path: Path) -> bool:
    """Whether nothing is at ``path``, and everything before it is an object."""
    for step in path:
        if not isinstance(value, dict):
            return False
        value = value.get(step)
        if value is None:
            return True
    return value is None
