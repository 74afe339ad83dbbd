"""What a query sees beside the agent's series: the alerts, and a clock it must not overrun."""

from collections.abc import Callable, Iterable, Mapping
from time import monotonic

import numpy as np

from agent.model import Alert
from agent.rules.alerting import ALERT_NAME
from agent.rules.promql.nodes import Selector
from agent.rules.promql.source import Source, matching
from agent.rules.promql.symbols import Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, empty, joined
from agent.rules.queries.errors import QueryTimeoutError

ALERTS = "ALERTS"
ALERTS_FOR_STATE = "ALERTS_FOR_STATE"
ALERT_SERIES = (ALERTS, ALERTS_FOR_STATE)


class Watched:
    """A source that gives nothing once ``until`` (monotonic seconds) has passed."""

    def __init__(self, below: Source, until: float, clock: Callable[[], float] = monotonic) -> None:
        self.symbols = below.symbols
        self._below = below
        self._until = until
        self._clock = clock

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks.

        Raises:
            QueryTimeoutError: when the query has had its time.
        """
        self.check()
        return self._below.select(selector)

    def check(self) -> None:
        """Raise when the query has had its time."""
        if self._clock() > self._until:
            raise QueryTimeoutError


class WithAlerts:
    """A source that has ``ALERTS`` and ``ALERTS_FOR_STATE`` beside what ``below`` has."""

    def __init__(self, below: Source, alerts: Iterable[Alert]) -> None:
        self.symbols = below.symbols
        self._below = below
        self._alerts = tuple(alerts)

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks."""
        found = self._below.select(selector)
        wanted = [name for name in ALERT_SERIES if selector.name in ("", name)]
        parts = [matching(self._series(name), selector.matchers) for name in wanted]
        return joined(self.symbols, [found, *parts]) if parts else found

    def _series(self, name: str) -> Vector:
        rows = [(_labels(alert, name), _value(alert, name)) for alert in self._alerts]
        return _vector(self.symbols, name, rows)


def _labels(alert: Alert, name: str) -> dict[str, str]:
    labels = {**alert.labels, ALERT_NAME: alert.name}
    return {**labels, "alertstate": alert.state} if name == ALERTS else labels


def _value(alert: Alert, name: str) -> float:
    return 1.0 if name == ALERTS else alert.active_at


def _vector(symbols: Symbols, name: str, rows: list[tuple[dict[str, str], float]]) -> Vector:
    """Samples of label sets; of the same label set only the last, as two rules may share it."""
    last: Mapping[tuple[tuple[str, str], ...], float] = {
        tuple(sorted(labels.items())): value for labels, value in rows
    }
    if not last:
        return empty(symbols)
    sets = [dict(key) for key in last]
    names = sorted({label for labels in sets for label in labels})
    columns = {label: symbols.encode([labels.get(label, "") for labels in sets]) for label in names}
    table = Table(symbols, columns, len(sets), distinct=True)
    values = np.array(list(last.values()), np.float64)
    return Vector(table, table.all_rows, values, symbols.code(name))
