"""Results that are kept as long as what they were made from is the very same."""

from collections.abc import Callable
from typing import Any, TypeVar

Made = TypeVar("Made")
_PLAIN = (bool, int, float, str, tuple)


class Memo:
    """Remembers one result per name, with the inputs it was made from."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[tuple[Any, ...], Any]] = {}

    def of(self, name: str, make: Callable[..., Made], *inputs: Any) -> Made:
        """``make(*inputs)``, or the result of the last call when the inputs are the same.

        Plain values are compared by value, everything else by identity.
        """
        held = self._made.get(name)
        if held is not None and len(held[0]) == len(inputs) and all(map(_same, held[0], inputs)):
            result: Made = held[1]
            return result
        result = make(*inputs)
        self._made[name] = (inputs, result)
        return result

    def forget(self, *names: str) -> None:
        """Drop the results of ``names``."""
        for name in names:
            self._made.pop(name, None)


def _same(old: Any, new: Any) -> bool:
    return old is new or (type(old) is type(new) and isinstance(old, _PLAIN) and old == new)
