"""The time by which stored things grow old enough to be deleted.

What was deleted cannot be had again, and a clock that is set wrong for seconds must not make
everything old. So this time runs with what passes while the agent does; where the machine's clock
is further, it is believed only after it has stood there for a day. It is stored, so that a start
under a wrong clock deletes nothing either.
"""

import time
from collections.abc import Callable

import msgspec

from agent.store.database import Database

BELIEVED_AFTER = 86400.0
"""Seconds for which the machine's clock must be ahead before it counts."""
_TOLERANCE = 300.0
"""Seconds by which it may always be ahead."""
_PAGE = "retention/clock"


class RetentionClock:
    """Epoch seconds for comparing with the age of what is stored.

    Args:
        database: The ledger, where the time is stored.
        wall: The machine's clock, epoch seconds.
        monotonic: Seconds that advance as time passes, since any moment.
    """

    def __init__(
        self,
        database: Database,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._wall = wall
        self._monotonic = monotonic
        self._read_at = monotonic()
        self._known: float | None = None
        self._ahead_since: float | None = None

    async def now(self) -> float:
        """The time; never later than the machine's clock.

        Raises:
            StoreError: when the ledger cannot be read or written.
        """
        wall, at = self._wall(), self._monotonic()
        known = await self._stored() if self._known is None else self._known
        if known is None:
            # The first time with this ledger: there is nothing to compare the clock with.
            known = wall
        known = self._advanced(known + at - self._read_at, wall, at)
        self._known, self._read_at = known, at
        await self._database.put(_PAGE, msgspec.json.encode(known))
        return known

    def _advanced(self, known: float, wall: float, at: float) -> float:
        if wall <= known + _TOLERANCE:
            self._ahead_since = None
            return min(known, wall)
        if self._ahead_since is None:
            self._ahead_since = at
        if at - self._ahead_since < BELIEVED_AFTER:
            return known
        self._ahead_since = None
        return wall

    async def _stored(self) -> float | None:
        content = await self._database.get(_PAGE)
        return None if content is None else msgspec.json.decode(content, type=float)
