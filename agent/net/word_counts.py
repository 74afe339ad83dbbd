"""Counts words of a provider, so many and no more: a word may be anything, also a phone."""

from collections.abc import Mapping
from typing import Final

from agent.masking import mask_text
from agent.net.scrub import scrub

MOST_WORDS: Final = 31
"""Different words of one field; all others are counted together as :data:`OTHERS`."""
OTHERS: Final = "…"

_LONGEST: Final = 40


def add_bounded(counts: dict[str, int], word: str, count: int = 1) -> None:
    """Add ``count`` occurrences of ``word``."""
    if word not in counts and len(counts) >= MOST_WORDS:
        word = OTHERS
    counts[word] = counts.get(word, 0) + count


def shown_words(counts: Mapping[str, int]) -> dict[str, int]:
    """``counts`` with words that can be shown: without hostile characters, phones masked."""
    shown: dict[str, int] = {}
    for word, count in counts.items():
        text = mask_text(scrub(word, _LONGEST))
        shown[text] = shown.get(text, 0) + count
    return shown
