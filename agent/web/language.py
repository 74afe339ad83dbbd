"""English or Chinese: which one a reader wants."""

from collections.abc import Iterator
from typing import Literal

from agent.web.parameters import Parameter

Language = Literal["en", "zh"]

LANG = Parameter("lang", "The page's language.", ("en", "zh", "zh-CN"))


def _preferences(header: str) -> Iterator[tuple[float, str]]:
    """The languages of an Accept-Language header with their weights."""
    for choice in header.split(","):
        tag, _, weight = choice.partition(";q=")
        try:
            yield (float(weight) if weight else 1.0), tag.strip().lower()
        except ValueError:
            continue


def _language_of(tag: str) -> Language | None:
    primary = tag.partition("-")[0]
    if primary == "zh":
        return "zh"
    return "en" if primary == "en" else None


def choose_language(asked: str, accept_language: str, locale: str) -> Language:
    """What the address asks for, else what the browser prefers, else the agent's own locale."""
    spoken = [(weight, _language_of(tag)) for weight, tag in _preferences(accept_language)]
    preferred = max(
        (one for one in spoken if one[1] and one[0] > 0), key=lambda one: one[0], default=None
    )
    return (
        _language_of(asked) or (preferred[1] if preferred else None) or _language_of(locale) or "en"
    )
