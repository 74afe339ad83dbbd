"""Regular expressions of profiles: RE2, which takes linear time whatever the text.

Patterns have at most 500 characters; matching never raises.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import re2

LONGEST: Final = 500
"""Characters of a pattern."""
LONGEST_TEXT: Final = 4096
"""Characters of a text that a part is taken from."""
_MEMORY: Final = 1024 * 1024


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The compiled pattern.

    Raises:
        ValueError: when it is no regular expression of RE2, is too long or too large.
    """
    if len(pattern) > LONGEST:
        raise ValueError(f"more than {LONGEST} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError("not a regular expression") from error


def searcher(pattern: str) -> Callable[[str], bool]:
    """A function that says whether a text holds a match of ``pattern``."""
    expression = compiled(pattern)
    return lambda text: expression.search(_encodable(text)) is not None


def extractor(pattern: str) -> Callable[[str], str | None]:
    """A function that returns the text of the one group of ``pattern`` in a text, if it matches.

    Raises:
        ValueError: when the pattern is none, or has no group or several.
    """
    expression = compiled(pattern)
    if expression.groups != 1:
        raise ValueError(f"has {expression.groups} groups")

    def extract(text: str) -> str | None:
        found = expression.search(_encodable(text))
        return None if found is None else found[1]

    return extract


def _encodable(text: str) -> str:
    """``text`` without lone surrogates, which RE2 cannot take."""
    return text.encode("utf-8", "replace").decode("utf-8")
