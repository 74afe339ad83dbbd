"""Finds what is wrong with the rules of a profile's fields, each mistake at its key."""

from collections.abc import Callable, Iterator
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from agent.net.timestamps import parse_offset
from agent.providers.profile.converters import CONVERTERS
from agent.providers.profile.own_values import fixed_value, listed_value
from agent.providers.profile.path_check import check_path
from agent.providers.profile.schema import FieldRule
from agent.providers.profile.targets import TargetField
from agent.yamlfile.paths import KeyPath, one_line
from agent.yamlfile.problems import Problem

_Statement = tuple[KeyPath, str | None, Callable[[TargetField, FieldRule, str], object]]


def check_rule(rule: FieldRule, at: KeyPath, field: TargetField) -> Iterator[Problem]:
    """Every mistake in ``rule``, which fills ``field``."""
    if rule.path is None and not rule.first_of and rule.const is None:
        yield Problem(at, "says nothing, expected path, first_of or const")
    if rule.const is not None and (rule.path is not None or rule.first_of):
        yield Problem((*at, "const"), "does not go with path or first_of, expected one of them")
    if rule.path is not None:
        yield from check_path(rule.path, (*at, "path"))
    known = [*_converter(rule, at, field), *_parsed(rule, at)]
    yield from known
    if not known:
        # Values are read by the converter, with the zone and the scale.
        yield from _own_values(rule, at, field)
    for index, alternative in enumerate(rule.first_of):
        yield from check_rule(alternative, (*at, "first_of", index), field)


def _converter(rule: FieldRule, at: KeyPath, field: TargetField) -> Iterator[Problem]:
    if rule.convert is None:
        return
    if rule.convert not in CONVERTERS:
        text = f"is no converter, expected one of {', '.join(sorted(CONVERTERS))}"
        yield Problem((*at, "convert"), text)
    elif not isinstance(field.reading, str):
        text = "has no effect on a field with a closed list of words, expected values"
        yield Problem((*at, "convert"), text)


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
    if not is_closed and not rule.values:
        text = "is for words that are not listed, expected values beside it"
        yield Problem((*at, "default"), text)


def _statements(rule: FieldRule, at: KeyPath) -> list[_Statement]:
    listed: list[_Statement] = [
        ((*at, "values", theirs), ours, listed_value) for theirs, ours in rule.values.items()
    ]
    return [
        ((*at, "const"), rule.const, fixed_value),
        ((*at, "present"), rule.present, fixed_value),
        *listed,
        # Without values, that it is of no use is all there is to say.
        ((*at, "default"), rule.default if rule.values else None, listed_value),
    ]


def _misfit(key: KeyPath, text: str, reading: str | type[StrEnum], expected: str) -> Problem:
    if isinstance(reading, str):
        return Problem(key, f"does not fit, got {one_line(text)}; expected {expected}")
    return Problem(key, f"is none of ours, expected {expected}")


def _words(reading: str | type[StrEnum]) -> list[str]:
    return [] if isinstance(reading, str) else [member.value for member in reading]


def _parsed(rule: FieldRule, at: KeyPath) -> Iterator[Problem]:
    parts = (
        ("zone", rule.zone, parse_offset, "is no offset, expected +08:00"),
        ("scale", rule.scale, _factor, "is no factor, expected 0.01"),
    )
    for key, text, read, words in parts:
        try:
            if text is not None:
                read(text)
        except ValueError:
            yield Problem((*at, key), words)


def _factor(text: str) -> Decimal:
    try:
        factor = Decimal(text)
    except InvalidOperation as error:
        raise ValueError("not a factor") from error
    if not factor.is_finite():
        raise ValueError("not finite")
    return factor
