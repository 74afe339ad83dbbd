"""Text with ``{names}`` in it, parsed once and filled in many times."""

import re
from collections.abc import Callable, Mapping

_NAME = re.compile(r"\{([a-z][a-z0-9_.]*)\}", re.ASCII)


class Template:
    """``text`` whose ``{name}`` parts are filled in by :meth:`fill`; other braces are text."""

    __slots__ = ("_only", "_pieces", "names", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._pieces = tuple(_NAME.split(text))
        self._only = self._pieces[1] if self._pieces[::2] == ("", "") else None
        self.names = frozenset(self._pieces[1::2])

    def fill(self, values: Mapping[str, str], quote: Callable[[str], str] = str) -> str:
        """The text with every name replaced by its value, passed through ``quote``."""
        if self._only is not None:
            return quote(values[self._only])
        if not self.names:
            return self.text
        pieces = list(self._pieces)
        pieces[1::2] = [quote(values[name]) for name in pieces[1::2]]
        return "".join(pieces)
