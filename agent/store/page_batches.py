"""Pages that are written together: each transaction takes a few answers of the database."""

from collections.abc import Iterable, Iterator
from typing import Final

_PAGES: Final = 200
_BYTES: Final = 256 * 1024
"""Pages are made one by one in the event loop, which comes to nothing else meanwhile."""


def in_batches(pages: Iterable[tuple[str, bytes]]) -> Iterator[dict[str, bytes]]:
    """``pages`` by name, some at a time; of two of one name in a batch the later one.

    They are taken when they are asked for, and no sooner: what follows a batch that could not be
    written stays where it was.
    """
    batch: dict[str, bytes] = {}
    size = 0
    for name, content in pages:
        batch[name] = content
        size += len(content)
        if len(batch) == _PAGES or size >= _BYTES:
            yield batch
            batch, size = {}, 0
    if batch:
        yield batch
