"""What a failed poll says of itself, in the reader's language.

Whoever shows the detail of a failure to a person passes it through :func:`in_words`. What has no
form, such as a provider's own words or the path of a request, stays as it is.
"""

from typing import Final

from agent.i18n.failure_forms import FORMS, VALUES
from agent.i18n.forms import Forms
from agent.i18n.message import Joined, Message, Text

LONGEST: Final = 600
"""Characters of a detail that is translated; a longer one is shown as it is. A provider's own words
may be in it, and finding a form takes longer than in proportion to them."""
_MOST_LABELS: Final = 4
"""Places at which a sentence is looked for behind a label."""
_PART: Final = "; "
_COLON: Final = ": "
_LABELLED: Final = Message("{label}: {text}")
_NUMERIC: Final = ("after", "before", "count", "limit", "n", "total", "seconds")
_DETAILS: Final = Forms(
    FORMS,
    VALUES,
    {
        **dict.fromkeys(_NUMERIC, r"[\d.,e+-]+"),
        **dict.fromkeys(("error", "field", "key", "path", "status", "table"), r"\S+"),
        "place": r"\d+(?:, in it \d+)*",
    },
    frozenset({"detail", "expected", "problem", "reason", "shape", "what"}),
)


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


def form_of(text: str) -> str | None:
    """The form of a whole sentence without a label; ``None`` where it has none."""
    return _DETAILS.form_of(text)


def is_value(text: str) -> bool:
    """Whether ``text`` may stand in a sentence's placeholder and has a translation there."""
    return _DETAILS.value(text) is not None


def _sentence(text: str) -> Text | None:
    """One sentence, behind as many labels as there are."""
    if message := _DETAILS.message(text):
        return message
    label, colon, rest = text.partition(_COLON)
    for _ in range(_MOST_LABELS):
        if not colon:
            return None
        if message := _DETAILS.message(rest):
            return _LABELLED.with_values(label=label, text=message)
        more, colon, rest = rest.partition(_COLON)
        label = f"{label}{_COLON}{more}"
    return None
