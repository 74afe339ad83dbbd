"""Label matchers of selectors.

A missing label is the empty string, as in Prometheus, so ``a!="b"`` matches series without
``a``. Regular expressions are RE2 and match the whole value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import re2

from agent.rules.promql.errors import RefusedError

METRIC_NAME = "__name__"
"""The label that holds a metric's name."""


_REGEX_BYTES = 2 * 1024 * 1024
"""Memory of one compiled regular expression; the module keeps the newest 128 of a process."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """One matcher. ``operator`` is ``=``, ``!=``, ``=~`` or ``!~``."""

    operator: str
    label: str
    value: str
    accepts: Callable[[str], bool] = field(compare=False, repr=False)
    """Whether the matcher accepts a label value."""

    @property
    def is_equality(self) -> bool:
        """Whether the matcher accepts exactly one value."""
        return self.operator == "="


def make_matcher(operator: str, label: str, value: str, *, dot_matches_newline: bool) -> Matcher:
    """A matcher, its regular expression compiled.

    Raises:
        RefusedError: when ``operator`` needs a regular expression and ``value`` is none.
    """
    if operator in {"=", "!="}:
        return Matcher(operator, label, value, _equality(operator, value))
    try:
        pattern = regex(value, dot_matches_newline=dot_matches_newline)
    except re2.error as error:
        text = error.args[0] if error.args else ""
        reason = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
        raise RefusedError(
            f'label {label}: "{value}" is not a regular expression: {reason}'
        ) from None
    is_positive = operator == "=~"
    return Matcher(
        operator, label, value, lambda text: (pattern.fullmatch(text) is not None) is is_positive
    )


def regex(text: str, *, dot_matches_newline: bool) -> Any:
    """The compiled regular expression, which matches in time linear to a text's length.

    Raises:
        re2.error: when ``text`` is none, or needs too much memory.
    """
    options = re2.Options()
    options.dot_nl, options.log_errors = dot_matches_newline, False
    options.max_mem = _REGEX_BYTES
    return re2.compile(text, options)


def _equality(operator: str, value: str) -> Callable[[str], bool]:
    if operator == "=":
        return lambda text: text == value
    return lambda text: text != value
