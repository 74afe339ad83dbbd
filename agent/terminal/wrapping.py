"""Wraps text to a width in cells and never cuts a word: ids, numbers and addresses stay whole.

Words of Chinese have no blanks between them and may be broken between any two characters, but no
line begins with a mark that closes a phrase. A word that is wider than the line has a line of its
own and is wider than the rest.
"""

import re
from collections.abc import Iterator
from typing import Final

from rich.cells import cell_len
from rich.text import Text

_WIDE: Final = "\u2e80-\u303f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef"
_CLOSES: Final = "，。；：、！？）》」』”’％"
_OPENS: Final = "（《「『“‘"
_PIECE: Final = re.compile(
    rf"\s+|[{_OPENS}]*(?:[{_WIDE}]|[^\s{_WIDE}{_OPENS}{_CLOSES}]+)[{_CLOSES}]*|\S"
)


def wrap(text: Text, width: int) -> list[Text]:
    """The lines of ``text``, each at most ``width`` cells but for a word that is wider."""
    lines: list[Text] = []
    for paragraph in text.split("\n", allow_blank=True):
        lines += _wrapped(paragraph, width)
    return lines


def widest_word(text: Text) -> int:
    """The cells of the widest piece of ``text`` that cannot be broken."""
    return max((cell_len(piece.group()) for piece in _words(text.plain)), default=0)


def _words(plain: str) -> Iterator[re.Match[str]]:
    return (piece for piece in _PIECE.finditer(plain) if not piece.group().isspace())


def _wrapped(paragraph: Text, width: int) -> list[Text]:
    plain = paragraph.plain
    lines: list[Text] = []
    start = end = 0
    for piece in _words(plain):
        first = plain[start:end].strip() == ""
        if not first and cell_len(plain[start : piece.end()]) > width:
            lines.append(paragraph[start:end])
            start = piece.start()
        end = piece.end()
    return [*lines, paragraph[start:end]]
