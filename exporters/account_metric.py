"""Counters and gauges of accounts, of which there may be ten thousand with sixty samples each.

A metric of ``prometheus_client`` writes every sample anew for each page, and looks at every sample
of all accounts to remove those of one. Here an account's samples are written again only after one
of them has changed, and are removed as one.
"""

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import NamedTuple

import numpy as np
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from exporters.block import Block, Frame
from exporters.family import Family
from exporters.formats import Format, header
from exporters.labels import clean, label_lines
from exporters.sample_lines import number_text

_KEY = ("provider", "account")


class AccountSample:
    """One sample. Change it in the event loop."""

    __slots__ = ("_account", "value")

    def __init__(self, account: "_Account") -> None:
        self._account = account
        self.value = 0.0
        """As it is now."""

    def inc(self, amount: float = 1.0) -> None:
        """Add ``amount``."""
        self.set(self.value + amount)

    def set(self, value: float) -> None:
        """Be ``value`` from now on."""
        self.value = float(value)
        self._account.is_written = False


class _Written(NamedTuple):
    """The samples of an account as they were written."""

    block: Block
    text: bytes
    label_sets: list[bytes]


class _Account:
    """The samples of one account, and what was written of them last."""

    __slots__ = ("is_written", "samples", "written")

    def __init__(self) -> None:
        self.samples: dict[tuple[str, ...], AccountSample] = {}
        self.is_written = False
        self.written: _Written | None = None


class AccountMetric(Collector):
    """One family whose first two labels are the provider and the account.

    Samples are changed in the event loop; all else may be called from any thread.

    Args:
        family: A counter or a gauge.
    """

    def __init__(self, family: Family) -> None:
        if family.labels[:2] != _KEY:
            raise ValueError(f"{family.name} has other labels than {', '.join(_KEY)} at first")
        self.family = family
        self._accounts: dict[tuple[str, ...], _Account] = {}
        self._lock = Lock()

    def labels(self, *values: object) -> AccountSample:
        """The sample with these label values, 0 before it was changed."""
        texts = tuple(map(str, values))
        account = self._accounts.get(texts[:2])
        if account is None:
            account = self._accounts[texts[:2]] = _Account()
        sample = account.samples.get(texts)
        if sample is None:
            if len(texts) != len(self.family.labels):
                raise ValueError(f"{self.family.name} has labels {self.family.labels}")
            sample = account.samples[texts] = AccountSample(account)
            account.is_written = False
        return sample

    def forget(self, provider: str, account: str) -> None:
        """Remove all samples of an account."""
        self._accounts.pop((provider, account), None)

    def collect(self) -> Sequence[Metric]:
        """All samples, for those who read a registry."""
        kind = CounterMetricFamily if self.family.kind == "counter" else GaugeMetricFamily
        name = self.family.name.removesuffix("_total")
        metric = kind(name, self.family.help, labels=self.family.labels)
        metric.unit = self.family.unit
        for account in list(self._accounts.values()):
            for texts, sample in list(account.samples.items()):
                metric.add_metric(texts, sample.value)
        return [metric]

    def describe(self) -> Sequence[Metric]:
        """The family, for a registry."""
        return self.collect()

    def blocks(self) -> Iterator[Block]:
        """A block for each account, the same object while nothing of it has changed."""
        return (it.block for it in self._written())

    def render(self, format_: Format) -> bytes:
        """The family as text."""
        return header(self.family, format_) + b"".join(it.text for it in self._written())

    def _written(self) -> Iterator[_Written]:
        for account in list(self._accounts.values()):
            # Pages and rules are made in threads of their own.
            with self._lock:
                if account.written is None or not account.is_written:
                    # First of all: what changes meanwhile is written the next time.
                    account.is_written = True
                    account.written = self._write(account)
            yield account.written

    def _write(self, account: _Account) -> _Written:
        samples, former = list(account.samples.items()), account.written
        if former is None or former.block.frame.rows != len(samples):
            columns = tuple(zip(*(map(clean, texts) for texts, _ in samples), strict=True))
            frame = Frame.of(self.family.labels, columns)
            label_sets = label_lines(self.family.labels, columns).split(b"\n")
        else:
            frame, label_sets = former.block.frame, former.label_sets
        values = [sample.value for _, sample in samples]
        name = self.family.name.encode()
        lines = (
            name + labels + b" " + number_text(value) + b"\n"
            for labels, value in zip(label_sets, values, strict=True)
        )
        return _Written(Block(self.family, frame, np.array(values)), b"".join(lines), label_sets)
