"""The language that the environment asks for."""

from collections.abc import Mapping
from typing import Final

from agent.i18n.catalogue import CHINESE, ENGLISH

LANGUAGE_VARIABLE: Final = "NUMWATCH_LANG"
_VARIABLES: Final = (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG")
"""In the order of POSIX, after our own; the first that is set decides."""


def locale_of(environ: Mapping[str, str]) -> str:
    """The locale of the first variable that is set; English for a language without a catalogue."""
    chosen = next((environ[name] for name in _VARIABLES if environ.get(name)), "")
    return locale_named(chosen)


def locale_named(name: str) -> str:
    """The locale of ``zh``, ``zh-CN``, ``zh_CN.UTF-8`` ...; English for any other name."""
    return CHINESE if name.lower().startswith("zh") else ENGLISH
