"""Finds what is wrong with where an operation's records are, and with its conditions."""

from collections.abc import Iterator, Mapping
from typing import Final

from agent.net.timestamps import parse_offset
from agent.providers.profile.conditions import TIME_CONVERTERS
from agent.providers.profile.field_schema import Condition, RecordList
from agent.providers.profile.json_path import KEY, OUTER, POSITION, SELF, path_of
from agent.providers.profile.path_check import check_path, check_pattern
from agent.providers.profile.paths_in_use import record_levels
from agent.providers.profile.schema import Operation
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

MOST_LEVELS: Final = 6
"""Lists in lists that records may be in."""
_RECORD_STEPS: Final = frozenset({SELF, KEY, POSITION, OUTER})
_TESTS: Final = ("any_of", "none_of", "match", "past", "exists")


class RecordScope:
    """The records of an operation, by which the paths of its fields are checked."""

    def __init__(self, operation: Operation) -> None:
        self._levels = record_levels(operation)

    def check(self, text: str, at: KeyPath) -> Iterator[Problem]:
        """The mistake in the path of a value in a record, if there is one."""
        yield from check_path(text, at)
        path = path_of(text)
        outwards = next((i for i, step in enumerate(path) if step != OUTER), len(path))
        rest = path[outwards:]
        if outwards >= len(self._levels):
            yield Problem(
                at, "leads out of the outermost record, expected each: PATH where records nest"
            )
        elif OUTER in rest or _RECORD_STEPS.intersection(rest[1:]):
            yield Problem(at, "is no path, expected ^, @, @key and @position at its beginning")
        elif KEY in rest and not self._levels[-1 - outwards].keyed:
            yield Problem(
                at, "has @key of records without keys, expected keyed: true where they are"
            )

    def check_conditions(
        self, conditions: Mapping[str, Condition], at: KeyPath
    ) -> Iterator[Problem]:
        """Every mistake in conditions on the values of a record."""
        for text, condition in conditions.items():
            yield from self.check(text, (*at, text))
            yield from check_condition(condition, (*at, text))


def check_condition(condition: Condition, at: KeyPath) -> Iterator[Problem]:
    """Every mistake in one condition."""
    if all(getattr(condition, name) is None for name in _TESTS):
        yield Problem(at, f"says nothing, expected one of {', '.join(_TESTS)}")
    if condition.any_of == [] or condition.none_of == []:
        name = "any_of" if condition.any_of == [] else "none_of"
        yield Problem((*at, name), "is empty, expected at least one word")
    if condition.exists is False and len(condition.model_fields_set) > 1:
        yield Problem((*at, "exists"), "does not go with others, as there is no value to test")
    if condition.match is not None:
        yield from check_pattern(condition.match, (*at, "match"))
    yield from _time(condition, at)


def _time(condition: Condition, at: KeyPath) -> Iterator[Problem]:
    for key in ("convert", "zone"):
        if getattr(condition, key) is not None and condition.past is None:
            yield Problem((*at, key), "is for times, expected past: true or false beside it")
    if condition.convert is not None and condition.convert not in TIME_CONVERTERS:
        yield Problem(
            (*at, "convert"),
            f"is no converter of times, expected one of {', '.join(TIME_CONVERTERS)}",
        )
    if condition.zone is not None:
        try:
            parse_offset(condition.zone)
        except ValueError:
            yield Problem((*at, "zone"), "is no offset, expected +08:00")


def check_records(operation: Operation, at: KeyPath) -> Iterator[Problem]:
    """Every mistake in where the records are, and in what is kept of them."""
    yield from _lists(operation.records, (*at, "records"), nested=False)
    if operation.each is not None:
        yield from _lists(operation.each, (*at, "each"), nested=True)
    if operation.records.each is not None and operation.each is not None:
        yield Problem((*at, "each"), "does not go with each in records, expected one of them")
    if len(record_levels(operation)) > MOST_LEVELS:
        yield Problem((*at, "records"), f"nests deeper than {MOST_LEVELS} levels, expected fewer")
    scope = RecordScope(operation)
    for key in ("keep", "skip"):
        yield from scope.check_conditions(getattr(operation, key), (*at, key))


def _lists(lists: RecordList, at: KeyPath, *, nested: bool) -> Iterator[Problem]:
    if lists.path is not None and lists.paths:
        yield Problem((*at, "paths"), "does not go with path, expected one of them")
    if lists.split is not None and lists.keyed:
        yield Problem((*at, "split"), "does not go with keyed, expected one of them")
    if nested and lists.path is None and not lists.paths:
        yield Problem(at, "does not say where the nested records are, expected path: PATH")
    where = (*at, "path") if lists.model_fields_set - {"path"} else at
    places: list[tuple[KeyPath, str]] = [(where, lists.path or "")]
    places += [((*at, "paths", index), text) for index, text in enumerate(lists.paths)]
    for key, text in places:
        yield from check_path(text, key)
        if _RECORD_STEPS.intersection(path_of(text)):
            yield Problem(key, "is no path to a list, as ^, @, @key and @position are for fields")
    if lists.each is not None:
        yield from _lists(lists.each, (*at, "each"), nested=True)
