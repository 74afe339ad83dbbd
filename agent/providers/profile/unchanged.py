"""What was made of a listing's pages, for as long as the pages stay the same objects.

Most polls find every page as it was (:mod:`agent.providers.profile.page_cache`). What all of its
facts were sorted and grouped into is then the same, too, and need not be made again.
"""

from operator import is_
from typing import Any, Generic, TypeVar

from agent.providers.profile.paging import Collected

_T = TypeVar("_T")


class MadeOfPages(Generic[_T]):
    """The newest result, and the pages and circumstances it was made of."""

    def __init__(self) -> None:
        self._pages: tuple[list[Any], ...] = ()
        self._circumstances: tuple[Any, ...] = ()
        self._result: _T | None = None

    def get(self, collected: Collected, *circumstances: Any) -> _T | None:
        """The result, if it was made of these pages under equal ``circumstances``."""
        pages = collected.pages
        if not pages or len(pages) != len(self._pages):
            return None
        if not all(map(is_, pages, self._pages)) or circumstances != self._circumstances:
            return None
        return self._result

    def put(self, result: _T, pages: tuple[list[Any], ...], *circumstances: Any) -> None:
        """Keep ``result``, made of ``pages``; nothing is kept where there are none."""
        self._pages = pages
        self._circumstances = circumstances if pages else ()
        self._result = result if pages else None
