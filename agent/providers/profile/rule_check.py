"""Finds what is wrong with the rules of a profile's fields, each mistake at its key."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Final

from agent.providers.profile.converters import CONVERTERS
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.own_values import fixed_value, listed_value
from agent.providers.profile.record_check import RecordScope
from agent.providers.profile.source_check import check_source, factor_problem
from agent.providers.profile.targets import TargetField
from agent.yamlfile.paths import KeyPath, one_line
from agent.yamlfile.problems import Problem

MOST_NESTED_RULES: Final = 6
"""Rules in rules: ``first_of`` in ``first_of``."""

_Statement = tuple[KeyPath, str | None, Callable[[TargetField, FieldRule, str], object]]
_TELEPHONES: Final = frozenset({"number", "whole_number", "phone"})
_EFFECTIVE: Final = {
    "scale": frozenset({"amount"}),
    "zone": frozenset({"iso", "compact"}),
    "strip_prefixes": _TELEPHONES,
    "add_prefix": _TELEPHONES,
}
"""Keys, and the converters that heed them."""


def check_rule(
    rule: FieldRule, at: KeyPath, field: TargetField, scope: RecordScope, depth: int = 0
) -> Iterator[Problem]:
    """Every mistake in ``rule``, which fills ``field`` from the records of ``scope``."""
    if depth > MOST_NESTED_RULES:
        yield Problem(at, f"nests deeper than {MOST_NESTED_RULES} rules, expected fewer")
        return
    yield from check_source(rule, at, field, scope)
    known = [*factor_problem(rule, at), *_converter(rule, at, field)]
    yield from known
    if not known:
        # Values are read by the converter, with the zone and the scale.
        yield from _own_values(rule, at, field)
    for index, alternative in enumerate(rule.first_of):
        yield from check_rule(alternative, (*at, "first_of", index), field, scope, depth + 1)


def _converter(rule: FieldRule, at: KeyPath, field: TargetField) -> Iterator[Problem]:
    reads = field.reading if isinstance(field.reading, str) else None
    if rule.convert is not None and rule.convert not in CONVERTERS:
        text = f"is no converter, expected one of {', '.join(sorted(CONVERTERS))}"
        yield Problem((*at, "convert"), text)
        return
    if rule.convert is not None and reads is None:
        text = "has no effect on a field with a closed list of words, expected values"
        yield Problem((*at, "convert"), text)
    for key, converters in _EFFECTIVE.items():
        if getattr(rule, key) and (rule.convert or reads) not in converters and not rule.first_of:
            text = f"has no effect here, as it is for {', '.join(sorted(converters))}"
            yield Problem((*at, key), f"{text}; remove it or name one of them with convert")


def _own_values(rule: FieldRule, at: KeyPath, field: TargetField) -> Iterator[Problem]:
    for key, text, read in _statements(rule, at):
        if text is None:
            continue
        try:
            read(field, rule, text)
        except ValueError as error:
            yield _misfit(key, text, field.reading, str(error))
    if rule.default is None:
        return
    is_closed = not isinstance(field.reading, str)
    if is_closed and rule.default != "unknown" and "unknown" in _words(field.reading):
        yield Problem((*at, "default"), "hides what is not known, expected unknown")
    if not is_closed and not _may_be_undescribed(rule):
        text = "is for words that are not listed, expected values beside it"
        yield Problem((*at, "default"), text)


def _may_be_undescribed(rule: FieldRule) -> bool:
    """Whether there can be something that the rule says nothing about."""
    alternatives = any(map(_may_be_undescribed, rule.first_of))
    return bool(rule.values or rule.match or rule.when or rule.where) or alternatives


def _statements(rule: FieldRule, at: KeyPath) -> list[_Statement]:
    listed: list[_Statement] = [
        ((*at, "values", theirs), ours, listed_value) for theirs, ours in rule.values.items()
    ]
    return [
        ((*at, "const"), rule.const, fixed_value),
        ((*at, "present"), rule.present, fixed_value),
        *listed,
        # Where it is of no use, that is all there is to say.
        ((*at, "default"), rule.default if _may_be_undescribed(rule) else None, listed_value),
    ]


def _misfit(key: KeyPath, text: str, reading: str | type[StrEnum], expected: str) -> Problem:
    if isinstance(reading, str):
        return Problem(key, f"does not fit, got {one_line(text)}; expected {expected}")
    return Problem(key, f"is none of ours, expected {expected}")


def _words(reading: str | type[StrEnum]) -> list[str]:
    return [] if isinstance(reading, str) else [member.value for member in reading]
