"""The outcomes of a unit test's cases, printed as promtool prints them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.rules.durations import format_duration
from agent.rules.gotemplate.values import quote, shortest
from agent.rules.unittest.files import ExpectedAlert

Sample = tuple[dict[str, str], float]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one case; ``error`` says why it could not be evaluated."""

    group: str
    time: float
    ok: bool
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """The object of the case for ``--json``, without its file."""
        case: dict[str, Any] = {"group": self.group, "eval_time": format_duration(self.time)}
        case |= {"ok": self.ok, "got": [], "exp": []}
        return case | ({"error": self.error} if self.error else {})

    def text(self) -> str:
        """The text that promtool prints for a failed case."""
        return f"    {self.error}"


@dataclass(frozen=True, slots=True)
class AlertOutcome(Outcome):
    """The outcome of an alert case."""

    name: str = ""
    got: tuple[ExpectedAlert, ...] = ()
    expected: tuple[ExpectedAlert, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The object of the case for ``--json``, without its file."""
        sides = {"got": _alerts(self.got), "exp": _alerts(self.expected)}
        return Outcome.as_json(self) | {"alertname": self.name} | sides

    def text(self) -> str:
        """The text that promtool prints for a failed case."""
        title = f"    name: {self.group},\n" if self.group else ""
        expected, got = (_alerts_text(side) for side in (self.expected, self.got))
        return (
            f"{title}    alertname: {self.name}, time: {format_duration(self.time)}, \n"
            f"        exp:{expected}, \n        got:{got}"
        )


@dataclass(frozen=True, slots=True)
class ExpressionOutcome(Outcome):
    """The outcome of an expression case."""

    expression: str = ""
    got: tuple[Sample, ...] = ()
    expected: tuple[Sample, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The object of the case for ``--json``, without its file."""
        sides = {"got": _samples(self.got), "exp": _samples(self.expected)}
        return Outcome.as_json(self) | {"expr": self.expression} | sides

    def text(self) -> str:
        """The text that promtool prints for a failed case."""
        head = f"    expr: {quote(self.expression)}, time: {format_duration(self.time)},"
        if self.error:
            return f"{head} err: {self.error}"
        expected, got = (_samples_text(side) for side in (self.expected, self.got))
        return f"{head}\n        exp: {expected}\n        got: {got}"


def labels_text(labels: Mapping[str, str]) -> str:
    """A label set in Prometheus' notation."""
    pairs = (f"{name}={quote(labels[name])}" for name in sorted(labels))
    return "{" + ", ".join(pairs) + "}"


def _alerts_text(alerts: Sequence[ExpectedAlert]) -> str:
    if not alerts:
        return "[]"
    pad = " " * 12
    entries = (
        f"\n{pad}{place}:\n{pad}  Labels:{labels_text(alert.labels)}"
        f"\n{pad}  Annotations:{labels_text(alert.annotations)}"
        for place, alert in enumerate(alerts)
    )
    return "[" + ",".join(entries) + f"\n{pad}]"


def _samples_text(samples: Sequence[Sample]) -> str:
    if not samples:
        return "nil"
    return ", ".join(
        f"{labels_text(labels)} {shortest(value, capital=True, always_exponent=True)}"
        for labels, value in samples
    )


def _alerts(alerts: Sequence[ExpectedAlert]) -> list[dict[str, Any]]:
    return [{"labels": alert.labels, "annotations": alert.annotations} for alert in alerts]


def _samples(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """The samples as JSON; NaN and infinities, which JSON lacks, are texts as in Go."""
    return [
        {"labels": labels, "value": value if math.isfinite(value) else shortest(value)}
        for labels, value in samples
    ]
