"""What a query sees, with a clock it must not overrun."""

from collections.abc import Callable
from time import monotonic

from agent.rules.promql.nodes import Selector
from agent.rules.promql.source import Source
from agent.rules.promql.vector import Vector
from agent.rules.promql.windows import Matrix, Span
from agent.rules.queries.errors import QueryTimeoutError


class Watched:
    """A source that gives nothing once ``until`` (monotonic seconds) has passed."""

    def __init__(self, below: Source, until: float, clock: Callable[[], float] = monotonic) -> None:
        self.symbols = below.symbols
        self._below = below
        self._until = until
        self._clock = clock

    def select(self, selector: Selector) -> Vector:
        """The samples that ``selector`` picks.

        Raises:
            QueryTimeoutError: when the query has had its time.
        """
        self.check()
        return self._below.select(selector)

    def at(self, when: int) -> Source:
        """The same series as of another instant, milliseconds since the epoch."""
        return Watched(self._below.at(when), self._until, self._clock)

    def window(self, selector: Selector, span: Span) -> Matrix:
        """The samples within ``span`` that ``selector`` picks.

        Raises:
            QueryTimeoutError: when the query has had its time.
        """
        self.check()
        return self._below.window(selector, span)

    def check(self) -> None:
        """Raise when the query has had its time."""
        if self._clock() > self._until:
            raise QueryTimeoutError
