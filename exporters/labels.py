"""Label text: columns of label values in, one line of text per row out.

A row's text is what stands between a metric's name and its value, braces included. Whatever a
label value holds, the page stays well formed: quotes, backslashes and newlines are escaped as
the formats demand, and characters no format can carry (control characters, lone surrogates)
are replaced.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat

CHUNK_ROWS = 4096
"""Rows handled at once: about a millisecond of work, so no thread waits long for another."""

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SPECIAL = re.compile('[\\\\"\x00-\x1f\x7f\ud800-\udfff]')
_UNFIT = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n"}


def escape(value: str) -> str:
    r"""``value`` as it stands between quotes: ``\\``, ``\"`` and ``\n`` escaped, the rest safe.

    A lone surrogate has no UTF-8 form, and control characters would act on the terminal that
    shows the page; they become U+FFFD.
    """
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], _REPLACEMENT), value)


def clean(value: str) -> str:
    """``value`` without the characters no format can carry; escaping is left to the caller."""
    return _UNFIT.sub(_REPLACEMENT, value)


def _escaped(values: Sequence[str]) -> Sequence[str]:
    """``values`` escaped; the same object when nothing needs it, which is nearly always."""
    text = "".join(values)
    # Printable text has no control characters: most columns need no search.
    if text.isprintable() and '"' not in text and "\\" not in text:
        return values
    return list(map(escape, values)) if _SPECIAL.search(text) else values


def _with_gaps(names: Sequence[str], columns: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of which some lack some labels: a label without a value is left out."""
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
    # What is the same in all rows, as an account's name is, is looked at and written once.
    escaped = [_escaped(column[:1] if _is_constant(column) else column) for column in columns]
    if not all(map(all, escaped)):
        whole = [column if len(column) == rows else [column[0]] * rows for column in escaped]
        return "\n".join(_with_gaps(names, whole)).encode()
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
    return values[0] == values[-1] and len(set(values)) == 1


def _filled(fixed: Sequence[str], varying: Sequence[Sequence[str]], rows: int) -> str:
    """Rows of what is the same in all of them, with the values of each row in between."""
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
