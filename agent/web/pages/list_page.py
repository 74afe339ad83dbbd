"""One page of a list, as the template macro ``pager`` reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class ListPage(Generic[Item]):
    """The items of a page, and the page's place in the list."""

    items: Sequence[Item]
    total: int
    """How many items all pages have."""
    limit: int
    """The most items of a page."""
    offset: int
    """How many items come before this page."""
