"""A text together with the values that fill it, and its rendering in a locale."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from agent.i18n.catalogue import translations


class Text(Protocol):
    """Anything that can be shown in either language."""

    def text(self, locale: str) -> str:
        """The text in ``locale``; English where ``locale`` has no catalogue."""
        ...


def N_(msgid: str) -> str:  # noqa: N802 - gettext's own name for a marker
    """Return ``msgid`` itself; marks it for extraction into the catalogues."""
    return msgid


@dataclass(frozen=True, slots=True)
class Message:
    """A text that is rendered when its reader's locale is known.

    Args:
        msgid: The English text, with placeholders as ``str.format`` has them: ``{name}``.
        values: What fills the placeholders; a value that is a text itself is rendered in the
            same locale.
        context: Tells apart uses of one English text that have different translations.
        plural: The English text where ``values["count"]`` is not one.
    """

    msgid: str
    values: Mapping[str, object] = field(default_factory=dict)
    context: str = ""
    plural: str = ""

    def __hash__(self) -> int:
        # Equal messages have equal hashes; a mapping of values has none of its own.
        return hash((self.msgid, self.context))

    def with_values(self, **values: object) -> "Message":
        """The same message, filled with ``values`` besides its own."""
        return replace(self, values={**self.values, **values})

    def text(self, locale: str) -> str:
        """The text in ``locale``; English where ``locale`` has no catalogue."""
        template = self._template(locale)
        return template.format_map(_Rendered(self.values, locale)) if "{" in template else template

    def _template(self, locale: str) -> str:
        catalogue = translations(locale)
        if self.plural:
            count = int(str(self.values["count"]))
            if self.context:
                return catalogue.npgettext(self.context, self.msgid, self.plural, count)
            return catalogue.ngettext(self.msgid, self.plural, count)
        if self.context:
            return catalogue.pgettext(self.context, self.msgid)
        return catalogue.gettext(self.msgid)


_SEMICOLON: Final = N_("; ")


@dataclass(frozen=True, slots=True)
class Joined:
    """Several texts as one, in their order; the separator is translated where it is marked."""

    parts: tuple[Text | str, ...]
    separator: str = _SEMICOLON

    def text(self, locale: str) -> str:
        """The parts in ``locale`` with the separator between them."""
        separator = translations(locale).gettext(self.separator)
        return separator.join(
            part if isinstance(part, str) else part.text(locale) for part in self.parts
        )


def contextual(context: str, msgid: str, values: Mapping[str, object] | None = None) -> Message:
    """A message whose English text has another translation in another context."""
    return Message(msgid, values or {}, context)


def plural(singular: str, several: str, count: int, **values: object) -> Message:
    """A message about ``count`` things, which its placeholder ``{count}`` shows."""
    return Message(singular, {"count": count, **values}, plural=several)


def translate(locale: str, msgid: str, **values: object) -> str:
    """``msgid`` in ``locale``, filled with ``values``."""
    return Message(msgid, values).text(locale)


class _Rendered:
    """Values for ``str.format_map``, looked up one by one so that ``__missing__`` is heeded."""

    def __init__(self, values: Mapping[str, object], locale: str) -> None:
        self._values = values
        self._locale = locale

    def __getitem__(self, name: str) -> object:
        value = self._values[name]
        render = getattr(value, "text", None)
        return value if render is None else render(self._locale)
