"""Remembers the pages of the listing before, so that a page that is the same is not read again.

Most polls find most pages as they were. Such a page gives the very facts it gave before, so
whoever compares by identity sees at once that nothing changed. A page is taken for the same
when its SHA-256 is; what is held is that and the facts, never the text.
"""

from collections.abc import Hashable
from hashlib import sha256
from typing import TYPE_CHECKING

from agent.net.exchange import Answer

if TYPE_CHECKING:
    from agent.providers.profile.paging import Page

Mark = tuple[bytes, str | None]


def mark_of(answer: Answer) -> Mark:
    """What tells one answer's text from another's."""
    return sha256(answer.body).digest(), answer.charset


class PageMemory:
    """The pages of one listing, by the place they were asked for at."""

    def __init__(self) -> None:
        self._before: dict[Hashable, tuple[Mark, Page]] = {}
        self._now: dict[Hashable, tuple[Mark, Page]] = {}

    def begin(self) -> None:
        """A new listing begins: pages not met since the last beginning are forgotten."""
        self._before, self._now = self._now, {}

    def recall(self, place: Hashable, mark: Mark) -> "Page | None":
        """The page at ``place`` where it is the same as before."""
        known = self._before.get(place)
        if known is None or known[0] != mark:
            return None
        self._now[place] = known
        return known[1]

    def keep(self, place: Hashable, mark: Mark, page: "Page") -> None:
        """Remember ``page`` for the next listing."""
        self._now[place] = mark, page
