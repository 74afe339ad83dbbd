"""The functions of templates: those of Go's ``text/template`` and Prometheus' own."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any
from urllib.parse import quote_plus, urlsplit

import re2

from agent.rules.durations import parse_duration
from agent.rules.gotemplate.humanize import HUMANIZERS, number
from agent.rules.gotemplate.printf import printf
from agent.rules.gotemplate.values import show

_MANY = 64
_HTML = (
    *(("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;"), ('"', "&#34;")),
    ("\0", "\ufffd"),
)
_REFERENCE = re.compile(r"\$(?:\$|\{(\w+)\}|(\w+))")


def is_true(value: Any) -> bool:
    """Whether Go's templates take a value as true: it is neither zero nor empty."""
    return bool(value) or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def _first(values: Sequence[Any]) -> Any:
    if not isinstance(values[0], list):
        raise ValueError("wrong type for value; expected template.queryResult")  # noqa: TRY004
    if not values[0]:
        raise ValueError("first() called on vector with no elements")
    return values[0][0]


def _sample(value: Any, field: str) -> Any:
    if not hasattr(value, field):
        raise ValueError(f"{show(value)} is no sample")
    return getattr(value, field)


def _label(values: Sequence[Any]) -> str:
    return str(_sample(values[1], "labels").get(values[0], ""))


def _sorted(values: Sequence[Any]) -> list[Any]:
    name, samples = values
    return sorted(samples, key=lambda sample: str(_sample(sample, "labels").get(name, "")))


def _pattern(text: Any) -> Any:
    options = re2.Options()
    # It would write to standard error, where every line is a log line.
    options.log_errors = False
    try:
        return re2.compile(str(text), options)
    except re2.error:
        raise ValueError(f"{text} is not a regular expression") from None


def _replaced(values: Sequence[Any]) -> str:
    pattern, replacement, text = values

    def fill(match: Any) -> str:
        return _REFERENCE.sub(lambda name: _group(match, name[1] or name[2]), str(replacement))

    replaced: str = _pattern(pattern).sub(fill, str(text))
    return replaced


def _group(match: Any, name: str | None) -> str:
    if name is None:
        return "$"
    try:
        return match[int(name) if name.isdigit() else name] or ""
    except (IndexError, KeyError):
        return ""


def _title(values: Sequence[Any]) -> str:
    return re.sub(r"(?<!\w)\w", lambda letter: letter[0].upper(), str(values[0]))


def _stripped_port(values: Sequence[Any]) -> str:
    host = str(values[0])
    match = re.fullmatch(r"\[([^\]]*)\]:[^:]*|([^:\[\]]*):[^:]*", host)
    return host if match is None else (match[1] or match[2] or "")


def _stripped_domain(values: Sequence[Any]) -> str:
    host, colon, port = str(values[0]).partition(":")
    name = host if re.fullmatch(r"[\d.]+", host) else host.split(".", 1)[0]
    return f"{name}{colon}{port}"


def _index(values: Sequence[Any]) -> Any:
    value, *keys = values
    for key in keys:
        if isinstance(value, Mapping) and isinstance(key, str):
            value = value.get(key, "")
        elif isinstance(value, list | str) and type(key) is int and 0 <= key < len(value):
            value = value.encode()[key] if isinstance(value, str) else value[key]
        else:
            raise ValueError(f"index out of range: {show(key)}")
    return value


def _slice(values: Sequence[Any]) -> Any:
    value, *bounds = values
    text = value.encode() if isinstance(value, str) else value
    low = bounds[0] if bounds else 0
    high = bounds[1] if len(bounds) > 1 else len(text)
    if not 0 <= low <= high <= len(text):
        raise ValueError(f"slice index out of range: {low}, {high}")
    part = text[low:high]
    return part.decode(errors="replace") if isinstance(part, bytes) else part


def _html(values: Sequence[Any]) -> str:
    text = _printed(values)
    for letter, code in _HTML:
        text = text.replace(letter, code)
    return text


def _equal(values: Sequence[Any]) -> bool:
    first, *others = values
    return any(first == _comparable(first, other) for other in others)


def _comparable(left: Any, right: Any) -> Any:
    """``right``, where Go compares the two types: an int and a float64 are not comparable."""
    if isinstance(left, Mapping | list) or isinstance(right, Mapping | list):
        raise ValueError("non-comparable type")  # noqa: TRY004 - written into the text
    if type(left) is not type(right):
        raise ValueError("incompatible types for comparison")
    return right


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Sequence[Any]], bool]:
    def ordered(values: Sequence[Any]) -> bool:
        other = _comparable(values[0], values[1])
        if not isinstance(other, int | float | str) or isinstance(other, bool):
            raise ValueError("invalid type for comparison")  # noqa: TRY004 - written into the text
        return compare(values[0], other)

    return ordered


def _and(values: Sequence[Any]) -> Any:
    return reduce(lambda left, right: right if is_true(left) else left, values)


def _or(values: Sequence[Any]) -> Any:
    return reduce(lambda left, right: left if is_true(left) else right, values)


def _printed(values: Sequence[Any]) -> str:
    """Go's ``print``: a space between two operands when neither is a string."""
    text = ""
    for place, value in enumerate(values):
        spaced = place and not isinstance(value, str) and not isinstance(values[place - 1], str)
        text += (" " if spaced else "") + show(value)
    return text


def _length(values: Sequence[Any]) -> int:
    if isinstance(values[0], str):
        return len(values[0].encode())
    if not isinstance(values[0], Mapping | Sequence):
        raise ValueError(f"len of {show(values[0])}")  # noqa: TRY004 - written into the text
    return len(values[0])


def _graph(tab: int) -> Callable[[Sequence[Any]], str]:
    return lambda values: f"/graph?g0.expr={quote_plus(show(values[0]))}&g0.tab={tab}"


def _humanizer(convert: Callable[[float], str]) -> Callable[[Sequence[Any]], Any]:
    return lambda values: convert(number(values[0]))


Function = tuple[int, int, Callable[[Sequence[Any]], Any]]

FUNCTIONS: Mapping[str, Function] = {
    **{name: (1, 1, _humanizer(convert)) for name, convert in HUMANIZERS.items()},
    "and": (1, _MANY, _and),
    "args": (0, _MANY, lambda values: {f"arg{place}": value for place, value in enumerate(values)}),
    "eq": (2, _MANY, _equal),
    "externalURL": (0, 0, lambda values: values[0]),
    "first": (1, 1, _first),
    "ge": (2, 2, _ordered(lambda left, right: left >= right)),
    "graphLink": (1, 1, _graph(0)),
    "gt": (2, 2, _ordered(lambda left, right: left > right)),
    "html": (0, _MANY, _html),
    "index": (1, _MANY, _index),
    "label": (2, 2, _label),
    "le": (2, 2, _ordered(lambda left, right: left <= right)),
    "len": (1, 1, _length),
    "lt": (2, 2, _ordered(lambda left, right: left < right)),
    "match": (2, 2, lambda values: _pattern(values[0]).search(str(values[1])) is not None),
    "ne": (2, 2, lambda values: not _equal(values)),
    "not": (1, 1, lambda values: not is_true(values[0])),
    "or": (1, _MANY, _or),
    "parseDuration": (1, 1, lambda values: parse_duration(str(values[0]))),
    "pathPrefix": (0, 0, lambda values: urlsplit(values[0]).path.rstrip("/")),
    "print": (0, _MANY, _printed),
    "printf": (1, _MANY, lambda values: printf(str(values[0]), values[1:])),
    "println": (0, _MANY, lambda values: " ".join(map(show, values)) + "\n"),
    "reReplaceAll": (3, 3, _replaced),
    "safeHtml": (1, 1, lambda values: str(values[0])),
    "slice": (1, 3, _slice),
    "sortByLabel": (2, 2, _sorted),
    "stripDomain": (1, 1, _stripped_domain),
    "stripPort": (1, 1, _stripped_port),
    "strvalue": (1, 1, lambda values: _sample(values[0], "labels").get("__value__", "")),
    "tableLink": (1, 1, _graph(1)),
    "title": (1, 1, _title),
    "toLower": (1, 1, lambda values: str(values[0]).lower()),
    "toUpper": (1, 1, lambda values: str(values[0]).upper()),
    "urlquery": (1, _MANY, lambda values: quote_plus(_printed(values))),
    "value": (1, 1, lambda values: _sample(values[0], "value")),
}
"""By name: the least and most arguments, and the function. ``query`` is in expressions.py."""
