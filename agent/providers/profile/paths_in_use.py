"""The paths by which the fields and filters of an operation read its records."""

from collections.abc import Iterator
from typing import Final

from agent.providers.profile.field_schema import FieldRule, RecordList, levels_of
from agent.providers.profile.json_path import KEY, POSITION, SELF, Path, path_of
from agent.providers.profile.schema import Operation

_SPECIAL: Final = frozenset({SELF, KEY, POSITION})


def rule_paths(rule: FieldRule) -> Iterator[Path]:
    """The paths of a rule's values in the record, its conditions' and alternatives' too."""
    if rule.path is not None:
        yield path_of(rule.path)
    yield from map(path_of, rule.when)
    for part in (*rule.first_of, *rule.sum_of):
        yield from rule_paths(part)


def item_paths(rule: FieldRule) -> Iterator[Path]:
    """The paths of what a rule reads in the items of lists, from the record."""
    if rule.path is not None:
        base = path_of(rule.path)
        inner = (*rule.where, *filter(None, (rule.first, rule.sum, rule.collect)))
        yield from ((*base, *path_of(text)) for text in inner)
    for part in (*rule.first_of, *rule.sum_of):
        yield from item_paths(part)


def record_levels(operation: Operation) -> list[RecordList]:
    """Where the records of ``operation`` are, from the outermost to the innermost."""
    return [*levels_of(operation.records), *levels_of(operation.each)]


def special_steps(operation: Operation) -> frozenset[str]:
    """The steps beside keys that the paths of ``operation`` have, without ``^``."""
    paths = [path for rule in operation.fields.values() for path in rule_paths(rule)]
    paths += map(path_of, (*operation.keep, *operation.skip))
    return _SPECIAL.intersection(step for path in paths for step in path)
