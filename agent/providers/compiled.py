"""What is compiled from the parts of a profile: once for all accounts, not for each of them.

A mapping with its columns and words takes tens of kilobytes, and ten thousand accounts of one
provider have the same. What was compiled may count while it is used; each thread therefore has
its own.
"""

import threading
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

Made = TypeVar("Made")

_MOST: Final = 512
"""What is remembered of one kind: profiles that were loaded anew leave theirs behind."""


class Compiled(Generic[Made]):
    """One kind of things, by the parts that they were made of."""

    def __init__(self) -> None:
        self._of_thread = threading.local()

    def of(self, make: Callable[..., Made], *parts: Any) -> Made:
        """``make(*parts)``, or what it returned in this thread before for the very same parts."""
        known: dict[tuple[int, ...], tuple[tuple[Any, ...], Made]]
        known = self._of_thread.__dict__.setdefault("known", {})
        key = tuple(map(id, parts))
        if key not in known:
            if len(known) >= _MOST:
                known.clear()
            # The parts stay alive with it, so that no others get their identities.
            known[key] = parts, make(*parts)
        return known[key][1]
