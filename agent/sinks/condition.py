"""How a sink is doing, from how its last deliveries went: pure but for its own state."""

from collections.abc import Iterable
from dataclasses import dataclass, field

LONGEST_PAUSE = 60.0
"""Seconds for which a sink that is down is left alone at most, unless it asks for longer."""

_TICKETS_THAT_SHOW_AN_OUTAGE = 2


@dataclass
class Condition:
    """Tells a ticket that fails by itself from a sink that is down.

    Failures in a row on one ticket are that ticket's own; on several they are the sink's.
    """

    failures: int = 0
    """Failed attempts since the last delivery that was taken."""
    paused_until: float = 0.0
    asked: float = 0.0
    """The wait the receiver asked for at the newest failure, in seconds."""
    taken_at: float = 0.0
    """When the newest delivery was taken since the start."""
    _tickets: set[str] = field(default_factory=set)
    _whole: bool = False

    @property
    def is_down(self) -> bool:
        """Whether the sink takes nothing, so that it is probed instead of sent to."""
        return self._whole or len(self._tickets) >= _TICKETS_THAT_SHOW_AN_OUTAGE

    def proved_since(self, first_attempt: float | None) -> bool:
        """Whether the sink has taken something since: then the fault is the ticket's own."""
        return first_attempt is not None and self.taken_at > first_attempt

    def fail(
        self,
        tickets: Iterable[str],
        now: float,
        waits: tuple[float, float],
        asked: float,
        *,
        whole: bool = False,
    ) -> None:
        """Note a failed attempt.

        Args:
            tickets: Whose delivery it was.
            now: Epoch seconds.
            waits: The sink's first wait, and its wait after as many failures as now.
            asked: The wait the receiver asked for.
            whole: The failure is known to be the sink's, not the tickets'.
        """
        self.failures += 1
        self.asked = asked
        self._tickets.update(tickets)
        self._whole = self._whole or whole
        first, grown = waits
        pause = min(grown, LONGEST_PAUSE) if self.is_down else first
        self.paused_until = now + max(pause, asked)

    def recover(self) -> None:
        """Note a delivery that was taken."""
        self.failures, self.paused_until, self.asked = 0, 0.0, 0.0
        self._tickets.clear()
        self._whole = False
