"""Clocks for waiting: whatever is done to the machine's clock, a wait takes as long as it says.

Times that are recorded are those of the wall clock, which people set and NTP steps. How long
something has lasted, and how old facts are, is measured by a monotonic clock.
"""

import math
import time
from collections.abc import Awaitable, Callable, Iterator

ClockSettings = tuple[tuple[float, float], ...]
"""What the clock showed just before and just after it was set, each time, the oldest first."""

NEVER_SET: ClockSettings = ()
_MOST_SETTINGS = 100
_ROUNDING = 1e-3

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


class AgentClock:
    """Epoch seconds as all parts of the agent read them: the wall clock, but never set unnoticed.

    Between two calls of :meth:`follow` it goes on as time passes, whatever is done to the
    machine's clock. A time that was noted before and one that is read now are therefore as far
    apart as time has passed, unless the clock followed in between, which every listener learns
    in the same moment. So nobody takes a clock that was set for time that has passed.

    Args:
        wall: The machine's clock, epoch seconds.
        monotonic: Seconds that advance as time passes, since any moment.
    """

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wall = wall
        """The machine's clock as it is set now, for comparing with the clocks of others."""
        self._monotonic = monotonic
        self._offset = wall() - monotonic()
        self.set_by = 0.0
        """By how many seconds it was set since it was made, all steps together."""
        self._listeners: list[Callable[[float], None]] = []
        self._renewals: list[Callable[[], Awaitable[None]]] = []

    def __call__(self) -> float:
        """Now."""
        return self._offset + self._monotonic()

    def subscribe(
        self,
        *listeners: Callable[[float], None],
        renew: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Call ``listeners`` with every step: each moves the times that it has noted by as much.

        ``renew`` is awaited after all of them: what was derived from such times is made anew.
        """
        self._listeners.extend(listeners)
        if renew is not None:
            self._renewals.append(renew)

    async def follow(self, first: Callable[[float], Awaitable[None]] | None = None) -> float:
        """Take over what the wall clock shows; returns by how many seconds it was set.

        Negative when it was set back; 0 for less than :data:`LEAST_STEP`. ``first`` is awaited
        with a step before anything is made anew.
        """
        offset = self.wall() - self._monotonic()
        step = offset - self._offset
        self._offset = offset
        if abs(step) < LEAST_STEP:
            return 0.0
        self.set_by += step
        for listener in self._listeners:
            listener(step)
        if first is not None:
            await first(step)
        for renew in self._renewals:
            await renew()
        return step


def wall_clock(clock: Callable[[], float]) -> Callable[[], float]:
    """The machine's clock, as it is set now, that ``clock`` reads: for comparing with others'."""
    return clock.wall if isinstance(clock, AgentClock) else clock


def set_by(clock: Callable[[], float]) -> float:
    """By how many seconds ``clock`` was set since it was made.

    Who notes times of it moves them by as much as this has grown.
    """
    return clock.set_by if isinstance(clock, AgentClock) else 0.0


def with_setting(settings: ClockSettings, step: float, now: float) -> ClockSettings:
    """``settings`` and one more, by ``step`` seconds, after which the clock shows ``now``."""
    return (*settings, (now - step, now))[-_MOST_SETTINGS:]


def in_present_time(at: float, settings: ClockSettings, now: float) -> float:
    """The recorded time ``at`` by the clock as it is set now: what passed since is ``now`` less it.

    What was recorded stays as it is when the clock is set; this is for waits that began then.
    A clock that was set back shows some times twice: the later is taken, so that no wait is
    shorter than it should be.
    """
    possible = []
    for begin, end, moved in _courses(settings, now):
        if begin - _ROUNDING <= at <= end + _ROUNDING:
            return at + moved
        if at >= begin:
            possible.append(min(at, end) + moved)
    # The clock never showed it: somebody else's did.
    return possible[0]


def _courses(settings: ClockSettings, now: float) -> Iterator[tuple[float, float, float]]:
    """From when until when the clock showed the time undisturbed, and by how much it was set since.

    The newest course comes first.
    """
    moved, end = 0.0, now
    for before, after in reversed(settings):
        yield after, end, moved
        moved, end = moved + after - before, before
    yield -math.inf, end if settings else math.inf, moved
