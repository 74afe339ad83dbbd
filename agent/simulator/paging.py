"""Cutting a list into pages, truly or the way a broken provider does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.simulator.actions import FaultKind

Rows = Callable[[int, int], Sequence[Any]]
"""Renders the rows from one place up to another."""


@dataclass(frozen=True)
class Page:
    """One page: its rows, and what the provider says about it."""

    rows: Sequence[Any]
    total: int
    number: int
    """From 1."""
    size: int
    more: bool


@dataclass(frozen=True)
class Pager:
    """Cuts pages, with at most one fault."""

    fault: FaultKind | None = None

    def cut(self, total: int, number: int, size: int, rows: Rows, key: str = "number") -> Page:
        """Page ``number`` (from 1) of ``total`` rows; ``key`` names what tells rows apart."""
        if self.fault == FaultKind.ENDLESS_PAGES:
            return _endless(total, number, size, rows, key)
        if self.fault == FaultKind.DUPLICATE_PAGE:
            number = 1
        start = (number - 1) * size
        stop = min(start + size, total)
        pages = -(-total // size)
        empty = self.fault == FaultKind.EMPTY_PAGE and number == pages // 2 + 1
        shown = rows(start, stop) if start < stop and not empty else ()
        return Page(shown, total, number, size, more=stop < total)


def _endless(total: int, number: int, size: int, rows: Rows, key: str) -> Page:
    """A full page of new rows, however far the client goes; the total grows before it."""
    samples = rows(0, min(size, total))
    made: list[Any] = []
    for index in range(size if samples else 0):
        row = dict(samples[index % len(samples)])
        if number > 1 or index >= len(samples):
            row[key] = f"{row[key]}{(number - 1) * size + index}"
        made.append(row)
    return Page(made, max(total, (number + 2) * size), number, size, more=True)
