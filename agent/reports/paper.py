"""A report as people read it: headings, sentences and tables in one language.

Every way of showing it (page, print, PDF, CSV, terminal) is made from the same paper, so that all
of them say the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class CellKind(StrEnum):
    """How a cell is shown."""

    TEXT = "text"
    FIGURE = "figure"
    UNKNOWN = "unknown"
    """What is not known; never shown as nothing or zero."""
    BAD = "bad"
    GOOD = "good"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: What people read.
        kind: How it is shown.
        ticket: The id of the ticket that it leads to; empty where it leads nowhere.
    """

    text: str
    kind: CellKind = CellKind.TEXT
    ticket: str = ""


@dataclass(frozen=True)
class Table:
    """A table; every row has as many cells as there are columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left_out: str = ""
    """A sentence on rows that are not shown here."""


@dataclass(frozen=True)
class Section:
    """A heading with sentences and a table below it."""

    title: str
    sentences: Sequence[str] = ()
    table: Table | None = None
    is_letter: bool = False
    """Whether its sentences are paragraphs of a letter."""


@dataclass(frozen=True)
class Paper:
    """A whole report in one language.

    Attributes:
        locale: Its language.
        title: Its heading.
        lines: What is said below it: the period, the time zone, what it is limited to.
        sections: Its parts, in order.
        name: The beginning of the names of files, in ASCII.
        is_upright: Whether it is printed upright, as few columns and many rows ask for.
    """

    locale: str
    title: str
    lines: Sequence[str]
    sections: Sequence[Section]
    name: str
    is_upright: bool = False
