"""What became of a unit test's cases, and how promtool would write it."""

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
    """One case. ``error`` says why it could not be judged."""

    group: str
    time: float
    ok: bool
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """The case for ``--json``, without its file."""
        told: dict[str, Any] = {"group": self.group, "eval_time": format_duration(self.time)}
        told |= {"ok": self.ok, "got": [], "exp": []}
        return told | ({"error": self.error} if self.error else {})

    def text(self) -> str:
        """What promtool prints for a case that failed."""
        return f"    {self.error}"


@dataclass(frozen=True, slots=True)
class AlertOutcome(Outcome):
    """Whether the right alerts fired."""

    name: str = ""
    got: tuple[ExpectedAlert, ...] = ()
    expected: tuple[ExpectedAlert, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The case for ``--json``, without its file."""
        sides = {"got": _alerts(self.got), "exp": _alerts(self.expected)}
        return Outcome.as_json(self) | {"alertname": self.name} | sides

    def text(self) -> str:
        """What promtool prints for a case that failed."""
        title = f"    name: {self.group},\n" if self.group else ""
        expected, got = (_listed(side) for side in (self.expected, self.got))
        return (
            f"{title}    alertname: {self.name}, time: {format_duration(self.time)}, \n"
            f"        exp:{expected}, \n        got:{got}"
        )


@dataclass(frozen=True, slots=True)
class ExpressionOutcome(Outcome):
    """Whether an expression gave the right samples."""

    expression: str = ""
    got: tuple[Sample, ...] = ()
    expected: tuple[Sample, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The case for ``--json``, without its file."""
        sides = {"got": _samples(self.got), "exp": _samples(self.expected)}
        return Outcome.as_json(self) | {"expr": self.expression} | sides

    def text(self) -> str:
        """What promtool prints for a case that failed."""
        head = f"    expr: {quote(self.expression)}, time: {format_duration(self.time)},"
        if self.error:
            return f"{head} err: {self.error}"
        expected, got = (_written(side) for side in (self.expected, self.got))
        return f"{head}\n        exp: {expected}\n        got: {got}"


def labels_text(labels: Mapping[str, str]) -> str:
    """A label set as Prometheus writes it."""
    pairs = (f"{name}={quote(labels[name])}" for name in sorted(labels))
    return "{" + ", ".join(pairs) + "}"


def _listed(alerts: Sequence[ExpectedAlert]) -> str:
    if not alerts:
        return "[]"
    pad = " " * 12
    entries = (
        f"\n{pad}{place}:\n{pad}  Labels:{labels_text(alert.labels)}"
        f"\n{pad}  Annotations:{labels_text(alert.annotations)}"
        for place, alert in enumerate(alerts)
    )
    return "[" + ",".join(entries) + f"\n{pad}]"


def _written(samples: Sequence[Sample]) -> str:
    if not samples:
        return "nil"
    return ", ".join(
        f"{labels_text(labels)} {shortest(value, capital=True, always_exponent=True)}"
        for labels, value in samples
    )


def _alerts(alerts: Sequence[ExpectedAlert]) -> list[dict[str, Any]]:
    return [{"labels": one.labels, "annotations": one.annotations} for one in alerts]


def _samples(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Finite values are numbers; JSON has no others, so those are texts as Go writes them."""
    return [
        {"labels": labels, "value": value if math.isfinite(value) else shortest(value)}
        for labels, value in samples
    ]
