"""Label matchers: what a selector asks of a label's value.

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
    """Whether a label value matches."""

    @property
    def is_equality(self) -> bool:
        """Whether only one value can match."""
        return self.operator == "="


def make_matcher(operator: str, label: str, value: str, *, dot_matches_newline: bool) -> Matcher:
    """A matcher ready to be asked.

    Raises:
        RefusedError: when ``value`` is not a regular expression where it has to be one.
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
    wanted = operator == "=~"
    return Matcher(
        operator, label, value, lambda text: (pattern.fullmatch(text) is not None) is wanted
    )


def _equality(operator: str, value: str) -> Callable[[str], bool]:
    if operator == "=":
        return lambda text: text == value
    return lambda text: text != value
