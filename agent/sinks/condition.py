"""How a sink is doing, from how its last deliveries went: pure but for its own state."""

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
    _tickets: set[str] = field(default_factory=set)

    @property
    def is_down(self) -> bool:
        """Whether the sink takes nothing, so that it is probed instead of sent to."""
        return len(self._tickets) >= _TICKETS_THAT_SHOW_AN_OUTAGE

    def fail(self, ticket: str, now: float, waits: tuple[float, float], asked: float) -> None:
        """Note a failed attempt.

        Args:
            ticket: Whose delivery it was.
            now: Epoch seconds.
            waits: The sink's first wait, and its wait after as many failures as now.
            asked: The wait the receiver asked for.
        """
        self.failures += 1
        self.asked = asked
        self._tickets.add(ticket)
        first, grown = waits
        pause = min(grown, LONGEST_PAUSE) if self.is_down else first
        self.paused_until = now + max(pause, asked)

    def recover(self) -> None:
        """Note a delivery that was taken."""
        self.failures, self.paused_until, self.asked = 0, 0.0, 0.0
        self._tickets.clear()
