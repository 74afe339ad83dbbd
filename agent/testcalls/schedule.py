"""When which number is called by plan: pure, on a clock that nobody sets.

Every caller has a queue of its own, ordered by when calls are due: whoever has waited longest is
called next, so that nobody starves where a budget does not suffice for all. A call is due its
interval after the newest call of that number and caller that is stored, whoever made it; calls of
one caller begin with a pause between them, so that neither a restart nor a night outside the hours
is followed by a burst.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Final

from agent.config.dial import Caller
from agent.config.dial_plans import open_share
from agent.testcalls.planned import Pair, Planned, Retry, pause_between

OPINION_AFTER: Final = 60.0
"""Seconds from the end of a call that failed to the next one of that number, at least."""
MOST_STRIKES: Final = 3
"""Calls of a number that fail within its interval before it is left alone until the next one."""
_WHILE_CALLED: Final = 10.0
"""Seconds after which a number is looked at again that another caller calls."""
_OPINION_SPREAD: Final = 30.0
_OPINION_LASTS: Final = 900.0
"""Seconds after which an opinion that could not be had is given up."""


@dataclass
class _Entry:
    planned: Planned
    due: float
    last: float | None = None
    """When the newest call of the pair began, by the steady clock."""
    under_way: bool = False
    asked_until: float | None = None
    """Until when an opinion is asked of it; ``None`` where none is."""


@dataclass
class _Line:
    """One caller's queue."""

    carrier: str = ""
    concurrency: int = 1
    pause: float = 0.0
    held_until: float = 0.0
    next_start: float = 0.0
    under_way: int = 0
    queue: list[tuple[float, Pair]] = field(default_factory=list)
    opinions: list[tuple[float, Pair]] = field(default_factory=list)


@dataclass
class _Strikes:
    since: float
    count: int = 0
    calls_by: Counter[str] = field(default_factory=Counter)


class Schedule:
    """Whom to call next. All times are seconds of a clock that only goes on as time passes."""

    def __init__(self) -> None:
        self._entries: dict[Pair, _Entry] = {}
        self._lines: dict[str, _Line] = {}
        self._by_number: dict[str, tuple[Pair, ...]] = {}
        self._strikes: dict[str, _Strikes] = {}

    @property
    def pairs(self) -> frozenset[Pair]:
        """What is scheduled."""
        return frozenset(self._entries)

    def replace(
        self,
        wanted: Iterable[Planned],
        callers: Iterable[Caller],
        ages: Mapping[Pair, float],
        now: float,
        wall: float,
    ) -> None:
        """Schedule ``wanted`` and nothing else; what is known of pairs that stay is kept.

        Args:
            wanted: One entry for each number and caller.
            callers: The callers of the configuration; others call nobody.
            ages: How many seconds ago the newest stored call of a new pair began.
            now: The steady clock.
            wall: Epoch seconds, from which the first call of a pair follows: the same after every
                restart.
        """
        known, former = self._entries, self._lines
        lines = {it.name: it for it in callers}
        self._entries = {}
        for planned in wanted:
            if planned.caller not in lines:
                continue
            entry = known.get(planned.pair)
            if entry is None:
                age = ages.get(planned.pair)
                last = None if age is None else now - max(0.0, age)
                entry = _Entry(planned, _due(planned, last, now, wall), last)
            elif entry.planned != planned:
                if entry.planned.every != planned.every or entry.planned.spread != planned.spread:
                    entry.due = _due(planned, entry.last, now, wall)
                entry.planned = planned
            self._entries[planned.pair] = entry
        self._lines = {
            name: self._line(caller, former.get(name), now) for name, caller in lines.items()
        }
        numbers: dict[str, list[Pair]] = {}
        for pair in self._entries:
            numbers.setdefault(pair[0], []).append(pair)
        self._by_number = {number: tuple(pairs) for number, pairs in numbers.items()}
        self._strikes = {it: one for it, one in self._strikes.items() if it in numbers}

    def due(self, now: float) -> Planned | None:
        """The call to make now, which counts as under way; ``None`` where there is none."""
        for line in self._lines.values():
            if line.under_way >= line.concurrency or now < max(line.held_until, line.next_start):
                continue
            entry = self._opinion_of(line, now) or self._regular_of(line, now)
            if entry is not None:
                entry.under_way = True
                line.under_way += 1
                line.next_start = now + line.pause
                return entry.planned
        return None

    def placed(self, planned: Planned, began: float) -> None:
        """The call was made at ``began``; the next is due its interval later."""
        self.called(planned.pair, began)
        entry = self._ended(planned)
        if entry is not None and (line := self._lines.get(planned.caller)):
            # It stands in the queue again, though a later call of somebody else be known already.
            heappush(line.queue, (entry.due, planned.pair))

    def refused(self, planned: Planned, now: float, retry: Retry) -> None:
        """The call was not made; it is due again later, and keeps its place in its queue."""
        entry, line = self._ended(planned), self._lines.get(planned.caller)
        if entry is None or line is None:
            return
        later = now + retry.after * (1 + planned.fraction("retry") / 2)
        line.next_start = now
        if retry.holds_caller:
            line.held_until = later
        elif entry.asked_until is None:
            entry.due = max(entry.due, later)
        if entry.asked_until is not None:
            heappush(line.opinions, (later, planned.pair))
        heappush(line.queue, (entry.due, planned.pair))

    def called(self, pair: Pair, began: float) -> None:
        """A call of ``pair`` began at ``began``, whoever has made it."""
        entry = self._entries.get(pair)
        if entry is None or (entry.last is not None and began <= entry.last):
            return
        entry.last, entry.asked_until = began, None
        entry.due = entry.planned.following(began)
        if not entry.under_way and (line := self._lines.get(pair[1])):
            heappush(line.queue, (entry.due, pair))

    def got_through(self, number: str) -> None:
        """A call of ``number`` got through: what failed before is not pursued."""
        self._strikes.pop(number, None)
        for pair in self._by_number.get(number, ()):
            self._entries[pair].asked_until = None

    def failed(self, planned: Planned, now: float) -> Planned | None:
        """A call failed; returns whose opinion is asked soon, ``None`` where nobody's is."""
        if not planned.second_opinion or planned.pair not in self._entries:
            return None
        strikes = self._strikes.get(planned.number)
        if strikes is None or now - strikes.since >= planned.every:
            strikes = self._strikes[planned.number] = _Strikes(now)
        strikes.count += 1
        strikes.calls_by[planned.caller] += 1
        if strikes.count >= MOST_STRIKES:
            return None
        entry = self._another(planned, strikes)
        chosen = entry.planned
        at = now + OPINION_AFTER + _OPINION_SPREAD * chosen.fraction("opinion")
        entry.asked_until = now + _OPINION_LASTS
        heappush(self._lines[chosen.caller].opinions, (at, chosen.pair))
        return chosen

    def _another(self, planned: Planned, strikes: _Strikes) -> _Entry:
        """Who calls next: who has not yet, of another carrier first, else the same once more."""
        carrier = self._lines[planned.caller].carrier

        def order(entry: _Entry) -> tuple[int, bool, bool, float, str]:
            caller = entry.planned.caller
            return (
                strikes.calls_by[caller],
                caller == planned.caller,
                bool(carrier) and self._lines[caller].carrier == carrier,
                -1.0 if entry.last is None else entry.last,
                caller,
            )

        return min((self._entries[it] for it in self._by_number[planned.number]), key=order)

    def _opinion_of(self, line: _Line, now: float) -> _Entry | None:
        while line.opinions and line.opinions[0][0] <= now:
            _, pair = heappop(line.opinions)
            entry = self._entries.get(pair)
            if entry is None or entry.asked_until is None or entry.under_way:
                continue
            if now < entry.asked_until:
                return entry
            entry.asked_until = None
        return None

    def _regular_of(self, line: _Line, now: float) -> _Entry | None:
        while line.queue and line.queue[0][0] <= now:
            due, pair = heappop(line.queue)
            entry = self._entries.get(pair)
            # What was called or changed meanwhile has another place in the queue.
            if entry is None or entry.under_way or entry.due != due:
                continue
            if not self._is_called(entry):
                return entry
            entry.due = now + _WHILE_CALLED
            heappush(line.queue, (entry.due, pair))
        return None

    def _is_called(self, entry: _Entry) -> bool:
        """Whether another caller calls the number at this moment: its phones ring already."""
        pairs = self._by_number[entry.planned.number]
        return any(self._entries[it].under_way for it in pairs)

    def _ended(self, planned: Planned) -> _Entry | None:
        if (line := self._lines.get(planned.caller)) is not None:
            line.under_way = max(0, line.under_way - 1)
        entry = self._entries.get(planned.pair)
        if entry is not None:
            entry.under_way = False
        return entry

    def _line(self, caller: Caller, former: _Line | None, now: float) -> _Line:
        own = [it for pair, it in self._entries.items() if pair[1] == caller.name]
        pause = pause_between((it.planned for it in own), open_share(caller.hours))
        queue = [(it.due, it.planned.pair) for it in own if not it.under_way]
        heapify(queue)
        line = _Line(caller.carrier, caller.concurrency, pause, queue=queue)
        if former is None:
            line.next_start = now
        else:
            # What held it back may be what was changed: hours, a budget.
            line.next_start = former.next_start
            line.under_way, line.opinions = former.under_way, former.opinions
        return line


def _due(planned: Planned, last: float | None, now: float, wall: float) -> float:
    """When a pair is due that was called at ``last``, or never."""
    return now + planned.first_after(wall) if last is None else planned.following(last)
