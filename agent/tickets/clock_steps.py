"""That the machine's clock was set, in the records of tickets.

No time passes by it, so no promised time may be used up by it. What is recorded stays as it is:
a step is one more event of a ticket's clocks, from which everyone who reads them, pages, metrics
and sinks as well as warnings, takes the same deadlines, also after a restart.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from agent.clock import NEVER_SET, ClockSettings, with_setting
from agent.tickets.changes import AGENT, Change, changed, span
from agent.tickets.draft import PreparedChange, prepare
from agent.tickets.sla import clocks
from agent.tickets.ticket import Entry, Ticket

_EVENT = "clock_was_set"


class ClockSteps:
    """The steps of the machine's clock since the start, until all open tickets record them."""

    def __init__(self) -> None:
        self.settings: ClockSettings = NEVER_SET
        """All of them."""
        self._noted = 0.0
        self._unrecorded: list[tuple[float, float]] = []

    def note(self, step: float) -> None:
        """Notes that the clock was set by ``step`` seconds; the next round follows."""
        self._noted += step

    def follow(self, now: float) -> float:
        """By how many seconds the clock was set since the last call; it shows ``now``."""
        step, self._noted = self._noted, 0.0
        if step:
            self.settings = with_setting(self.settings, step, now)
            self._unrecorded.append((step, now))
        return step

    def recorded(self) -> None:
        """Forgets the steps that every open ticket has recorded."""
        self._unrecorded.clear()

    def changes(self, tickets: Iterable[Ticket], now: float) -> list[PreparedChange]:
        """The changes by which ``tickets``, which are open, record what they have not yet."""
        return prepare(self._change(ticket, now) for ticket in tickets)

    def _change(self, ticket: Ticket, now: float) -> Change | None:
        # A write that failed may have been carried out: what the ticket says itself counts.
        newest = clocks.last_set_to(ticket.clocks)
        shown = [to for _step, to in self._unrecorded]
        steps = self._unrecorded[shown.index(newest) + 1 if newest in shown else 0 :]
        if not steps or not ticket.clocks:
            return None
        events = ticket.clocks
        for step, to in steps:
            events = clocks.clock_was_set(events, step, to)
        after = replace(ticket, clocks=events)
        # One entry for a clock that is set over and over, or timelines would grow by nothing.
        is_repeated = bool(ticket.timeline) and ticket.timeline[-1].event == _EVENT
        entry = Entry(now, AGENT, _EVENT, _reason(sum(step for step, _to in steps)))
        return changed(ticket, after, () if is_repeated else [entry], "", now)


def _reason(step: float) -> str:
    direction = "forward" if step > 0 else "back"
    return f"the machine's clock was set {direction} by {span(step)}; no deadline is nearer by it"
