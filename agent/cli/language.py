"""The language of the command line: ``--lang``, ``NUMWATCH_LANG``, the configuration, ``LANG``."""

import os
from collections.abc import Set as AbstractSet
from contextvars import ContextVar
from typing import Protocol

from agent.i18n import LOCALES, Message
from agent.i18n.environment import LANGUAGE_VARIABLE, locale_named, locale_of


class HasLocale(Protocol):
    """Settings, of which only the language matters here."""

    @property
    def locale(self) -> str:
        """The language that the configuration names, or the default."""
        ...

    @property
    def model_fields_set(self) -> AbstractSet[str]:
        """The keys that the configuration has."""
        ...


_chosen: ContextVar[str] = ContextVar("language of the command line", default="")


def choose(name: str) -> None:
    """Speak the language of ``name`` from now on; empty: what the environment says.

    Raises:
        ValueError: when ``name`` is no language that there are texts in.
    """
    if name and not name.lower().startswith(("en", "zh")):
        raise ValueError(f"{name!r} is no language of ours, expected one of: {', '.join(LOCALES)}")
    _chosen.set(locale_named(name) if name else "")


def locale(settings: HasLocale | None = None) -> str:
    """The language to speak; a configuration that names one goes before ``LANG``."""
    if _chosen.get():
        return _chosen.get()
    is_configured = settings is not None and "locale" in settings.model_fields_set
    if settings is not None and is_configured and not os.environ.get(LANGUAGE_VARIABLE):
        return settings.locale
    return locale_of(os.environ)


def say(message: Message, settings: HasLocale | None = None) -> str:
    """The text of ``message`` in the language to speak."""
    return message.text(locale(settings))
