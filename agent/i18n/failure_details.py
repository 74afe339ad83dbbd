"""What a failed poll says of itself, in the reader's language.

The detail of a failure is recorded as one English text: it is redacted, kept over restarts and
written to logs and evidence. Whoever shows it to a person passes it through :func:`in_words`,
which finds the sentences it was composed of by the forms below. What has no form, such as a
provider's own words or the path of a request, stays as it is.
"""

import re
from collections.abc import Iterator
from functools import cache
from string import Formatter
from typing import Final

from agent.i18n.failure_forms import FORMS, VALUES
from agent.i18n.message import Joined, Message, Text

LONGEST: Final = 600
"""Characters of a detail that is translated; a longer one is shown as it is. A provider's own words
may be in it, and finding a form takes longer than in proportion to them."""
_MOST_LABELS: Final = 4
"""Places at which a sentence is looked for behind a label."""
_PART: Final = "; "
_COLON: Final = ": "
_LABELLED: Final = Message("{label}: {text}")
_PATTERNS: Final = {
    **dict.fromkeys(("after", "before", "count", "limit", "n", "total", "seconds"), r"[\d.,e+-]+"),
    **dict.fromkeys(("error", "field", "key", "path", "status", "table"), r"\S+"),
    "place": r"\d+(?:, in it \d+)*",
}
"""What stands in a placeholder; anything else in those that are not here."""
_WORDED: Final = frozenset({"detail", "expected", "problem", "reason", "shape", "what"})
"""The placeholders whose values are forms themselves."""
_DEPTH: Final = 4


def in_words(detail: str) -> Text | str:
    """``detail`` as a text in both languages; itself where no part of it has a form."""
    if len(detail) > LONGEST:
        return detail
    parts = detail.split(_PART)
    found = [_sentence(part) for part in parts]
    if not any(found):
        return detail
    return Joined(tuple(text or part for text, part in zip(found, parts, strict=True)))


def failure_text(detail: str, locale: str) -> str:
    """``detail`` in ``locale``."""
    text = in_words(detail)
    return text if isinstance(text, str) else text.text(locale)


def form_of(text: str, forms: tuple[str, ...] = FORMS) -> str | None:
    """The form of a whole sentence without a label; ``None`` where it has none."""
    return next((form for form, _ in _matches(text, forms)), None)


def _sentence(text: str) -> Text | None:
    """One sentence, behind as many labels as there are."""
    if message := _message(text, FORMS, _DEPTH):
        return message
    label, colon, rest = text.partition(_COLON)
    for _ in range(_MOST_LABELS):
        if not colon:
            return None
        if message := _message(rest, FORMS, _DEPTH):
            return _LABELLED.with_values(label=label, text=message)
        more, colon, rest = rest.partition(_COLON)
        label = f"{label}{_COLON}{more}"
    return None


def _message(text: str, forms: tuple[str, ...], depth: int) -> Message | None:
    for form, values in _matches(text, forms):
        return Message(form, {name: _value(name, it, depth) for name, it in values.items()})
    return None


def _value(name: str, text: str, depth: int) -> Text | str:
    if name not in _WORDED or not depth:
        return text
    return _message(text, VALUES, depth - 1) or _message(text, FORMS, depth - 1) or text


def _matches(text: str, forms: tuple[str, ...]) -> Iterator[tuple[str, dict[str, str]]]:
    for form, pattern in _compiled(forms):
        if match := pattern.fullmatch(text):
            yield form, match.groupdict()


@cache
def _compiled(forms: tuple[str, ...]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """The forms with their patterns, those with the most text of their own first."""
    ordered = sorted(forms, key=lambda form: -sum(len(it) for it, *_ in Formatter().parse(form)))
    return tuple((form, re.compile(_pattern(form), re.DOTALL)) for form in ordered)


def _pattern(form: str) -> str:
    return "".join(
        re.escape(literal) + (f"(?P<{name}>{_PATTERNS.get(name, '.+?')})" if name else "")
        for literal, name, _, _ in Formatter().parse(form)
    )
