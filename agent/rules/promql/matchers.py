"""Label matchers of selectors.

A missing label is the empty string, as in Prometheus, so ``a!="b"`` matches series without
``a``. Regular expressions are RE2 and match the whole value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import re2

from agent.rules.promql.errors import RefusedError

METRIC_NAME = "__name__"
"""The label that holds a metric's name."""


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
    options = re2.Options()
    options.dot_nl = dot_matches_newline
    options.log_errors = False
    try:
        pattern = re2.compile(value, options)
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


def _equality(operator: str, value: str) -> Callable[[str], bool]:
    if operator == "=":
        return lambda text: text == value
    return lambda text: text != value
