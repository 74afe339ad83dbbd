"""Runs the lints over numbers and accounts, by one configuration."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from agent.config.lints import HolidayCalendar, Lints, LintWaiver
from agent.lints.facts import AccountFacts, NumberFacts, Place
from agent.lints.finding import Finding, Level, Waived
from agent.lints.identity import expiry_moments
from agent.lints.needs import needs_met
from agent.lints.registry import LINTS, Lint
from agent.model import Routing
from agent.routing.calendar import Calendar

NEVER: Final = float("inf")
_EVERY_NUMBER: Final = "*"


class Linter:
    """The lints as one configuration has them."""

    def __init__(
        self,
        lints: Lints | None = None,
        calendar: HolidayCalendar | None = None,
        timezone: str = "Asia/Shanghai",
    ) -> None:
        self._lints = lints or Lints()
        self._zone = ZoneInfo(timezone)
        self._calendar = read_calendar(calendar or HolidayCalendar())
        levels = self._lints.levels
        on = [lint for name, lint in sorted(LINTS.items()) if levels.get(name) != "off"]
        self._of_numbers = tuple(lint for lint in on if not lint.of_account)
        self._of_accounts = tuple(lint for lint in on if lint.of_account)
        self._waivers = _by_number(self._lints.waivers)
        self._candidates = cache(self._fitting)

    def place(self, now: float) -> Place:
        """When a check is made (epoch seconds), and its parameters."""
        local = datetime.fromtimestamp(now, self._zone)
        return Place(local, self._lints.parameters, self._calendar)

    def bits(self, facts: NumberFacts) -> int:
        """The lints that find something at a number, as bits of ``Lint.bit``; waived ones too."""
        found = 0
        for lint in self._candidates(needs_met(facts)):
            if lint.check(facts) is not None:
                found |= lint.bit
        return found

    def findings(self, facts: NumberFacts) -> tuple[Finding, ...]:
        """What the lints find at a number, the worst first."""
        number, today = facts.number.number, facts.place.today
        found = (
            self._finding(lint, lint.check(facts), number, today)
            for lint in self._candidates(needs_met(facts))
        )
        return _sorted(found)

    def account_findings(self, facts: AccountFacts) -> tuple[Finding, ...]:
        """What the lints find at an account as a whole, the worst first."""
        today = facts.place.today
        found = (self._finding(it, it.check(facts), "", today) for it in self._of_accounts)
        return _sorted(found)

    def level(self, lint: Lint) -> Level:
        """How bad ``lint`` is here."""
        told = self._lints.levels.get(lint.id)
        return lint.level if told is None else Level(told)

    def level_bits(self) -> Mapping[Level, int]:
        """The bits of the lints of each level."""
        return {
            level: sum(it.bit for it in self._of_numbers if self.level(it) is level)
            for level in Level
        }

    def waived_bits(self, number: str, today: date) -> int:
        """The lints that are waived for ``number`` today."""
        if not self._waivers:
            return 0
        waivers = (*self._waivers.get(number, ()), *self._waivers.get(_EVERY_NUMBER, ()))
        bits = 0
        for waiver in waivers:
            if not _is_over(waiver, today):
                bits |= LINTS[waiver.lint].bit
        return bits

    def due(self, facts: NumberFacts) -> float:
        """When the findings may change although no fact does, in epoch seconds."""
        number, routing = facts.number, facts.routing
        if not (
            self._waivers
            or number.contract_end
            or number.licence_end
            or number.identity_end
            or (routing is not None and routing.special_days)
        ):
            return NEVER
        now = facts.place.epoch
        moments = [moment for moment in expiry_moments(facts) if moment > now]
        days = _plan_ends(facts.routing, facts.place.today)
        if self._waivers:
            days += self._waiver_ends(facts.number.number, facts.place.today)
        moments += [self._start_of(day + 1) for day in days]
        return min(moments, default=NEVER)

    def _fitting(self, met: int) -> tuple[Lint, ...]:
        return tuple(lint for lint in self._of_numbers if lint.needs & met == lint.needs)

    def _finding(
        self, lint: Lint, values: Mapping[str, object] | None, number: str, today: date
    ) -> Finding | None:
        if values is None:
            return None
        waiver = self._waiver(lint.id, number, today)
        return Finding(lint.id, self.level(lint), lint.words(values), waiver)

    def _waiver(self, lint: str, number: str, today: date) -> Waived | None:
        """The waiver that holds, else one that has expired."""
        found = [
            Waived(each.reason, each.until or "", _is_over(each, today))
            for key in (number, _EVERY_NUMBER)
            for each in self._waivers.get(key, ())
            if each.lint == lint
        ]
        return min(found, key=lambda each: each.expired, default=None)

    def _waiver_ends(self, number: str, today: date) -> list[int]:
        waivers = (*self._waivers.get(number, ()), *self._waivers.get(_EVERY_NUMBER, ()))
        return [
            date.fromisoformat(each.until).toordinal()
            for each in waivers
            if each.until and not _is_over(each, today)
        ]

    def _start_of(self, ordinal: int) -> float:
        day = date.fromordinal(ordinal)
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


def read_calendar(written: HolidayCalendar) -> Calendar:
    """The calendar that the configuration writes."""
    return Calendar.of(
        tuple(map(date.fromisoformat, written.holidays)),
        tuple(map(date.fromisoformat, written.workdays)),
    )


_ORDER: Final = {level: place for place, level in enumerate(Level)}


def _sorted(found: Iterator[Finding | None]) -> tuple[Finding, ...]:
    kept = [each for each in found if each is not None]
    return tuple(sorted(kept, key=lambda each: (_ORDER[each.level], each.lint)))


def _by_number(waivers: Sequence[LintWaiver]) -> dict[str, list[LintWaiver]]:
    held: dict[str, list[LintWaiver]] = {}
    for waiver in waivers:
        for number in waiver.numbers or [_EVERY_NUMBER]:
            held.setdefault(number, []).append(waiver)
    return held


def _is_over(waiver: LintWaiver, today: date) -> bool:
    return waiver.until is not None and date.fromisoformat(waiver.until) < today


def _plan_ends(routing: Routing | None, today: date) -> list[int]:
    """When the holiday plan is over (L19), as an ordinal day; empty when it is, or is not told."""
    days = routing.special_days if routing is not None else None
    last = max((each.last for each in days or ()), default=0)
    return [last] if last >= today.toordinal() else []
