"""The agent's own metrics as blocks, so that rules and queries can read them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from exporters.account_metric import AccountMetric
from exporters.block import Block, Frame
from exporters.family import FAMILIES, Family
from exporters.guard import Guard
from exporters.labels import clean
from exporters.telemetry import Telemetry

if TYPE_CHECKING:
    from exporters.catalogue import Kind

_COUNTER_SUFFIXES = ("_bucket", "_count", "_sum", "_total")


@dataclass(slots=True)
class _Rows:
    """The samples of one name."""

    names: tuple[str, ...]
    labels: list[tuple[str, ...]] = field(default_factory=list)
    values: list[float] = field(default_factory=list)


class OwnSeries:
    """Makes blocks of the metrics in a :class:`Telemetry`.

    A frame is the same object as before while its label sets do not change, so that the rule
    engine need not encode its labels again.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._registry = telemetry.registry
        self._guard = Guard(telemetry.scrape_errors.inc)
        self._frames: dict[str, Frame] = {}
        self._lock = Lock()

    def blocks(self) -> tuple[Block, ...]:
        """One block per sample name, of metrics of accounts one for each of them.

        A collector that raises is left out.
        """
        with self._lock:
            return self._build()

    def _build(self) -> tuple[Block, ...]:
        rows_of: dict[str, _Rows] = {}
        collectors = tuple(self._registry.collectors)
        of_accounts = [it for it in collectors if isinstance(it, AccountMetric)]
        for collector in (it for it in collectors if it not in of_accounts):
            for metric in self._collect(collector):
                _add_samples(metric, rows_of)
        blocks = tuple(self._block(name, rows) for name, rows in rows_of.items())
        self._frames = {block.family.name: block.frame for block in blocks}
        return (*blocks, *chain.from_iterable(it.blocks() for it in of_accounts))

    def _collect(self, collector: Collector) -> Sequence[Metric]:
        part = f"own series: {getattr(collector, '_name', type(collector).__name__)}"
        return self._guard.run(part, lambda: tuple(collector.collect())) or ()

    def _block(self, name: str, rows: _Rows) -> Block:
        frame = Frame.of(rows.names, tuple(map(tuple, zip(*rows.labels, strict=True))))
        former = self._frames.get(name)
        if former is not None and (former.names, former.columns) == (frame.names, frame.columns):
            frame = former
        return Block(_family(name, rows.names), frame, np.array(rows.values, np.float64))


def _add_samples(metric: Metric, rows_of: dict[str, _Rows]) -> None:
    for sample in metric.samples:
        rows = rows_of.setdefault(sample.name, _Rows(tuple(sorted(sample.labels))))
        rows.labels.append(tuple(clean(sample.labels[name]) for name in rows.names))
        rows.values.append(sample.value)


def _family(name: str, labels: tuple[str, ...]) -> Family:
    family = FAMILIES.get(name)
    if family is not None:
        return family
    kind: Kind = "counter" if name.endswith(_COUNTER_SUFFIXES) else "gauge"
    return Family(name, kind, "Part of a histogram of the agent's own metrics.", labels)
