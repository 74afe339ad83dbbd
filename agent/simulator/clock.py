"""World time: seconds since the world began, which may run faster than the clock on the wall."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
"""The zone the simulated providers live in."""


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

    def wall(self) -> float:
        """The wall time now, in epoch seconds."""
        return self._wall()

    def now(self) -> float:
        """World seconds since the start."""
        return self.world_at(self._wall())

    def wall_at(self, world: float) -> float:
        """The wall time (epoch seconds) at which world time is ``world``."""
        return self.started + world / self.speed

    def world_at(self, wall: float) -> float:
        """The world time at the wall time ``wall``."""
        return (wall - self.started) * self.speed


def iso(wall: float) -> str:
    """A wall time as ISO 8601 in China's zone, to the millisecond."""
    return datetime.fromtimestamp(wall, CHINA).isoformat(timespec="milliseconds")
