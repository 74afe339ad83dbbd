"""The catalogue: every metric's name, type, labels, unit and help text.

``python -m exporters.family`` prints ``docs/metrics.md``.
"""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from exporters.catalogue import Kind, Row
from exporters.catalogue.agent import TELEMETRY
from exporters.catalogue.probes import LINES, PROBES
from exporters.catalogue.providers import SERIES


@dataclass(frozen=True)
class Family:
    """One metric family: all series of one name."""

    name: str
    """The name in samples and in the 0.0.4 text format, ``_total`` and ``_info`` included."""
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    """The base unit, which is also the name's suffix; empty where the value has no unit."""

    def __hash__(self) -> int:
        """By the name, which is of one family only: pages look families up for every block."""
        return hash(self.name)

    @classmethod
    def of(cls, row: Row) -> "Family":
        """The family described by a row of the catalogue."""
        return cls(row.name, row.kind, row.help, tuple(row.labels.split()), row.unit)


SERIES_FAMILIES: tuple[Family, ...] = tuple(map(Family.of, SERIES))
"""Families of what the providers report; their samples are published as blocks."""

PROBE_FAMILIES: tuple[Family, ...] = tuple(map(Family.of, PROBES))
"""Families of what test calls show; their samples are published as blocks."""

TELEMETRY_FAMILIES: tuple[Family, ...] = tuple(map(Family.of, (*TELEMETRY, *LINES)))
"""Families about the agent itself."""

FAMILIES: Mapping[str, Family] = MappingProxyType(
    {family.name: family for family in (*SERIES_FAMILIES, *PROBE_FAMILIES, *TELEMETRY_FAMILIES)}
)
"""Every family by name, in the order of the page."""


_SHOWN_KIND: Mapping[Kind, str] = {
    "gauge": "gauge",
    "counter": "counter",
    "histogram": "histogram",
    "info": "gauge, always 1",
}

_INTRODUCTION = """\
# Metrics

Written by `python -m exporters.family` from the catalogue in `exporters/catalogue/`; do not edit
by hand.

Everything is served at `/metrics` as Prometheus text 0.0.4 or OpenMetrics 1.0. Polling runs
beside scraping: a series shows what its provider said at the last successful poll
(`numwatch_poll_last_success_timestamp_seconds`), and it is absent once that is too old to stand
for the present. An unknown fact is an absent sample, never a 0. Who called and full bound phone
numbers appear in no label: `caller` is the name of a line that makes test calls.
"""


def _table(title: str, families: Iterable[Family]) -> str:
    rows = "\n".join(
        f"| `{family.name}` | {_SHOWN_KIND[family.kind]} |"
        f" {', '.join(f'`{label}`' for label in family.labels) or '–'} | {family.help} |"
        for family in families
    )
    return f"## {title}\n\n| family | type | labels | meaning |\n|---|---|---|---|\n{rows}\n"


def markdown() -> str:
    """The catalogue as a page of documentation."""
    return "\n".join(
        (
            _INTRODUCTION,
            _table("What the providers report", SERIES_FAMILIES),
            _table("What test calls show", PROBE_FAMILIES),
            _table("The agent itself", TELEMETRY_FAMILIES),
        )
    )


if __name__ == "__main__":
    sys.stdout.write(markdown())
