"""Finds what is wrong with where a rule takes its value from: paths, conditions, lists, sums."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Final

from agent.net.timestamps import parse_offset
from agent.providers.profile.converters import CONVERTERS
from agent.providers.profile.field_schema import FieldRule
from agent.providers.profile.path_check import check_path
from agent.providers.profile.patterns import LONGEST, extractor
from agent.providers.profile.record_check import RecordScope, check_condition
from agent.providers.profile.targets import TargetField
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

_LISTS: Final = ("first", "sum", "count", "collect")
_NUMERIC: Final = frozenset({"amount", "integer"})
_RESULTS: Final = {
    "sum": (_NUMERIC, "amounts and whole numbers"),
    "count": (_NUMERIC, "amounts and whole numbers"),
    "sum_of": (_NUMERIC, "amounts and whole numbers"),
    "collect": (frozenset({"texts"}), "lists of texts"),
}
"""What reduces a list, the converters that take its result, and what those fields are."""
_TERM_KEYS: Final = frozenset({"path", "where", "first", "sum", "count", "scale"})


def check_source(
    rule: FieldRule, at: KeyPath, field: TargetField, scope: RecordScope
) -> Iterator[Problem]:
    """Every mistake in where ``rule`` takes the value of ``field`` from."""
    if rule.path is None and not rule.first_of and not rule.sum_of and rule.const is None:
        yield Problem(at, "says nothing, expected path, first_of or const")
    if rule.const is not None and (rule.path is not None or rule.first_of):
        yield Problem((*at, "const"), "does not go with path or first_of, expected one of them")
    if rule.path is not None:
        yield from scope.check(rule.path, (*at, "path"))
    yield from scope.check_conditions(rule.when, (*at, "when"))
    yield from _needs_path(rule, at)
    yield from _part_of_text(rule, at, field)
    yield from _list(rule, at, field)
    yield from _terms(rule, at, field, scope)


def _needs_path(rule: FieldRule, at: KeyPath) -> Iterator[Problem]:
    for key in ("present", "match", "empty", "where", *_LISTS):
        if rule.path is None and getattr(rule, key) not in (None, [], {}, False):
            yield Problem((*at, key), "is about the value at a path, expected path: PATH beside it")


def _part_of_text(rule: FieldRule, at: KeyPath, field: TargetField) -> Iterator[Problem]:
    if rule.match is None:
        return
    try:
        extractor(rule.match)
    except ValueError:
        text = f"is no regular expression of RE2 of up to {LONGEST} characters with one group"
        yield Problem((*at, "match"), f"{text}, such as ^sip:([^@]+)@")
    converter = CONVERTERS.get(rule.convert or str(field.reading))
    takes_text = bool(rule.values) or converter is None or str in converter(FieldRule()).kinds
    if rule.sum or rule.count or rule.collect or rule.present is not None or not takes_text:
        yield Problem((*at, "match"), "takes a part of a text, and here there is none to take")


def _list(rule: FieldRule, at: KeyPath, field: TargetField) -> Iterator[Problem]:
    reductions = [key for key in _LISTS if getattr(rule, key)]
    if len(reductions) > 1:
        text = f"does not go with {reductions[0]}, expected one of {', '.join(_LISTS)}"
        yield Problem((*at, reductions[1]), text)
    if rule.where and not reductions:
        text = f"chooses items of a list, expected one of {', '.join(_LISTS)} beside it"
        yield Problem((*at, "where"), text)
    for path, condition in rule.where.items():
        yield from check_path(path, (*at, "where", path))
        yield from check_condition(condition, (*at, "where", path))
    for key in ("first", "sum", "collect"):
        yield from check_path(getattr(rule, key) or "", (*at, key))
    for key, (converters, words) in _RESULTS.items():
        if not getattr(rule, key):
            continue
        if (rule.convert or field.reading) not in converters or rule.values:
            yield Problem((*at, key), f"is for {words}, which {field.name} does not take")


def _terms(
    rule: FieldRule, at: KeyPath, field: TargetField, scope: RecordScope
) -> Iterator[Problem]:
    if rule.sum_of and (rule.path is not None or rule.first_of or rule.const is not None):
        yield Problem((*at, "sum_of"), "does not go with path, first_of or const, expected one")
    for index, term in enumerate(rule.sum_of):
        key = (*at, "sum_of", index)
        for name in sorted(term.model_fields_set - _TERM_KEYS):
            yield Problem(
                (*key, name), f"has no effect in a sum, expected {', '.join(sorted(_TERM_KEYS))}"
            )
        if term.path is None:
            yield Problem(key, "says nothing, expected path")
        else:
            yield from scope.check(term.path, (*key, "path"))
        yield from _list(term, key, field)
        yield from factor_problem(term, key)


def factor_problem(rule: FieldRule, at: KeyPath) -> Iterator[Problem]:
    """The mistakes in the zone and the scale of a rule."""
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
