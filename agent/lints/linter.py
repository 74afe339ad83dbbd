"""Runs the lints over numbers and accounts, with the settings of one configuration."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from agent.config.lints import HolidayCalendar, Lints, LintWaiver
from agent.lints.facts import AccountFacts, LintContext, NumberFacts, needs_met
from agent.lints.finding import Finding, Level, Waiver
from agent.lints.identity import expiry_moments
from agent.lints.registry import LINTS, Lint, Result
from agent.lints.waivers import OperatorWaiver, WaiverBook
from agent.model import Routing
from agent.routing.calendar import Calendar

NEVER: Final = float("inf")
_EVERY_NUMBER: Final = "*"


class Linter:
    """The lints that one configuration enables, with its levels, parameters and waivers."""

    def __init__(
        self,
        lints: Lints | None = None,
        calendar: HolidayCalendar | None = None,
        timezone: str = "Asia/Shanghai",
        waivers: WaiverBook | None = None,
    ) -> None:
        """``waivers`` are those that operators have written, beside the configuration's."""
        self.operators = WaiverBook() if waivers is None else waivers
        self._lints = lints or Lints()
        self._zone = ZoneInfo(timezone)
        self._calendar = read_calendar(calendar or HolidayCalendar())
        levels = self._lints.levels
        enabled = [lint for name, lint in sorted(LINTS.items()) if levels.get(name) != "off"]
        self._of_numbers = tuple(lint for lint in enabled if not lint.of_account)
        self._of_accounts = tuple(lint for lint in enabled if lint.of_account)
        self._waivers = _by_number(self._lints.waivers)
        self._candidates = cache(self._applicable)
        self._level_bits = {
            level: sum(lint.bit for lint in self._of_numbers if self.level(lint) is level)
            for level in Level
        }

    def context_at(self, now: float) -> LintContext:
        """The context of a run at ``now``, epoch seconds."""
        local = datetime.fromtimestamp(now, self._zone)
        return LintContext(local, self._lints.parameters, self._calendar)

    def bits(self, facts: NumberFacts) -> int:
        """The lints that apply to a number, as bits of ``Lint.bit``, waived ones included."""
        bits = 0
        for lint in self._candidates(needs_met(facts)):
            if lint.check(facts) is not None:
                bits |= lint.bit
        return bits

    def findings(self, facts: NumberFacts) -> tuple[Finding, ...]:
        """The findings at a number, the worst first."""
        number, today = facts.number.number, facts.context.today
        return _sorted(
            self._finding(lint, lint.check(facts), number, today)
            for lint in self._candidates(needs_met(facts))
        )

    def account_findings(self, facts: AccountFacts) -> tuple[Finding, ...]:
        """The findings at an account as a whole, the worst first."""
        today = facts.context.today
        return _sorted(
            self._finding(lint, lint.check(facts), "", today) for lint in self._of_accounts
        )

    def level(self, lint: Lint) -> Level:
        """The configured level of ``lint``, else its own."""
        configured = self._lints.levels.get(lint.id)
        return lint.level if configured is None else Level(configured)

    def level_bits(self) -> Mapping[Level, int]:
        """The bits of the lints of each level."""
        return self._level_bits

    def waived_bits(self, number: str, today: date) -> int:
        """The lints that are waived for ``number`` on the day ``today``, as bits."""
        bits = 0
        for waiver in self._waivers_of(number):
            if not _has_expired(waiver, today):
                bits |= LINTS[waiver.lint].bit
        return bits

    def next_change(self, facts: NumberFacts) -> float:
        """When the findings may change although no fact does, in epoch seconds."""
        number, routing = facts.number, facts.routing
        if not (
            self._waivers_of(number.number)
            or number.contract_end
            or number.licence_end
            or number.identity_end
            or (routing is not None and routing.special_days)
        ):
            return NEVER
        now, today = facts.context.epoch, facts.context.today
        moments = [moment for moment in expiry_moments(facts) if moment > now]
        days = [*_plan_ends(routing, today), *self._waiver_ends(number.number, today)]
        moments += [self._start_of(day + 1) for day in days]
        return min(moments, default=NEVER)

    def _applicable(self, met: int) -> tuple[Lint, ...]:
        return tuple(lint for lint in self._of_numbers if lint.needs & met == lint.needs)

    def _finding(self, lint: Lint, result: Result, number: str, today: date) -> Finding | None:
        if result is None:
            return None
        waiver = self._waiver(lint.id, number, today)
        return Finding(lint.id, self.level(lint), lint.message(result), waiver)

    def _waiver(self, lint: str, number: str, today: date) -> Waiver | None:
        """The waiver of ``lint`` for ``number``: one that holds, else one that has expired."""
        waivers = [
            Waiver(waiver.reason, waiver.until or "", _has_expired(waiver, today))
            for waiver in self._waivers_of(number)
            if waiver.lint == lint
        ]
        return min(waivers, key=lambda waiver: waiver.expired, default=None)

    def _waiver_ends(self, number: str, today: date) -> list[int]:
        """The last days of the waivers that still hold, as ordinals."""
        return [
            date.fromisoformat(waiver.until).toordinal()
            for waiver in self._waivers_of(number)
            if waiver.until and not _has_expired(waiver, today)
        ]

    def _waivers_of(self, number: str) -> Sequence[LintWaiver | OperatorWaiver]:
        """The waivers for ``number``: operators', its own, and those for every number."""
        operators = self.operators.of(number)
        if not self._waivers:
            return operators
        configured = (*self._waivers.get(number, ()), *self._waivers.get(_EVERY_NUMBER, ()))
        return (*operators, *configured)

    def _start_of(self, ordinal: int) -> float:
        day = date.fromordinal(ordinal)
        return datetime(day.year, day.month, day.day, tzinfo=self._zone).timestamp()


def read_calendar(configured: HolidayCalendar) -> Calendar:
    """The calendar with the configured holidays and workdays."""
    return Calendar.of(
        tuple(map(date.fromisoformat, configured.holidays)),
        tuple(map(date.fromisoformat, configured.workdays)),
    )


_RANK: Final = {level: rank for rank, level in enumerate(Level)}


def _sorted(results: Iterator[Finding | None]) -> tuple[Finding, ...]:
    findings = [finding for finding in results if finding is not None]
    return tuple(sorted(findings, key=lambda finding: (_RANK[finding.level], finding.lint)))


def _by_number(waivers: Sequence[LintWaiver]) -> dict[str, list[LintWaiver]]:
    by_number: dict[str, list[LintWaiver]] = {}
    for waiver in waivers:
        for number in waiver.numbers or [_EVERY_NUMBER]:
            by_number.setdefault(number, []).append(waiver)
    return by_number


def _has_expired(waiver: LintWaiver | OperatorWaiver, today: date) -> bool:
    return waiver.until is not None and date.fromisoformat(waiver.until) < today


def _plan_ends(routing: Routing | None, today: date) -> list[int]:
    """The last day of the holiday plan (L19), as an ordinal; empty when it is past or unknown."""
    days = routing.special_days if routing is not None else None
    last = max((entry.last for entry in days or ()), default=0)
    return [last] if last >= today.toordinal() else []
