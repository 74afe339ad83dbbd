"""Caches the pages of the last listing, so that an unchanged page is not decoded again.

Most polls find most pages unchanged. Such a page yields the very facts it yielded before, so a
reader that compares by identity sees at once that nothing changed. Pages are compared by their
length and Python's hash of their bytes, 64 bits under a key that each process makes anew; the cache
holds that and the facts, never the text. A cryptographic digest would cost more and gain nothing:
whoever can choose an answer's bytes could as well send the former page again.
"""

from collections.abc import Hashable

from agent.net.exchange import Answer
from agent.providers.profile.paging import Page

Fingerprint = tuple[int, int, str | None]


def fingerprint_of(answer: Answer) -> Fingerprint:
    """What two answers with the same body and charset have in common, and others have not."""
    return len(answer.body), hash(answer.body), answer.charset


class PageCache:
    """The pages of one listing, by the location (parameters or URL) they were requested at."""

    def __init__(self) -> None:
        self._previous: dict[Hashable, tuple[Fingerprint, Page]] = {}
        self._current: dict[Hashable, tuple[Fingerprint, Page]] = {}

    def begin(self) -> None:
        """Begin a new listing: pages that the last one did not contain are dropped."""
        self._previous, self._current = self._current, {}

    def get(self, location: Hashable, fingerprint: Fingerprint) -> Page | None:
        """The page that was at ``location``; ``None`` unless it has this ``fingerprint``."""
        entry = self._previous.get(location)
        if entry is None or entry[0] != fingerprint:
            return None
        self._current[location] = entry
        return entry[1]

    def put(self, location: Hashable, fingerprint: Fingerprint, page: Page) -> None:
        """Store ``page`` for the next listing."""
        self._current[location] = fingerprint, page
