"""Makes text from outside harmless before it is kept, logged, shown or exported.

A lone surrogate makes every later scrape fail to encode, a line feed forges log lines, a bidi
control makes a page say what it does not (reliability.md §2, exposition and logs).
"""

import re

_SPACES = re.compile(r"[\t\n\v\f\r\x85\u2028\u2029]+")
_HOSTILE = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"  # controls
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls
    "\ufeff\ufff9-\ufffb"  # byte order mark, interlinear annotation
    "\ud800-\udfff"  # lone surrogates
    "]+"
)


def scrub(text: str, limit: int = 200) -> str:
    """``text`` without control characters, bidi controls and lone surrogates.

    Line breaks and tabs become one space. At most ``limit`` characters are kept; a cut text
    ends in ``…``.
    """
    if not text.isprintable():
        # Cut first: a hostile megabyte must not be searched to its end.
        text = _HOSTILE.sub("", _SPACES.sub(" ", text[: 4 * limit + 1])).strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"
