"""Columns that fit: a table where the width allows one, otherwise a record below the other.

Nothing is cut. A column that may wrap gets what the others leave; where that is too little for
its widest word, every row becomes a record with a line for each of its values.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from agent.terminal.wrapping import widest_word, wrap

_GAP: Final = 2
_LEAST_TO_WRAP: Final = 14
"""Cells below which prose in a column is tiresome to read."""
_INDENT: Final = 2
_WIDEST_LABEL: Final = 24


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    heading: str
    wraps: bool = False
    """Whether its values may go over several lines; others stay on one."""
    right: bool = False
    """Whether its values are counts, which stand under each other from the right."""


Cell = Text | str
Row = Sequence[Cell]


def table(columns: Sequence[Column], rows: Iterable[Row], width: int) -> list[Text]:
    """The lines of a table of ``width`` cells, or of records where they are too few."""
    cells = [[_text(cell) for cell in row] for row in rows]
    used = [index for index in range(len(columns)) if any(row[index].plain for row in cells)]
    chosen = [columns[index] for index in used]
    shown = [[row[index] for index in used] for row in cells]
    widths = _widths(chosen, shown, width)
    if widths is None:
        return _records(chosen, shown, width)
    heads = [Text(it.heading, style="bold") for it in chosen]
    return [line for row in (heads, *shown) for line in _row(chosen, row, widths)]


def facts(pairs: Iterable[tuple[str, Cell]], width: int, indent: int = 0) -> list[Text]:
    """A line for each label with its value; values that wrap go on under their beginning."""
    known = [(label, _text(value)) for label, value in pairs if _text(value).plain]
    label_width = min(_WIDEST_LABEL, max((cell_len(label) for label, _ in known), default=0))
    return [
        line for label, value in known for line in _fact(label, value, label_width, width, indent)
    ]


def paragraph(text: Cell, width: int, first: str = "", then: str | None = None) -> list[Text]:
    """``text`` wrapped, its first line after ``first`` and the others after ``then``."""
    rest = " " * cell_len(first) if then is None else then
    lines = wrap(_text(text), max(1, width - cell_len(first)))
    return [Text.assemble(first if not index else rest, it) for index, it in enumerate(lines)]


def _fact(label: str, value: Text, label_width: int, width: int, indent: int) -> list[Text]:
    head = Text(" " * indent + label, style="bold")
    start = indent + label_width + _GAP
    if cell_len(label) > label_width or width - start < max(_LEAST_TO_WRAP, widest_word(value)):
        return [head, *paragraph(value, width, " " * (indent + _INDENT))]
    lines = paragraph(value, width, " " * start)
    head.append(" " * (start - cell_len(head.plain)))
    return [Text.assemble(head, lines[0][start:]), *lines[1:]]


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)


def _widths(
    columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int
) -> list[int] | None:
    """The cells of each column; ``None`` where they do not fit."""
    full = [
        max([cell_len(it.heading), *(cell_len(row[index].plain) for row in rows)])
        for index, it in enumerate(columns)
    ]
    least = [
        _least(it, [row[index] for row in rows], full[index]) for index, it in enumerate(columns)
    ]
    left = width - sum(least) - _GAP * (len(columns) - 1)
    if left < 0:
        return None
    for index in range(len(columns)):
        grown = min(full[index] - least[index], left)
        least[index] += grown
        left -= grown
    return least


def _least(column: Column, cells: Sequence[Text], full: int) -> int:
    if not column.wraps:
        # Its heading may go over several lines all the same.
        heading = widest_word(Text(column.heading))
        return max([heading, *(cell_len(cell.plain) for cell in cells)])
    words = max([cell_len(column.heading), *map(widest_word, cells)])
    return min(full, max(words, _LEAST_TO_WRAP))


def _row(columns: Sequence[Column], cells: Sequence[Text], widths: Sequence[int]) -> list[Text]:
    wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for number in range(max(map(len, wrapped), default=0)):
        line = Text()
        for column, parts, width in zip(columns, wrapped, widths, strict=True):
            part = parts[number] if number < len(parts) else Text()
            blank = Text(" " * (width - cell_len(part.plain)))
            parts_of_line = (blank, part) if column.right else (part, blank)
            line = Text.assemble(line, *parts_of_line, " " * _GAP)
        line.rstrip()
        lines.append(line)
    return lines


def _records(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> list[Text]:
    lines: list[Text] = []
    for row in rows:
        first, *others = zip(columns, row, strict=True)
        lines += paragraph(first[1], width)
        lines += facts(((it.heading, cell) for it, cell in others), width, indent=_INDENT)
    return lines
