"""Turns at the rule engine: rounds of rules go before queries.

With a plain lock one step of a query held up the next round for as long as the step took, up to
seconds, and the steps of a long query took the lock again before a waiting round had woken.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class Turns:
    """One user of the engine at a time; a round waits for none but the one that is at it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._is_taken = False
        self._rounds = 0

    @property
    def is_round_waiting(self) -> bool:
        """Whether a round waits, so that a query should give its turn up and begin anew."""
        return self._rounds > 0

    @contextmanager
    def round(self) -> Iterator[None]:
        """The turn of a round of rules, or of what belongs to one."""
        with self._changed:
            self._rounds += 1
            self._changed.wait_for(lambda: not self._is_taken)
            self._rounds -= 1
            self._is_taken = True
        with self._ending():
            yield

    @contextmanager
    def query(self) -> Iterator[None]:
        """The turn of a query; it begins only when no round waits."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_taken and not self._rounds)
            self._is_taken = True
        with self._ending():
            yield

    @contextmanager
    def _ending(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()
