"""Label text: columns of label values in, one line of text per row out.

A row's text is the label set as it is printed between a metric's name and its value, braces
included. Quotes, backslashes and newlines are escaped as the formats demand, and characters
that no format can carry (control characters, lone surrogates) are replaced, so a page is well
formed whatever a label value contains.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

import numpy as np

from exporters.label_column import LabelColumn

CHUNK_ROWS = 4096
"""Rows rendered at once: about a millisecond of work, so that other threads get their turn."""

_SPACE, _DELETE = 0x20, 0x7F
"""The first character of ASCII that is printed, and the one behind the last."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SPECIAL = re.compile('[\\\\"\x00-\x1f\x7f\ud800-\udfff]')
_UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}


def escape(value: str) -> str:
    r"""``value`` as it is written between quotes: ``\\``, ``\"`` and ``\n`` escaped, the rest safe.

    A lone surrogate has no UTF-8 form, and control characters would act on the terminal that
    shows the page; they become U+FFFD.
    """
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], _REPLACEMENT), value)


def clean(value: str) -> str:
    """``value`` without the characters that no format can carry; the caller escapes the rest."""
    return _UNFIT.sub(_REPLACEMENT, value)


def _escaped(values: Sequence[str]) -> Sequence[str]:
    """``values`` escaped; the same object when nothing needs escaping, as is nearly always so."""
    text = "".join(values)
    return values if _is_plain(text) else list(map(escape, values))


def _is_plain(text: str) -> bool:
    """Whether nothing in ``text`` needs escaping."""
    if '"' in text or "\\" in text:
        return False
    if text.isascii():
        characters = np.frombuffer(text.encode(), np.uint8)
        return bool(not text or (characters.min() >= _SPACE and characters.max() < _DELETE))
    # Printable text has no control characters, so most columns need no regular expression.
    return text.isprintable() or not _SPECIAL.search(text)


_FEW_WORDS = 64
"""Words of a column that are escaped once each instead of once for every row."""


def _texts(column: Sequence[str]) -> Sequence[str]:
    """The escaped values of a column; a single one where all rows have the same."""
    if not isinstance(column, LabelColumn):
        return _escaped(column[:1] if _is_constant(column) else column)
    if column.is_constant:
        return _escaped((column[0],))
    if len(column.words) > _FEW_WORDS:
        return _escaped(list(column))
    return list(LabelColumn(_escaped(column.words), column.codes))


def _with_gaps(names: Sequence[str], columns: Sequence[Sequence[str]]) -> Iterator[str]:
    """The label text of each row, without the labels that have no value."""
    for row in zip(*columns, strict=True):
        pairs = ",".join(
            f'{name}="{value}"' for name, value in zip(names, row, strict=True) if value
        )
        yield f"{{{pairs}}}" if pairs else ""


def label_lines(names: Sequence[str], columns: Sequence[Sequence[str]]) -> bytes:
    """The label text of some rows, joined by newlines.

    Args:
        names: The label names.
        columns: One column of values per name, at least one, all of one length, not empty.
    """
    rows = len(columns[0])
    # A column with one value, such as the account, is escaped and written once.
    escaped = list(map(_texts, columns))
    if not all(map(all, escaped)):
        filled = [column if len(column) == rows else [column[0]] * rows for column in escaped]
        return "\n".join(_with_gaps(names, filled)).encode()
    fixed, varying = ["{"], []
    for name, values in zip(names, escaped, strict=True):
        fixed[-1] += f'{name}="'
        if len(values) == 1:
            fixed[-1] += values[0]
        else:
            varying.append(values)
            fixed.append("")
        fixed[-1] += '",'
    fixed[-1] = fixed[-1][:-1] + "}"
    return _filled(fixed, varying, rows).encode()


def _is_constant(values: Sequence[str]) -> bool:
    return values[0] == values[-1] and values.count(values[0]) == len(values)


def _filled(fixed: Sequence[str], varying: Sequence[Sequence[str]], rows: int) -> str:
    """The rows: the ``fixed`` text that all share, with the ``varying`` values in between."""
    if not varying:
        return "\n".join([fixed[0]] * rows)
    first, *inner, last = fixed
    middle: Iterable[str] = varying[0]
    if inner:
        parts = [part for pair in zip(varying, map(repeat, inner), strict=False) for part in pair]
        middle = map("".join, zip(*parts, varying[-1], strict=False))
    between = f"{last}\n{first}"
    return f"{first}{between.join(middle)}{last}"


def chunks(names: Sequence[str], columns: Sequence[Sequence[str]], rows: int) -> Iterator[bytes]:
    """The label text of all rows, ``CHUNK_ROWS`` rows at a time, rows joined by newlines."""
    if not names:
        yield b"\n" * (rows - 1)
        return
    for start in range(0, rows, CHUNK_ROWS):
        yield label_lines(names, [column[start : start + CHUNK_ROWS] for column in columns])
