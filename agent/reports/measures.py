"""What is measured of a fault, and what many faults add up to: times, promises, repetitions; pure.

A time that nobody recorded is left out of the mean and counted as unknown: that a fault is over
stops the clock of the first contact too, but says of no contact that it took place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.reports.records import TicketRecord
from agent.states import ClockName
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason, readings
from agent.tickets.sla.exclusions import excluded_seconds, exclusions


@dataclass
class Mean:
    """A mean of seconds, and of how many."""

    count: int = 0
    total: float = 0.0

    def add(self, seconds: float | None) -> None:
        """Count ``seconds``; ``None`` is not known and counts nowhere."""
        if seconds is not None:
            self.count += 1
            self.total += max(0.0, seconds)

    @property
    def mean(self) -> float | None:
        """Seconds; ``None`` where nothing is known."""
        return self.total / self.count if self.count else None


@dataclass
class PromiseTally:
    """How often a promise was kept, broken, or is not decided yet."""

    met: int = 0
    missed: int = 0
    undecided: int = 0

    @property
    def share(self) -> float | None:
        """The share that was kept of what is decided; ``None`` where nothing is."""
        decided = self.met + self.missed
        return self.met / decided if decided else None


@dataclass
class Measures:
    """What a set of faults adds up to."""

    faults: int = 0
    severe: int = 0
    repeated: int = 0
    reopenings: int = 0
    still_open: int = 0
    contact: Mean = field(default_factory=Mean)
    restore: Mean = field(default_factory=Mean)
    close: Mean = field(default_factory=Mean)
    promises: dict[ClockName, PromiseTally] = field(
        default_factory=lambda: {name: PromiseTally() for name in ClockName}
    )
    excluded: dict[PauseReason, float] = field(default_factory=dict)
    """Seconds for which clocks were paused, by reason."""

    def add(self, record: TicketRecord, now: float, *, is_repeated: bool) -> None:
        """Count one fault as of ``now``."""
        self.faults += 1
        self.severe += record.severe is not None
        self.repeated += is_repeated
        self.reopenings += record.reopenings
        self.still_open += record.closed_at is None
        self.contact.add(contact_seconds(record))
        self.restore.add(_since_begin(record, record.restored_at))
        self.close.add(_since_begin(record, record.closed_at))
        for name, is_met in promises(record, now):
            tally = self.promises[name]
            tally.met += is_met is True
            tally.missed += is_met is False
            tally.undecided += is_met is None
        for reason, seconds in _excluded(record, now):
            self.excluded[reason] = self.excluded.get(reason, 0.0) + seconds


def _excluded(record: TicketRecord, now: float) -> Iterator[tuple[PauseReason, float]]:
    yield from excluded_seconds(exclusions(record.clocks, end_of(record, now))).items()


def begin_of(record: TicketRecord) -> float:
    """When its clocks began: at the first alarm or report."""
    return clocks.began_at(record.clocks) or record.detected_at


def end_of(record: TicketRecord, now: float) -> float:
    """When its clocks ended; ``now`` while they run."""
    ends = [it for it in (record.restored_at, record.closed_at) if it is not None]
    return min(ends, default=now)


def _since_begin(record: TicketRecord, at: float | None) -> float | None:
    return None if at is None else at - begin_of(record)


def contact_seconds(record: TicketRecord) -> float | None:
    """How long the first contact took; ``None`` where none is recorded."""
    return recorded_seconds(record, ClockName.CONTACT)


def recorded_seconds(record: TicketRecord, name: ClockName) -> float | None:
    """How long the contact or the arrival took; ``None`` where none is recorded."""
    stopped = clocks.stopped_at(record.clocks, name)
    if stopped is None or stopped >= end_of(record, float("inf")):
        return None
    return stopped - begin_of(record)


def promises(record: TicketRecord, now: float) -> Iterator[tuple[ClockName, bool | None]]:
    """Whether each promised time was kept, by the clocks' own ledger; ``None`` while it runs."""
    for reading in readings(record.clocks, now):
        is_decided = reading.stopped_at is not None or reading.breached
        yield reading.name, not reading.breached if is_decided else None
