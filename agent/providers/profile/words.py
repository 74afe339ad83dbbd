"""Values that repeat, converted once: whole columns are then one look-up a value."""

from collections.abc import Mapping
from typing import Any, Final

from agent.providers.profile.converters import Convert
from agent.providers.profile.json_path import MISSING

_MEMO_MOST: Final = 4096


class Memo(dict[Any, Any]):
    """What texts convert to.

    Its keys are texts and what stands for nothing, so that no other value, say ``True`` for 1,
    is ever taken for one it knows. Looking up raises ``ValueError`` for what is not a text or
    does not convert.
    """

    def __init__(self, convert: Convert, known: Mapping[Any, Any], *, learns: bool) -> None:
        super().__init__(known)
        self._convert = convert
        self._room = _MEMO_MOST if learns else 0

    def __missing__(self, raw: Any) -> Any:
        """Convert a text that is not known yet, and remember it while there is room."""
        if type(raw) is not str or not raw:
            raise ValueError("not a text")
        value = self._convert(raw)
        if len(self) < self._room:
            self[raw] = value
        return value


class Words:
    """The provider's words and ours; counts those it has no word for."""

    def __init__(self, table: Mapping[str, Any], default: Any) -> None:
        self._default = default
        self.table = dict(table)
        self.unmapped = 0

    def __call__(self, raw: Any) -> Any:
        """Our word for a JSON scalar."""
        found = self.table.get(word(raw), MISSING)
        if found is MISSING:
            self.unmapped += 1
            return self._default
        return found


def word(raw: Any) -> str:
    """A JSON scalar as it is written in a profile: ``true``, ``1``, ``enable``."""
    return ("true" if raw else "false") if isinstance(raw, bool) else str(raw)
