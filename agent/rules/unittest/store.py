"""The series of a unit test over time: loaded step by step, written to by rules."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from agent.model import Alert
from agent.rules.alerting import ALERT_NAME
from agent.rules.promql.errors import DUPLICATE_SAMPLE, EvaluationError
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Selector, Semantics
from agent.rules.promql.range_vector import RangeVector, Span, Stretch, Windows
from agent.rules.promql.source import matching
from agent.rules.promql.symbols import Rows, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, empty, joined
from agent.rules.unittest.files import Sample

LOOKBACK = 300.0
"""Seconds for which a sample stands for its series (Prometheus' default)."""

Labels = tuple[tuple[str, str], ...]


def labels_key(labels: Mapping[str, str]) -> Labels:
    """A label set as a key; empty labels are missing labels."""
    return tuple(sorted((name, text) for name, text in labels.items() if text))


_Waiting = tuple[float, Labels, Sample]


def _due(entry: _Waiting) -> float:
    return entry[0]


@dataclass(slots=True)
class _Series:
    times: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)


class Store:
    """Samples by series, and the input that is still to come."""

    def __init__(self, semantics: Semantics) -> None:
        self.symbols = Symbols()
        self._semantics = semantics
        self._series: dict[str, dict[Labels, _Series]] = {}
        self._waiting: list[_Waiting] = []
        self._written: dict[str, set[Labels]] = {}

    def plan(
        self, labels: Mapping[str, str], interval: float, values: Iterable[Sample | None]
    ) -> None:
        """Input that :meth:`load_until` brings in when its time comes."""
        key = labels_key(labels)
        for place, sample in enumerate(values):
            if sample is not None:
                self._waiting.append((place * interval, key, sample))

    def load_until(self, now: float) -> None:
        """Bring in the input up to and including ``now``."""
        self._waiting.sort(key=_due)
        count = bisect_right(self._waiting, now, key=_due)
        for time, key, sample in self._waiting[:count]:
            self._append(key, time, sample)
        del self._waiting[:count]

    def _append(self, key: Labels, time: float, sample: Sample) -> bool:
        """Add a sample; whether it is there now, which it is not where another came first."""
        series = self._series.setdefault(dict(key).get(METRIC_NAME, ""), {})
        one = series.setdefault(key, _Series())
        if one.times and one.times[-1] >= time:
            return one.times[-1] == time and _is_same(one.samples[-1], sample)
        one.times.append(time)
        one.samples.append(sample)
        return True

    def write(self, rule: str, now: float, samples: Mapping[Labels, float]) -> None:
        """A rule's result; series it gave before and gives no more end here.

        Raises:
            EvaluationError: where another rule gave the same series another value.
        """
        kept = {key for key, value in samples.items() if self._append(key, now, Sample(value))}
        for key in self._written.get(rule, set()) - kept:
            self._append(key, now, Sample(0.0, is_stale=True))
        self._written[rule] = kept
        if len(kept) < len(samples):
            raise EvaluationError(DUPLICATE_SAMPLE)

    def at(self, now: float) -> "Moment":
        """The store as a source and as a recorder, as of ``now``."""
        return Moment(self, now)

    def vector(self, name: str, now: float) -> Vector:
        """The newest samples of one metric that still stand."""
        alive: list[tuple[Labels, float, float]] = []
        for key, series in self._series.get(name, {}).items():
            place = bisect_right(series.times, now) - 1
            if place >= 0 and self._stands(series, place, now):
                alive.append((key, series.samples[place].value, series.times[place]))
        return self._vector(name, alive)

    def _stands(self, series: _Series, place: int, now: float) -> bool:
        age = now - series.times[place]
        fresh = age <= LOOKBACK if self._semantics is Semantics.TWO else age < LOOKBACK
        return fresh and not series.samples[place].is_stale

    def _vector(self, name: str, alive: Sequence[tuple[Labels, float, float]]) -> Vector:
        if not alive:
            return empty(self.symbols)
        sets = [dict(key) for key, _, _ in alive]
        names = {label for labels in sets for label in labels} - {METRIC_NAME}
        columns = {
            label: self.symbols.encode([labels.get(label, "") for labels in sets])
            for label in sorted(names)
        }
        table = Table(self.symbols, columns, len(alive), distinct=True)
        values = np.array([value for _, value, _ in alive], np.float64)
        stamps = np.array([time for _, _, time in alive], np.float64)
        return Vector(table, table.all_rows, values, self.symbols.code(name), stamps)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples of some metrics within ``span``."""
        names = [selector.name] if selector.name else self.names()
        found = [self._stretch(name, selector, span) for name in names]
        return RangeVector(self.symbols, span, [one for one in found if one is not None])

    def _stretch(self, name: str, selector: Selector, span: Span) -> Stretch | None:
        known = self._series.get(name, {})
        keys = list(known)
        if not keys:
            return None
        whole = self._vector(name, [(key, 0.0, 0.0) for key in keys])
        picked = matching(whole, selector.matchers)
        samples = [_within(known[keys[row]], span) for row in range(len(keys))]

        def fill(rows: Rows) -> Windows:
            return _windows([samples[row] for row in rows.tolist()])

        most = max((len(times) for times, _ in samples), default=0)
        return Stretch(picked.table, picked.rows, picked.metric, most, fill)

    def names(self) -> list[str]:
        """The metrics there are."""
        return list(self._series)


def _is_same(one: Sample, other: Sample) -> bool:
    is_nan = math.isnan(one.value) and math.isnan(other.value)
    return one.is_stale == other.is_stale and (one.value == other.value or is_nan)


_Samples = tuple[list[int], list[float]]


def _within(series: _Series, span: Span) -> _Samples:
    """The times (milliseconds) and values of the samples within a span."""
    stamps = [round(time * 1000) for time in series.times]
    low, high = bisect_left(stamps, span.first), bisect_right(stamps, span.end)
    kept = [place for place in range(low, high) if not series.samples[place].is_stale]
    return [stamps[place] for place in kept], [series.samples[place].value for place in kept]


def _windows(samples: Sequence[_Samples]) -> Windows:
    counts = np.array([len(times) for times, _ in samples], np.intp)
    shape = (int(counts.max(initial=0)), len(samples))
    values, times = np.full(shape, np.nan), np.zeros(shape, np.int64)
    for place, (stamps, numbers) in enumerate(samples):
        values[: len(numbers), place] = numbers
        times[: len(stamps), place] = stamps
    return Windows(values, times, counts)


class Moment:
    """A store at one instant: what selectors see, and where rules write."""

    def __init__(self, store: Store, now: float) -> None:
        self.symbols = store.symbols
        self._store = store
        self._now = now

    def at(self, when: int) -> "Moment":
        """The store as of another instant, milliseconds."""
        return Moment(self._store, when / 1000)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` that ``selector`` picks."""
        return self._store.window(selector, span)

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks."""
        names = [selector.name] if selector.name else self._store.names()
        vectors = [self._store.vector(name, self._now) for name in names]
        return joined(self.symbols, [matching(one, selector.matchers) for one in vectors])

    def record(self, rule: str, result: Vector) -> None:
        """Write a recording rule's result."""
        sets = zip(result.label_sets(), result.values.tolist(), strict=True)
        self._store.write(rule, self._now, {labels_key(labels): value for labels, value in sets})

    def alerts(self, rule: str, name: str, alerts: Iterable[Alert]) -> None:
        """Write ``ALERTS`` and ``ALERTS_FOR_STATE`` as Prometheus does."""
        samples: dict[Labels, float] = {}
        for alert in alerts:
            labels = {**alert.labels, ALERT_NAME: name}
            state = {**labels, "alertstate": alert.state, METRIC_NAME: "ALERTS"}
            since = {**labels, METRIC_NAME: "ALERTS_FOR_STATE"}
            samples[labels_key(state)] = 1.0
            samples[labels_key(since)] = alert.active_at
        self._store.write(rule, self._now, samples)
