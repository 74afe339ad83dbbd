"""Under which leases a task writes: known to the task and to all that it starts.

A transaction is fenced by the leases of the task that makes it
(:mod:`agent.store.leases`). What says nothing writes under the lease that its agent has as a whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_NAMES: ContextVar[tuple[str, ...]] = ContextVar("leases", default=())


@contextmanager
def acting_under(*names: str) -> Iterator[None]:
    """Within the block, and in tasks and threads begun there, write under the leases ``names``."""
    before = _NAMES.set(names)
    try:
        yield
    finally:
        _NAMES.reset(before)


def leases_in_force() -> tuple[str, ...]:
    """The names of the leases that the present task writes under; none where it says nothing."""
    return _NAMES.get()
