"""World time: the clock that converts it, and future events in its order."""

import heapq
import math
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from itertools import count

CHINA = timezone(timedelta(hours=8))
"""The time zone of the simulated providers."""


class WorldClock:
    """Turns wall time (epoch seconds) into world time and back.

    Times in providers' answers (call records, deadlines) are wall times, which every client
    understands; what happens (spending, calls, the timeline) runs in world time.
    """

    def __init__(self, wall: Callable[[], float], speed: float = 1.0) -> None:
        if speed <= 0:
            raise ValueError(f"the speed is {speed}, expected more than 0")
        self._wall = wall
        self.speed = speed
        self.started = wall()
        self._stops = math.inf

    def wall(self) -> float:
        """The wall time now, in epoch seconds."""
        return self._wall()

    def now(self) -> float:
        """World seconds since the start."""
        return self.world_at(self._wall())

    def wall_at(self, world: float) -> float:
        """The wall time (epoch seconds) at which world time is ``world``."""
        return self.started + world / self.speed

    def wall_until(self, world: float) -> float:
        """Wall seconds until the world time ``world``; without end where it stands still before."""
        at = self.wall_at(world)
        return math.inf if at > self._stops else max(0.0, at - self._wall())

    def wait(self, seconds: float, world: float) -> None:
        """Go on from the world time ``world`` in ``seconds`` of wall time, and not before."""
        self.started = self._wall() + seconds - world / self.speed
        self._stops = math.inf

    def go_on(self, seconds: float, world: float) -> None:
        """Go on from the world time ``world``, and stand still after ``seconds`` of wall time."""
        self.wait(0.0, world)
        self._stops = self._wall() + seconds

    def world_at(self, wall: float) -> float:
        """The world time at the wall time ``wall``."""
        return (min(wall, self._stops) - self.started) * self.speed


def iso(wall: float) -> str:
    """A wall time as ISO 8601 in China's zone, to the millisecond."""
    return datetime.fromtimestamp(wall, CHINA).isoformat(timespec="milliseconds")


Callback = Callable[[float], None]
"""Called with the world time at which the event happens."""


class EventQueue:
    """Callbacks by world time; those due at the same time run in the order of scheduling."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callback]] = []
        self._order = count()
        self.now = 0.0

    def __len__(self) -> int:
        return len(self._heap)

    def schedule(self, at: float, callback: Callback) -> None:
        """Schedule ``callback`` at ``at``; a time that has passed means as soon as possible."""
        heapq.heappush(self._heap, (max(at, self.now), next(self._order), callback))

    def next_at(self) -> float | None:
        """The time of the next callback, or ``None`` when nothing is scheduled."""
        return self._heap[0][0] if self._heap else None

    def run_until(self, until: float) -> None:
        """Run every callback due by ``until``, including those scheduled meanwhile."""
        while self._heap and self._heap[0][0] <= until:
            at, _, callback = heapq.heappop(self._heap)
            self.now = max(self.now, at)
            callback(self.now)
        self.now = max(self.now, until)
