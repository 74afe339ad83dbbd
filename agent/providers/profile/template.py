"""Text with ``{names}`` in it, parsed once and filled in many times."""

import re
from collections.abc import Callable, Mapping

from agent.providers.profile.filters import FILTERS

_NAME = re.compile(r"\{([a-z][a-z0-9_.]*(?:\|[a-z0-9_]+)*)\}", re.ASCII)


class Template:
    """``text`` whose ``{name}`` parts are filled in by :meth:`fill`; other braces are text.

    ``{name|filter|filter}`` passes the value through filters of
    :data:`~agent.providers.profile.filters.FILTERS`, the first named first.
    """

    __slots__ = ("_only", "_pieces", "last_filter", "names", "text", "uses")

    def __init__(self, text: str) -> None:
        self.text = text
        parts = _NAME.split(text)
        self.uses = tuple([_use(part) for part in parts[1::2]])
        """Each name in the text, with its filters in order."""
        self._pieces = tuple(parts)
        self._only = self.uses[0] if parts[::2] == ["", ""] else None
        self.last_filter = self._only[1][-1] if self._only and self._only[1] else ""
        """The last filter of a text that is one name alone; empty for every other."""
        self.names = frozenset(name for name, _ in self.uses)

    def fill(self, values: Mapping[str, str], quote: Callable[[str], str] = str) -> str:
        """The text with every name replaced by its value, filtered, then passed to ``quote``.

        Raises:
            ValueError: when a filter cannot take a value; the text names both, not the value.
        """
        if self._only is not None:
            return quote(_filtered(values, self._only))
        if not self.uses:
            return self.text
        pieces = list(self._pieces)
        pieces[1::2] = [quote(_filtered(values, use)) for use in self.uses]
        return "".join(pieces)


_Use = tuple[str, tuple[str, ...]]


def _use(part: str) -> _Use:
    name, *filters = part.split("|")
    return name, tuple(filters)


def _filtered(values: Mapping[str, str], use: _Use) -> str:
    name, filters = use
    text = values[name]
    for each in filters:
        try:
            text = FILTERS[each](text)
        except ValueError as error:
            # The error of a codec holds the value, which may be a credential.
            why = str(error) if type(error) is ValueError else "holds raw bytes"
            raise ValueError(f"{{{name}|{each}}}: {name} {why}") from None
    return text
