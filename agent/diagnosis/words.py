"""What people read in a verdict, in their language; the texts themselves are ``words.yaml``."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from agent.states import Cause

FALLBACK_LOCALE = "en"


class Words:
    """The texts of one locale."""

    def __init__(self, locale: str) -> None:
        self._locale = locale

    def title(self, cause: Cause) -> str:
        """The cause in a few words."""
        return str(self._cause(cause).get("title", cause.value))

    def steps(self, cause: Cause, facts: Mapping[str, str]) -> tuple[str, ...]:
        """What to do next."""
        return self._lines(cause, "steps", facts)

    def questions(self, cause: Cause, facts: Mapping[str, str]) -> tuple[str, ...]:
        """What a person must find out, because no interface tells it."""
        return self._lines(cause, "questions", facts)

    def finding(self, name: str, **facts: str) -> str:
        """A warning beside the verdict.

        Raises:
            KeyError: when there is no such text.
        """
        texts = _texts()["findings"][name]
        return _filled(texts.get(self._locale, texts[FALLBACK_LOCALE]), facts)

    def word(self, section: str, name: str) -> str:
        """A word of ``headings``, ``parties`` or ``asked``.

        Raises:
            KeyError: when there is no such word.
        """
        texts = _texts()[section][name]
        return str(texts.get(self._locale, texts[FALLBACK_LOCALE]))

    def _cause(self, cause: Cause) -> Mapping[str, Any]:
        texts: Mapping[str, Any] = _texts()["causes"].get(cause.value, {})
        found: Mapping[str, Any] = texts.get(self._locale, texts.get(FALLBACK_LOCALE, {}))
        return found

    def _lines(self, cause: Cause, kind: str, facts: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(_filled(line, facts) for line in self._cause(cause).get(kind, ()))


class _Facts(dict[str, str]):
    """Facts for a template; one that is not known is written as a dash."""

    def __missing__(self, key: str) -> str:
        return "-"


def _filled(template: str, facts: Mapping[str, str]) -> str:
    return template.format_map(_Facts(facts))


@cache
def _texts() -> Mapping[str, Any]:
    text = files("agent.diagnosis").joinpath("words.yaml").read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = yaml.safe_load(text)
    return loaded
