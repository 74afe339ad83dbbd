"""What one evaluation of a query may take: samples, bytes of labels, and time.

Rules have no budget: they are the operator's own. A query from outside runs inside
:func:`limited_to`, in its own thread, and what it makes is charged before it is made.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import local
from time import monotonic, sleep

from agent.rules.promql.errors import EvaluationError

TOO_MANY_SAMPLES = "query processing would load too many samples into memory in query execution"
"""Prometheus' own words for its limit ``query.max-samples``."""
TOO_MANY_LABELS = "query processing would read too many labels in query execution"
LABELS_OF_A_SAMPLE = 8
"""A step may read so many label values for each sample that it may have: a function may name any
number of labels, and each is a column of as many texts as there are series."""
SAMPLES_OF_A_TIME = 150
"""Each time at which a subquery is evaluated counts as so many samples: it costs as much."""
LONGEST_TEXT = 64 * 1024
"""Characters: the longest label value that a query may make. A regular expression reads a text in
one piece, which no deadline ends."""
_BUSY_SECONDS = 0.005
_PAUSE_SECONDS = 0.0001
_PAUSES = local()
"""When each thread paused last."""
_TEXT_OVERHEAD = 56
"""Bytes that a short text takes beside its characters."""


class QueryTimeoutError(Exception):
    """The query took longer than allowed."""


class GiveWayError(Exception):
    """The rules are waiting: what was done of the step is to be dropped, and done again later."""


class QueryBudget:
    """The budget of one step of a query; an instant query has one step.

    Args:
        samples: The most samples of one step.
        label_bytes: The most bytes of labels that one step may make.
        until: The deadline, monotonic seconds.
        gives_way: Returns whether somebody else has to have the turn now.
    """

    def __init__(
        self,
        samples: int,
        label_bytes: int,
        until: float,
        gives_way: Callable[[], bool] = lambda: False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._max_samples = samples
        self._max_label_bytes = label_bytes
        self._until = until
        self._gives_way = gives_way
        self._clock = clock
        self._samples = 0
        self._label_bytes = 0
        self._labels = 0

    def charge_samples(self, count: int) -> None:
        """Charge ``count`` samples.

        Raises:
            EvaluationError: when there are too many, in Prometheus' words.
            QueryTimeoutError: when the deadline has passed.
        """
        self.check_time()
        self._samples += count
        if self._samples > self._max_samples:
            raise EvaluationError(TOO_MANY_SAMPLES)

    def charge_labels(self, count: int) -> None:
        """Charge ``count`` label values that are read.

        Raises:
            EvaluationError: when there are too many.
            QueryTimeoutError: when the deadline has passed.
        """
        self.check_time()
        self._labels += count
        if self._labels > self._max_samples * LABELS_OF_A_SAMPLE:
            raise EvaluationError(TOO_MANY_LABELS)

    def charge_text(self, length: int, series: int = 1) -> None:
        """Charge a label value of ``length`` characters that ``series`` series have.

        Raises:
            EvaluationError: when the step has made too many bytes of labels.
            QueryTimeoutError: when the deadline has passed.
        """
        self.require_space(length)
        before = self._label_bytes
        self._label_bytes += (length + _TEXT_OVERHEAD) * series
        self.require_space(0)
        if before >> 16 != self._label_bytes >> 16:
            self.check_time()

    def require_space(self, length: int) -> None:
        """Require that a label value of ``length`` characters may still be made.

        Raises:
            EvaluationError: when it may not.
        """
        if length > LONGEST_TEXT:
            raise EvaluationError(
                f"query would make a label value of more than {LONGEST_TEXT} characters"
            )
        if self._label_bytes + length > self._max_label_bytes:
            raise EvaluationError(
                f"query would make more than {self._max_label_bytes} bytes of labels"
            )

    def check_time(self) -> None:
        """Require that the deadline has not passed, and let other threads run now and then.

        Raises:
            QueryTimeoutError: when it has.
            GiveWayError: when the rules wait.
        """
        if self._clock() > self._until:
            raise QueryTimeoutError
        if self._gives_way():
            raise GiveWayError
        _let_others_run()


def _let_others_run() -> None:
    """Leave the interpreter lock to a waiting thread, the event loop's, every few milliseconds.

    A regular expression gives the lock up for a moment and takes it again before the waiting
    thread has woken. That thread then never waits long enough to ask for the lock: a loop over
    short texts held up the event loop for a third of a second.
    """
    if monotonic() - getattr(_PAUSES, "at", 0.0) >= _BUSY_SECONDS:
        sleep(_PAUSE_SECONDS)
        _PAUSES.at = monotonic()


_CURRENT: ContextVar[QueryBudget | None] = ContextVar("query_budget", default=None)


@contextmanager
def limited_to(budget: QueryBudget) -> Iterator[None]:
    """Within the block evaluations in this thread have ``budget``."""
    token = _CURRENT.set(budget)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def charge_samples(count: int) -> None:
    """Charge ``count`` samples to the query under way, if any; see :class:`QueryBudget`."""
    budget = _CURRENT.get()
    if budget is not None:
        budget.charge_samples(count)


def charge_labels(count: int) -> None:
    """Charge ``count`` label values to the query under way, if any; see :class:`QueryBudget`."""
    budget = _CURRENT.get()
    if budget is not None:
        budget.charge_labels(count)


def charge_text(length: int, series: int = 1) -> None:
    """Charge a label value to the query under way, if any; see :class:`QueryBudget`."""
    budget = _CURRENT.get()
    if budget is not None:
        budget.charge_text(length, series)


def require_space(length: int) -> None:
    """Require space for a label value in the query under way, if any; see :class:`QueryBudget`."""
    budget = _CURRENT.get()
    if budget is not None:
        budget.require_space(length)


def check_time() -> None:
    """Require that the query under way, if any, is within its time; see :class:`QueryBudget`."""
    budget = _CURRENT.get()
    if budget is not None:
        budget.check_time()
