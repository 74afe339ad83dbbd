"""Texts that people read, in English and in Chinese: gettext catalogues read with Babel.

The English text is the key of its translation, so English needs no catalogue. Pure code returns
a :class:`Message`; whoever shows it to a person calls ``message.text(locale)``.
``docs/translating.md`` says how to add or change a text.
"""

from agent.i18n.catalogue import CHINESE, ENGLISH, LOCALES, load_catalogues
from agent.i18n.message import (
    N_,
    Joined,
    Message,
    Text,
    contextual,
    plural,
    translate,
)

__all__ = [
    "CHINESE",
    "ENGLISH",
    "LOCALES",
    "N_",
    "Joined",
    "Message",
    "Text",
    "contextual",
    "load_catalogues",
    "plural",
    "translate",
]
