"""What pydantic finds wrong, in our own words: what is wrong, what was written, what is expected.

A value is repeated only where no secret can stand: never at a secret's key, never an address
(which may hold a key), never what came from a variable or a file, never a whole list or section.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from agent.config.settings import Settings
from agent.config.shape import Kind, Shape, shape_at, written_keys
from agent.config.values import duration_text
from agent.yamlfile.paths import KeyPath, one_line
from agent.yamlfile.problems import Problem

_EXPECTED = {
    Kind.SECTION: "keys and values",
    Kind.LIST: "a list",
    Kind.MAPPING: "keys and values",
    Kind.DURATION: "a duration such as 30s",
    Kind.WHOLE: "a whole number",
    Kind.NUMBER: "a number",
    Kind.SWITCH: "true or false",
    Kind.SECRET: "text, digits in quotes",
    Kind.URL: "an address such as https://api.example.com",
    Kind.NETWORK: "a network such as 10.0.0.0/8",
    Kind.ADDRESS: "HOST:PORT such as 127.0.0.1:10400",
    Kind.MOMENT: "a day such as 2026-10-01 or a time such as 2026-10-01T08:00",
    Kind.ZONE: "a zone such as Asia/Shanghai",
    Kind.NAME: "letters, digits, dots, dashes or underscores, at most 63",
    Kind.TEXT: "text, digits in quotes",
}
_PRIVATE = {Kind.SECRET, Kind.URL, Kind.SECTION, Kind.LIST, Kind.MAPPING}
_LIMITS = {
    "greater_than_equal": ("ge", "must be at least"),
    "greater_than": ("gt", "must be more than"),
    "less_than_equal": ("le", "must be at most"),
    "less_than": ("lt", "must be less than"),
}
_FIXED = {
    "string_pattern_mismatch": "is not a name",
    "too_short": "is empty",
    "enum": "is not one of the known values",
    "literal_error": "is not one of the known values",
    "int_from_float": "is not a whole number",
}


def problems_of(error: ValidationError, data: object, private: Iterable[KeyPath]) -> list[Problem]:
    """Every finding of ``error`` as a problem; ``private`` values are never repeated."""
    hidden = set(private)
    return [_problem(found, data, hidden) for found in error.errors(include_url=False)]


def nearest(word: str, known: Iterable[str]) -> str:
    """What may have been meant by ``word``: ``did you mean x?``, or the whole list."""
    names = list(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]}?"
    return f"expected one of {', '.join(names)}" if names else "there is none to choose from"


def _problem(found: Any, data: object, hidden: set[KeyPath]) -> Problem:
    location: KeyPath = tuple(found["loc"])
    if found["type"] == "extra_forbidden":
        return _unknown(location)
    if _is_key(location):
        return _unknown(location[:-1])
    shape = shape_at(Settings, location) or Shape(Kind.TEXT)
    if found["type"] == "missing":
        return Problem(location, f"is missing, expected {expected(shape)}")
    written = _at(data, location)
    secret = shape.kind in _PRIVATE or location in hidden
    got = "" if secret or written is None else f", got {_shown(written)}"
    separator = ";" if got else ","
    return Problem(
        location, f"{_wrong(found, shape, written)}{got}{separator} expected {expected(shape)}"
    )


def _is_key(location: KeyPath) -> bool:
    """Whether a mapping's key is meant, which pydantic says by one step more."""
    mapping = shape_at(Settings, location[:-2]) if len(location) > 1 else None
    return location[-1:] == ("[key]",) and mapping is not None and mapping.keys is not None


def _unknown(path: KeyPath) -> Problem:
    parent = shape_at(Settings, path[:-1])
    known: tuple[str, ...] = ()
    if parent is not None and parent.section is not None:
        known = written_keys(parent.section)
    elif parent is not None and parent.keys is not None:
        known = parent.keys.choices
    return Problem(path, f"is not a known key, {nearest(str(path[-1]), known)}")


def _wrong(found: Any, shape: Shape, written: object) -> str:
    kind = str(found["type"])
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"{words} {_bound(float(found['ctx'][name]), shape.kind)}"
    if written is None:
        return "is empty"
    if kind == "value_error":
        return one_line(str(found["ctx"]["error"]), 200)
    return _FIXED.get(kind, f"is {_kind_of(written)}")


_WRITTEN: dict[type, str] = {
    bool: "a switch (true or false)",
    int: "a number",
    float: "a number",
    dict: "a section with keys",
    list: "a list",
}


def _kind_of(written: object) -> str:
    return _WRITTEN.get(type(written), "text")


def _bound(limit: float, kind: Kind) -> str:
    return duration_text(limit) if kind is Kind.DURATION else f"{limit:.15g}"


def _shown(written: object) -> str:
    if isinstance(written, bool):
        return str(written).lower()
    if isinstance(written, dict | list):
        return _kind_of(written)
    return one_line(str(written)) or '""'


def expected(shape: Shape) -> str:
    """What a key takes, in words: ``a whole number from 1 to 10``."""
    if shape.choices:
        return f"one of {', '.join(shape.choices)}" if len(shape.choices) > 1 else shape.choices[0]
    if shape.kind is Kind.LIST and shape.bounds.get("min_length"):
        return "a list of at least one"
    words = _EXPECTED[shape.kind]
    return words + _range(shape)


def _range(shape: Shape) -> str:
    bounds = shape.bounds
    if shape.kind is Kind.DURATION or not bounds:
        return ""
    if "ge" in bounds and "le" in bounds:
        return f" from {bounds['ge']:.15g} to {bounds['le']:.15g}"
    words = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
    told = [f"{word} {bounds[name]:.15g}" for name, word in words if name in bounds]
    return " " + ", ".join(told)


def _at(data: object, path: KeyPath) -> object:
    """What is written at ``path``; ``None`` where nothing is."""
    place: Any = data
    for key in path:
        try:
            place = place[key]
        except (KeyError, IndexError, TypeError):
            return None
    return place
