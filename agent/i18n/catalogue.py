"""The catalogues, each read from its ``.po`` file when its language is first needed."""

from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from io import BytesIO
from typing import Final

ENGLISH: Final = "en"
CHINESE: Final = "zh-CN"
LOCALES: Final = (ENGLISH, CHINESE)
"""The languages texts can be read in, as BCP 47 writes them; configuration, API and pages too."""

CATALOGUES: Final = {CHINESE: "zh_CN.po"}
"""The catalogue's file by locale; English texts are the keys and have none."""


@cache
def translations(locale: str) -> NullTranslations:
    """The translations into ``locale``; a locale without a catalogue gets the English texts."""
    name = CATALOGUES.get(locale)
    return NullTranslations() if name is None else _read(name)


def load_catalogues() -> None:
    """Read every catalogue now, and not when its language is first needed."""
    for locale in LOCALES:
        translations(locale)


def _read(name: str) -> GNUTranslations:
    # Imported here, because a process that speaks English only never needs Babel's parser.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415

    compiled = BytesIO()
    with files("agent.i18n").joinpath("locales", name).open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return GNUTranslations(compiled)
