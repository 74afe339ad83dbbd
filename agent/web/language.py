"""Which language a reader wants."""

from collections.abc import Iterator

from agent.i18n import CHINESE, ENGLISH
from agent.web.parameters import Parameter

LANG = Parameter("lang", "The page's language.", ("en", "zh", "zh-CN"))


def _preferences(header: str) -> Iterator[tuple[float, str]]:
    """The languages of an Accept-Language header with their weights."""
    for choice in header.split(","):
        tag, _, weight = choice.partition(";q=")
        try:
            yield (float(weight) if weight else 1.0), tag.strip().lower()
        except ValueError:
            continue


def _locale_of(tag: str) -> str | None:
    """The locale that serves readers of the language ``tag``, a code of BCP 47."""
    return {"en": ENGLISH, "zh": CHINESE}.get(tag.partition("-")[0])


def choose_locale(query: str, accept_language: str, default: str) -> str:
    """The locale in the query, else the one the browser prefers, else ``default``."""
    weighted = [(weight, _locale_of(tag)) for weight, tag in _preferences(accept_language)]
    accepted = [(weight, locale) for weight, locale in weighted if locale and weight > 0]
    preferred = max(accepted, key=lambda choice: choice[0], default=(0.0, None))[1]
    return _locale_of(query) or preferred or _locale_of(default) or ENGLISH
