"""The time by which things grow old: a clock that is set wrong makes nothing old."""

from agent.store.database import Database
from agent.store.retention import RetentionClock

HOUR, DAY, START = 3600.0, 86400.0, 1_790_000_000.0


class Machine:
    """A machine's two clocks."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.wall = START
        self.monotonic = 1000.0
        self.start()

    def start(self) -> None:
        self.clock = RetentionClock(self.database, lambda: self.wall, lambda: self.monotonic)

    async def after(self, seconds: float) -> float:
        """The time after ``seconds``, as seconds since the start."""
        self.wall += seconds
        self.monotonic += seconds
        return await self.clock.now() - START


async def test_it_runs_with_the_time_that_passes(database: Database) -> None:
    machine = Machine(database)
    assert await machine.after(0) == 0
    assert await machine.after(HOUR) == HOUR
    machine.start()
    assert await machine.after(60) == HOUR + 60


async def test_a_clock_far_ahead_for_a_moment_makes_nothing_old(database: Database) -> None:
    machine = Machine(database)
    await machine.after(0)
    machine.wall += 500 * DAY
    assert await machine.after(15) == 15
    machine.start()
    assert await machine.after(15) <= 30
    machine.wall -= 500 * DAY
    assert await machine.after(HOUR) <= HOUR + 30


async def test_a_clock_that_stays_ahead_is_believed_after_a_day(database: Database) -> None:
    machine = Machine(database)
    await machine.after(0)
    machine.wall += 3 * DAY
    machine.start()
    assert await machine.after(60) < HOUR
    assert await machine.after(DAY / 2) < DAY
    assert await machine.after(DAY) == 4.5 * DAY + 60


async def test_it_is_never_later_than_the_machines_clock(database: Database) -> None:
    machine = Machine(database)
    await machine.after(0)
    machine.wall -= DAY
    assert await machine.after(60) == 60 - DAY
