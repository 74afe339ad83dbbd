"""The mistakes of a configuration, a profile or a rule file, in the reader's language."""

import re
from typing import Final

from agent.i18n.forms import Forms
from agent.i18n.problem_forms import FORMS, VALUES

LONGEST: Final = 2000
"""Characters of a text that is translated; a longer one is shown as it is."""
_WHERE: Final = re.compile(r".+?:\d+: ", re.DOTALL)
_COLON: Final = ": "
_PROBLEMS: Final = Forms(
    FORMS,
    VALUES,
    {
        **dict.fromkeys(("kind", "m", "n", "key", "name", "network", "stage"), r"\S+"),
        "example": r"[^ ]+",
        "character": r"\S",
    },
    frozenset({"expected", "problem", "remedy"}),
    # What is neither known nor a list of names would be English in a Chinese sentence.
    whole=re.compile(r"[\w./:{}$-]*[\d_./:{}$-][\w./:{}$-]*"),
)


def problem_text(text: str, locale: str) -> str:
    """What is wrong with a value, in ``locale``; as it was written where it has no form."""
    message = _PROBLEMS.message(text) if len(text) <= LONGEST else None
    message = message or (_PROBLEMS.value(text) if len(text) <= LONGEST else None)
    return text if message is None else message.text(locale)


def problem_line(line: str, locale: str) -> str:
    """``FILE:LINE: key: what is wrong``, of which the last part is a text with a form."""
    where = _WHERE.match(line)
    start = where.end() if where else 0
    while (colon := line.find(_COLON, start)) >= 0:
        start = colon + len(_COLON)
        text = line[start:]
        if (shown := problem_text(text, locale)) != text:
            return line[:start] + shown
    return line


def problem_lines(text: str, locale: str) -> str:
    """Several such lines."""
    return "\n".join(problem_line(line, locale) for line in text.splitlines())
