"""What a dashboard is made of: sections of panels, each with its queries, unit and words."""

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["stat", "timeseries", "table"]

OF_ACCOUNT = 'provider=~"$provider", account=~"$account"'
"""Selects the chosen accounts."""
OF_NUMBER = OF_ACCOUNT + ', number=~"$number"'
"""Selects the chosen numbers."""


def once(selector: str) -> str:
    """The series of ``selector``, each once.

    Where replicas share the accounts, two of them may show one for a scrape, and whoever shows it
    changes: a sum would count it twice, and a line would break.
    """
    return f"max without (instance, pod) ({selector})"


@dataclass(frozen=True)
class Query:
    """One expression of a panel, and how its series are named."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """One panel. Its words are English; translations are looked up when it is written."""

    kind: Kind
    title: str
    description: str
    queries: tuple[Query, ...]
    unit: str = "short"
    """Grafana's id of the unit."""
    runbook: str = ""
    """The alert whose runbook says what to do about it."""
    columns: dict[str, str] = field(default_factory=dict)
    """The columns of a table by label, in order; all others are left out."""
    is_stacked: bool = False
    bad_from: float | None = None
    """The value from which on a figure is red."""
    width: int = 0
    """Of 24; 0 is the width that its kind usually has."""


@dataclass(frozen=True)
class Section:
    """A row with its panels."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Dashboard:
    """One dashboard."""

    name: str
    """The name of its file, and a part of its id."""
    title: str
    description: str
    sections: tuple[Section, ...]
    has_number: bool = False
    """Whether its reader chooses numbers beside accounts."""
    has_account: bool = True


def stat(title: str, description: str, expression: str, **more: object) -> Panel:
    """A single figure."""
    return Panel("stat", title, description, (Query(expression),), **more)  # type: ignore[arg-type]


def lines(title: str, description: str, *queries: tuple[str, str], **more: object) -> Panel:
    """Lines over time; each query is an expression and the legend of its series."""
    pairs = tuple(Query(*query) for query in queries)
    return Panel("timeseries", title, description, pairs, **more)  # type: ignore[arg-type]


def table(
    title: str, description: str, expression: str, columns: dict[str, str], **more: object
) -> Panel:
    """A row for each series; ``Value`` among the columns is the series' value."""
    queries = (Query(expression),)
    return Panel("table", title, description, queries, columns=columns, **more)  # type: ignore[arg-type]
