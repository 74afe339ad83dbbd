"""The agent's own metrics as blocks, so that rules and queries can read them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from exporters.account_metric import AccountMetric
from exporters.block import Block, Frame
from exporters.family import FAMILIES, Family
from exporters.guard import Guard
from exporters.labels import clean
from exporters.telemetry import Telemetry, name_of

if TYPE_CHECKING:
    from exporters.catalogue import Kind

_Item = TypeVar("_Item")
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
        of_accounts: list[Block] = []
        for collector in tuple(self._registry.collectors):
            if isinstance(collector, AccountMetric):
                of_accounts += self._read(collector, collector.blocks)
            else:
                for metric in self._read(collector, collector.collect):
                    _add_samples(metric, rows_of)
        blocks = tuple(self._block(name, rows) for name, rows in rows_of.items())
        self._frames = {block.family.name: block.frame for block in blocks}
        return (*blocks, *of_accounts)

    def _read(self, collector: Collector, read: Callable[[], Iterable[_Item]]) -> Sequence[_Item]:
        return self._guard.run(f"own series: {name_of(collector)}", lambda: tuple(read())) or ()

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
