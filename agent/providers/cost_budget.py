"""A budget for queries that cost money: what a day may cost, and which subject is queried next.

Some providers charge for every answer (the state of a phone, the marking of a number). A subject
is whatever such a query is about. The subjects share the day's budget evenly: where it does not
suffice for all of them every day, each is queried less often, the one first whose last query is
longest ago. Pure; :mod:`agent.providers.paid_queries` stores it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import blake2b
from typing import Final

import msgspec

DAY: Final = 86_400.0
MAX_SUBJECTS: Final = 200_000
"""Subjects remembered, those queried last."""

_BILLING_ZONE: Final = timezone(timedelta(hours=8))
"""The days of China's providers begin at midnight there."""
_FORGET_AFTER: Final = 7 * DAY
_FORGOTTEN_SPACINGS: Final = 3
_LONGEST_HOLD: Final = 60 * DAY
_OTHER_DAYS: Final = 32
_LONGEST_ANSWER: Final = 80
_ROUNDING: Final = 1e-6


@dataclass(frozen=True)
class Costs:
    """What a query costs and how much a day may cost, both in the same currency."""

    query: float
    """The price of one query; positive."""
    daily: float
    """The most that the queries of one day may cost together."""
    every: float = DAY
    """The least seconds between two queries about the same subject."""

    @property
    def daily_queries(self) -> int:
        """How many queries the budget of one day suffices for."""
        return int(self.daily / self.query + _ROUNDING)


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is known of one subject; times are epoch seconds."""

    queried_at: float
    answer: str = ""
    """The newest answer, a short text; empty before the first."""
    answered_at: float | None = None
    not_before: float = 0.0
    """It is not queried again before this time."""


class _State(msgspec.Struct):
    """What is stored."""

    day: int = 0
    """The day of :attr:`spent`, as ``datetime.date.toordinal`` counts."""
    spent: float = 0.0
    records: dict[str, Record] = {}
    others: dict[int, float] = {}
    """What was spent on other days, those charged last: a clock may be set back to one."""
    settled: set[int] = set()
    """Those of the other days whose queries were counted on the day that it was in truth."""


class CostBudget:
    """The budget of one kind of query of one account. Not thread-safe.

    Args:
        costs: Prices and limits; they may differ from those it was stored with.
        name: The budget's own name: the same subject has another key in another budget.
    """

    def __init__(self, costs: Costs, name: str) -> None:
        self.costs = costs
        self._salt = blake2b(name.encode(), digest_size=16).digest()
        self._state = _State()
        self._former: dict[str, Record | None] = {}

    def restore(self, content: bytes) -> None:
        """Restore what :meth:`encode` returned.

        Raises:
            ValueError: when ``content`` is damaged; nothing is restored then.
        """
        try:
            self._state = msgspec.msgpack.decode(content, type=_State)
        except msgspec.MsgspecError as error:
            raise ValueError("the stored budget is damaged") from error

    def encode(self) -> bytes:
        """The budget as bytes, with digests in place of subjects, which may be people's phones."""
        return msgspec.msgpack.encode(self._state)

    def remaining(self, now: float) -> int:
        """How many queries may still be sent today."""
        left = self.costs.daily - self._spent(now)
        return max(0, int(left / self.costs.query + _ROUNDING))

    def exhaust(self, now: float) -> None:
        """Count the budget of today as spent: what was spent is not known."""
        self._begin(_day_of(now))
        self._state.spent = self.costs.daily

    def due(self, subjects: Iterable[str], now: float) -> tuple[str, ...]:
        """Those of ``subjects`` that may be queried now, the longest not queried first."""
        keys = {self._key(subject): subject for subject in subjects}
        spacing = self._spacing(keys)
        due = [key for key in keys if self._is_due(key, spacing, now)]
        due.sort(key=self._queried_at)
        return tuple(keys[key] for key in due[: self.remaining(now)])

    def charge(self, subjects: Collection[str], now: float) -> None:
        """Count a query about each of ``subjects`` as sent now."""
        state = self._state
        self._settle(now)
        spent = self._spent(now)
        self._begin(_day_of(now))
        state.spent = spent + len(subjects) * self.costs.query
        keys = [self._key(subject) for subject in subjects]
        forgotten_after = max(_FORGET_AFTER, _FORGOTTEN_SPACINGS * self._spacing(keys))
        self._former = {key: state.records.get(key) for key in keys}
        for key, former in self._former.items():
            state.records[key] = msgspec.structs.replace(former or Record(now), queried_at=now)
        self._forget(now - forgotten_after)

    def take_back(self, subjects: Collection[str]) -> None:
        """Undo the last charge for ``subjects``, whose queries were not sent."""
        self._state.spent = max(0.0, self._state.spent - len(subjects) * self.costs.query)
        for subject in subjects:
            self._forget_query(self._key(subject))

    def forget_subjects(self) -> None:
        """Forget what was queried, where no subject comes twice; what was spent stays."""
        self._state.records, self._former = {}, {}

    def fail(self, subject: str, until: float) -> None:
        """Let a query that was charged and failed be sent again at ``until``, at its price."""
        self._forget_query(self._key(subject))
        self.hold(subject, until)

    def clock_was_set(self, step: float, now: float) -> None:
        """Go on after the clock was set by ``step`` seconds and shows ``now``.

        No time has passed: no budget is granted for it, and no answer is older.
        """
        former, spent = _day_of(now - step), self._spent(now - step)
        self._begin(_day_of(now))
        self._state.spent = max(self._state.spent, spent)
        self._state.settled |= self._state.others.keys() & {former}
        self._state.records = {
            key: msgspec.structs.replace(
                record,
                queried_at=record.queried_at + step,
                answered_at=None if record.answered_at is None else record.answered_at + step,
                not_before=record.not_before + step if record.not_before else 0.0,
            )
            for key, record in self._state.records.items()
        }
        self._former = {}

    def note(self, subject: str, answer: str, now: float) -> None:
        """Remember the answer to a query."""
        key = self._key(subject)
        former = self._state.records.get(key, Record(now))
        self._state.records[key] = msgspec.structs.replace(
            former, answer=answer[:_LONGEST_ANSWER], answered_at=now
        )

    def hold(self, subject: str, until: float) -> None:
        """Do not query ``subject`` before ``until``: the provider refused for so long."""
        key = self._key(subject)
        former = self._state.records.get(key, Record(0.0))
        self._state.records[key] = msgspec.structs.replace(former, not_before=until)

    def record_of(self, subject: str) -> Record | None:
        """What is known of ``subject``; ``None`` before its first query."""
        return self._state.records.get(self._key(subject))

    def _spent(self, now: float) -> float:
        """What was spent today. A clock that was set back a little begins no new day."""
        self._settle(now)
        today = _day_of(now)
        return self._spent_on(today) + self._spent_on(today + 1)

    def _spent_on(self, day: int) -> float:
        state = self._state
        return state.spent if day == state.day else state.others.get(day, 0.0)

    def _settle(self, now: float) -> None:
        """Count what was spent on days to come as spent today, once: the clock was wrong then."""
        state, today = self._state, _day_of(now)
        days = {**state.others, state.day: state.spent}
        wrong = {day for day in days if day > today + 1} - state.settled
        if wrong:
            self._begin(today)
            state.spent += sum(days[day] for day in wrong)
            state.settled |= wrong

    def _begin(self, day: int) -> None:
        """Let ``day`` be the day of what is spent from now on."""
        state = self._state
        if day == state.day:
            return
        others = {**state.others, state.day: state.spent}
        state.day, state.spent = day, others.pop(day, 0.0)
        state.others = dict(list(others.items())[-_OTHER_DAYS:])
        state.settled &= state.others.keys()

    def _forget_query(self, key: str) -> None:
        former = self._former.get(key)
        if former is None:
            self._state.records.pop(key, None)
        else:
            self._state.records[key] = former

    def _spacing(self, keys: Iterable[str]) -> float:
        """The seconds between two queries about a subject with which the budget lasts."""
        records = self._state.records
        population = len(records) + sum(key not in records for key in keys)
        daily = self.costs.daily_queries
        return max(self.costs.every, DAY * population / daily) if daily else DAY

    def _is_due(self, key: str, spacing: float, now: float) -> bool:
        record = self._state.records.get(key)
        if record is None:
            return True
        elapsed = now - record.queried_at
        # Queried tomorrow, by a clock that was wrong: its time says nothing.
        is_due = elapsed >= spacing or elapsed < -DAY
        return is_due and not now < record.not_before <= now + _LONGEST_HOLD

    def _queried_at(self, key: str) -> float:
        record = self._state.records.get(key)
        return 0.0 if record is None else record.queried_at

    def _forget(self, before: float) -> None:
        """Forget subjects not queried since ``before``: they are not there any more."""
        records = self._state.records
        recent = [item for item in records.items() if _touched_at(item[1]) >= before]
        if len(recent) > MAX_SUBJECTS:
            recent.sort(key=lambda item: _touched_at(item[1]))
        if len(recent) < len(records) or len(recent) > MAX_SUBJECTS:
            self._state.records = dict(recent[-MAX_SUBJECTS:])

    def _key(self, subject: str) -> str:
        return blake2b(subject.encode(), digest_size=10, key=self._salt).hexdigest()


def _touched_at(record: Record) -> float:
    return max(record.queried_at, record.not_before)


def _day_of(now: float) -> int:
    return datetime.fromtimestamp(now, _BILLING_ZONE).toordinal()
