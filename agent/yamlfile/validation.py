"""What pydantic finds wrong, in plain words: what is wrong, what is in the file, what is expected.

A value is repeated only where no secret can be: never one whose type is private, never one that
the caller names as private, never a whole list or mapping.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from agent.yamlfile.duration import duration_text
from agent.yamlfile.paths import KeyPath, one_line, value_at
from agent.yamlfile.problems import Problem
from agent.yamlfile.schema import DURATION, Json, SchemaTree, choices

_EXPECTED = {
    "object": "keys and values",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text, digits in quotes",
}
_CONTAINERS = {"object", "array"}
_LIMITS = {
    "greater_than_equal": ("ge", "must be at least"),
    "greater_than": ("gt", "must be more than"),
    "less_than_equal": ("le", "must be at most"),
    "less_than": ("lt", "must be less than"),
}
_UNKNOWN_KEY = {"extra_forbidden", "unexpected_keyword_argument"}  # of a model, of a dataclass
_FIXED = {
    "too_short": "is empty",
    "enum": "is not one of the known values",
    "literal_error": "is not one of the known values",
    "int_from_float": "is not a whole number",
}
_TEXT: Json = {"type": "string"}


def problems_of(
    error: ValidationError, schema: SchemaTree, data: object, private: Iterable[KeyPath] = ()
) -> list[Problem]:
    """Every finding of ``error`` as a problem.

    ``schema`` is that of the model, ``data`` what was validated; the values at the paths in
    ``private`` are never repeated.
    """
    hidden = set(private)
    return [_problem(item, schema, data, hidden) for item in error.errors(include_url=False)]


def nearest(word: str, known: Iterable[str]) -> str:
    """What may have been meant by ``word``: ``did you mean x?``, or the whole list."""
    names = list(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"expected one of {', '.join(names)}" if names else "there is none to choose from"


def expected(schema: Json) -> str:
    """What a value must be, in words: ``a whole number from 1 to 10``."""
    words = choices(schema)
    if "x-expected" in schema:
        return f"{schema['x-expected']}{_range(schema)}"
    if words:
        return f"one of {', '.join(words)}" if len(words) > 1 else words[0]
    if schema.get("type") == "array" and schema.get("minItems"):
        return "a list of at least one"
    return f"{_EXPECTED[schema.get('type', 'string')]}{_range(schema)}"


def _problem(item: Any, tree: SchemaTree, data: object, hidden: set[KeyPath]) -> Problem:
    path: KeyPath = tuple(item["loc"])
    if item["type"] == "mistake":
        return Problem(path, one_line(str(item["msg"]), 400))
    if item["type"] in _UNKNOWN_KEY:
        return _unknown_key(path, tree)
    if _is_about_key(path, tree):
        return _unknown_key(path[:-1], tree)
    schema = tree.at(path) or _TEXT
    if item["type"] == "missing":
        return Problem(path, f"is missing, expected {expected(schema)}")
    value = value_at(data, path)
    private = schema.get("x-private") or schema.get("type") in _CONTAINERS or path in hidden
    got = "" if private or value is None else f", got {_shown(value)}"
    separator = ";" if got else ","
    return Problem(
        path, f"{_wrong(item, schema, value)}{got}{separator} expected {expected(schema)}"
    )


def _is_about_key(path: KeyPath, tree: SchemaTree) -> bool:
    """Whether a mapping's key is meant: pydantic adds the step ``[key]`` for that."""
    mapping = tree.at(path[:-2]) if len(path) > 1 and path[-1] == "[key]" else None
    return mapping is not None and isinstance(mapping.get("additionalProperties"), dict)


def _unknown_key(path: KeyPath, tree: SchemaTree) -> Problem:
    parent = tree.at(path[:-1])
    known = tree.keys(parent) if parent is not None else ()
    return Problem(path, f"is not a known key, {nearest(str(path[-1]), known)}")


def _wrong(item: Any, schema: Json, value: object) -> str:
    kind = str(item["type"])
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{words} {_bound(float(item['ctx'][name]), schema)}"
    if value is None:
        return "is empty"
    if kind == "value_error":
        return one_line(str(item["ctx"]["error"]), 200)
    if kind == "string_pattern_mismatch":
        return f"is not a {schema.get('x-kind', 'text of the right form')}"
    return _FIXED.get(kind, f"is {_type_of(value)}")


_TYPES: dict[type, str] = {
    bool: "a switch (true or false)",
    int: "a number",
    float: "a number",
    dict: "a section with keys",
    list: "a list",
}


def _type_of(value: object) -> str:
    return _TYPES.get(type(value), "text")


def _bound(limit: float, schema: Json) -> str:
    return duration_text(limit) if schema.get("x-kind") == DURATION else _number(limit)


def _number(value: float) -> str:
    """``value`` without an exponent where it is whole."""
    return str(int(value)) if float(value).is_integer() else f"{value:.15g}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return _type_of(value)
    return one_line(str(value)) or '""'


def _range(schema: Json) -> str:
    if schema.get("x-kind") == DURATION or schema.get("type") not in ("integer", "number"):
        return ""
    if "minimum" in schema and "maximum" in schema:
        return f" from {_number(schema['minimum'])} to {_number(schema['maximum'])}"
    words = (
        ("minimum", "at least"),
        ("exclusiveMinimum", "above"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "below"),
    )
    bounds = [f"{word} {_number(schema[name])}" for name, word in words if name in schema]
    return f" {', '.join(bounds)}" if bounds else ""
