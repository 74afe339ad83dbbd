"""Clocks for waiting: whatever is done to the machine's clock, a wait takes as long as it says.

Times that are recorded are read from the wall clock, which people set and NTP steps. How long
something has lasted is measured by a monotonic clock.
"""

import time
from collections.abc import Callable

LEAST_STEP = 1.0
"""Seconds; a smaller difference is how clocks drift apart and are slewed together again."""


class SteadyClock:
    """Epoch seconds that advance only as time passes.

    They are the wall clock's when the object is made, and differ from it afterwards by as much
    as the wall clock was set. Use them for waits, never for what is shown or recorded.

    Args:
        wall: Epoch seconds.
        monotonic: Seconds that advance as time passes, since any moment.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def __call__(self) -> float:
        """Now."""
        return self._offset + self._monotonic()


class ClockSteps:
    """Notices when the wall clock is set.

    Args:
        was_set: Called with every step.
        monotonic: Seconds that advance as time passes, since any moment.
    """

    def __init__(
        self,
        was_set: Callable[[float], None] = lambda _step: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._was_set = was_set
        self._monotonic = monotonic
        self._offset: float | None = None

    def since_last(self, wall: float) -> float:
        """By how many seconds the clock that reads ``wall`` was set since the last call.

        Negative when it was set back; 0 at the first call and for less than
        :data:`LEAST_STEP`.
        """
        offset = wall - self._monotonic()
        step = 0.0 if self._offset is None else offset - self._offset
        self._offset = offset
        if abs(step) < LEAST_STEP:
            return 0.0
        self._was_set(step)
        return step
