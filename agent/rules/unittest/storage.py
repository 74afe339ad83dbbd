"""The samples of a unit test: input loaded step by step, and what rules write."""

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
from agent.rules.promql.range_vector import RangePart, RangeVector, Span, Windows
from agent.rules.promql.source import matching
from agent.rules.promql.symbols import Rows, Symbols
from agent.rules.promql.table import Table
from agent.rules.promql.vector import Vector, empty, joined
from agent.rules.unittest.files import Sample

LOOKBACK = 300.0
"""Seconds after which a sample is stale for an instant query (Prometheus' default)."""

Labels = tuple[tuple[str, str], ...]


def labels_key(labels: Mapping[str, str]) -> Labels:
    """A label set as a key; a label without a value is no label."""
    return tuple(sorted((name, text) for name, text in labels.items() if text))


_Input = tuple[float, Labels, Sample]


def _time(entry: _Input) -> float:
    return entry[0]


@dataclass(slots=True)
class _Series:
    times: list[float] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)


class Storage:
    """Samples by series, and the input that is still to come."""

    def __init__(self, semantics: Semantics) -> None:
        self.symbols = Symbols()
        self._semantics = semantics
        self._series: dict[str, dict[Labels, _Series]] = {}
        self._inputs: list[_Input] = []
        self._series_of_rule: dict[str, set[Labels]] = {}

    def schedule(
        self, labels: Mapping[str, str], interval: float, values: Iterable[Sample | None]
    ) -> None:
        """Add input that :meth:`load_until` appends when its time comes."""
        key = labels_key(labels)
        for place, sample in enumerate(values):
            if sample is not None:
                self._inputs.append((place * interval, key, sample))

    def load_until(self, now: float) -> None:
        """Append the input up to and including ``now``."""
        self._inputs.sort(key=_time)
        count = bisect_right(self._inputs, now, key=_time)
        for time, key, sample in self._inputs[:count]:
            self._append(key, time, sample)
        del self._inputs[:count]

    def _append(self, key: Labels, time: float, sample: Sample) -> bool:
        """Append a sample; False where the series has another sample at that time or later."""
        series = self._series.setdefault(dict(key).get(METRIC_NAME, ""), {})
        stored = series.setdefault(key, _Series())
        if stored.times and stored.times[-1] >= time:
            return stored.times[-1] == time and _is_same(stored.samples[-1], sample)
        stored.times.append(time)
        stored.samples.append(sample)
        return True

    def write(self, rule: str, now: float, samples: Mapping[Labels, float]) -> None:
        """Append a rule's result, and stale markers to the series that it no longer has.

        Raises:
            EvaluationError: when another rule wrote another value to the same series.
        """
        appended = {key for key, value in samples.items() if self._append(key, now, Sample(value))}
        for key in self._series_of_rule.get(rule, set()) - appended:
            self._append(key, now, Sample(0.0, is_stale=True))
        self._series_of_rule[rule] = appended
        if len(appended) < len(samples):
            raise EvaluationError(DUPLICATE_SAMPLE)

    def at(self, now: float) -> "StorageSnapshot":
        """The storage at ``now``, as a source of samples and as a recorder."""
        return StorageSnapshot(self, now)

    def vector(self, name: str, now: float) -> Vector:
        """The newest samples of one metric that are not stale at ``now``."""
        alive: list[tuple[Labels, float, float]] = []
        for key, series in self._series.get(name, {}).items():
            place = bisect_right(series.times, now) - 1
            if place >= 0 and self._is_fresh(series, place, now):
                alive.append((key, series.samples[place].value, series.times[place]))
        return self._vector(name, alive)

    def _is_fresh(self, series: _Series, place: int, now: float) -> bool:
        age = now - series.times[place]
        is_recent = age <= LOOKBACK if self._semantics is Semantics.TWO else age < LOOKBACK
        return is_recent and not series.samples[place].is_stale

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
        """The samples within ``span`` of the series that ``selector`` selects."""
        names = [selector.name] if selector.name else self.names()
        parts = [self._part(name, selector, span) for name in names]
        return RangeVector(self.symbols, span, [part for part in parts if part is not None])

    def _part(self, name: str, selector: Selector, span: Span) -> RangePart | None:
        stored = self._series.get(name, {})
        keys = list(stored)
        if not keys:
            return None
        whole = self._vector(name, [(key, 0.0, 0.0) for key in keys])
        selected = matching(whole, selector.matchers)
        samples = [_within(stored[keys[row]], span) for row in range(len(keys))]

        def fill(rows: Rows) -> Windows:
            return _windows([samples[row] for row in rows.tolist()])

        most = max((len(times) for times, _ in samples), default=0)
        return RangePart(selected.table, selected.rows, selected.metric, most, fill)

    def names(self) -> list[str]:
        """The names of the stored metrics."""
        return list(self._series)


def _is_same(left: Sample, right: Sample) -> bool:
    is_nan = math.isnan(left.value) and math.isnan(right.value)
    return left.is_stale == right.is_stale and (left.value == right.value or is_nan)


_Samples = tuple[list[int], list[float]]


def _within(series: _Series, span: Span) -> _Samples:
    """The times (milliseconds) and values of the samples within a span."""
    stamps = [round(time * 1000) for time in series.times]
    low, high = bisect_left(stamps, span.first), bisect_right(stamps, span.end)
    inside = [place for place in range(low, high) if not series.samples[place].is_stale]
    return [stamps[place] for place in inside], [series.samples[place].value for place in inside]


def _windows(samples: Sequence[_Samples]) -> Windows:
    counts = np.array([len(times) for times, _ in samples], np.intp)
    shape = (int(counts.max(initial=0)), len(samples))
    values, times = np.full(shape, np.nan), np.zeros(shape, np.int64)
    for place, (stamps, numbers) in enumerate(samples):
        values[: len(numbers), place] = numbers
        times[: len(stamps), place] = stamps
    return Windows(values, times, counts)


class StorageSnapshot:
    """A storage at one instant: the samples that selectors find, and where rules write."""

    def __init__(self, storage: Storage, now: float) -> None:
        self.symbols = storage.symbols
        self._storage = storage
        self._now = now

    def at(self, when: int) -> "StorageSnapshot":
        """The storage at another instant, milliseconds since the epoch."""
        return StorageSnapshot(self._storage, when / 1000)

    def window(self, selector: Selector, span: Span) -> RangeVector:
        """The samples within ``span`` of the series that ``selector`` selects."""
        return self._storage.window(selector, span)

    def select(self, selector: Selector) -> Vector:
        """The newest samples of the series that ``selector`` selects."""
        names = [selector.name] if selector.name else self._storage.names()
        vectors = [self._storage.vector(name, self._now) for name in names]
        return joined(self.symbols, [matching(vector, selector.matchers) for vector in vectors])

    def record(self, rule: str, result: Vector) -> None:
        """Write a recording rule's result."""
        sets = zip(result.label_sets(), result.values.tolist(), strict=True)
        self._storage.write(rule, self._now, {labels_key(labels): value for labels, value in sets})

    def alerts(self, rule: str, name: str, alerts: Iterable[Alert]) -> None:
        """Write ``ALERTS`` and ``ALERTS_FOR_STATE`` as Prometheus does."""
        samples: dict[Labels, float] = {}
        for alert in alerts:
            labels = {**alert.labels, ALERT_NAME: name}
            state = {**labels, "alertstate": alert.state, METRIC_NAME: "ALERTS"}
            since = {**labels, METRIC_NAME: "ALERTS_FOR_STATE"}
            samples[labels_key(state)] = 1.0
            samples[labels_key(since)] = alert.active_at
        self._storage.write(rule, self._now, samples)
