"""Everything that a number's page shows, gathered from check results, baselines and tickets."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from agent.baselines.rejections import Rejection
from agent.baselines.service import BaselineReport
from agent.checks.result import CheckResult
from agent.i18n import Message, contextual
from agent.lints.waivers import OperatorWaiver
from agent.probing.facts import ProbeCall, by_caller
from agent.web.configuration import DayView
from agent.web.numbers import find_number
from agent.web.pages.number.calls import CallsView, calls_view
from agent.web.pages.number.changes import ChangeRow, change_rows
from agent.web.pages.number.countdowns import Countdown, countdowns
from agent.web.pages.number.history import NumberHistory, number_history
from agent.web.pages.number.phones import Ringing, ringing
from agent.web.pages.number.tickets import NumberTickets, tickets_of
from agent.web.pages.probe_rows import ProbeRow, probe_row
from agent.web.plots.week import week_plot
from agent.web.responses import no_number
from agent.web.services import WebServices
from agent.web.views import NumberDetail

_WEEKDAYS: Final = (
    contextual("weekday", "Mon"),
    contextual("weekday", "Tue"),
    contextual("weekday", "Wed"),
    contextual("weekday", "Thu"),
    contextual("weekday", "Fri"),
    contextual("weekday", "Sat"),
    contextual("weekday", "Sun"),
)
_WEEK_TITLE: Final = Message("What callers meet in the next seven days")


@dataclass(frozen=True)
class NumberFacts:
    """What the check results tell of a number, for its page."""

    detail: NumberDetail
    others: tuple[tuple[str, str], ...]
    """Provider and account of the other accounts that have it."""
    countdowns: tuple[Countdown, ...]
    ringing: Ringing | None
    calls: CallsView | None
    probes: tuple[ProbeCall, ...]
    """The newest test call of each caller."""
    callers: tuple[str, ...]
    """From where test calls can be made."""


@dataclass(frozen=True)
class NumberContent:
    """Everything on a number's page."""

    facts: NumberFacts
    report: BaselineReport | None
    tickets: NumberTickets
    rejections: tuple[Rejection, ...]
    """Those of its drift, oldest first."""
    waivers: tuple[OperatorWaiver, ...]
    """Those of its lints that operators have written."""

    history: NumberHistory | None
    """``None`` where none can be read."""

    def waiver_of(self, lint: str) -> OperatorWaiver | None:
        """The newest waiver of ``lint`` by an operator."""
        return next((it for it in reversed(self.waivers) if it.lint == lint), None)

    @property
    def rejection(self) -> Rejection | None:
        """The rejection that stands."""
        newest = self.rejections[-1] if self.rejections else None
        return newest if newest is not None and newest.ended_at is None else None

    @property
    def detail(self) -> NumberDetail:
        """The number as the API shows it."""
        return self.facts.detail

    def changes(self, locale: str) -> tuple[ChangeRow, ...]:
        """What differs from the approved configuration, in the reader's language."""
        return () if self.report is None else change_rows(self.report.differences, locale)

    def test_calls(self, locale: str) -> tuple[ProbeRow, ...]:
        """The newest test call of each caller, the newest first."""
        return tuple(probe_row(call, locale) for call in self.facts.probes)

    def week(self, locale: str) -> Markup:
        """The picture of the week; empty while the routing is not known."""
        days = self.detail.configured.week
        return _week(days, locale) if days else Markup()


async def number_content(
    services: WebServices, number: str, provider: str, account: str
) -> NumberContent:
    """The content of the page of ``number``, at the first account that matches.

    Raises:
        ApiError: when no account has it.
    """
    facts = await asyncio.to_thread(_facts, services, number, provider, account)
    report = None
    if services.baselines is not None:
        report = await services.baselines.report(
            number, facts.detail.provider, facts.detail.account
        )
    rejections: tuple[Rejection, ...] = ()
    if services.rejections is not None:
        at = facts.detail.provider, facts.detail.account, number
        rejections = services.rejections.of(*at)
    waivers = () if services.waivers is None else services.waivers.of(number)
    tickets = await tickets_of(services, number)
    key = facts.detail.provider, facts.detail.account
    history = await number_history(services, key, number)
    return NumberContent(facts, report, tickets, rejections, waivers, history)


def _facts(services: WebServices, number: str, provider: str, account: str) -> NumberFacts:
    detail = find_number(services, number, provider, account)
    result = services.check_result(detail.provider, detail.account)
    row = None if result is None else result.number_row(number)
    if result is None or row is None:
        raise no_number()
    now, settings = services.clock(), services.settings()
    return NumberFacts(
        detail,
        _others(services.check_results(), result, number),
        countdowns(result, row, now, settings.lints.parameters.expiry),
        ringing(result, number, now, settings.reachability),
        calls_view(result, number, now),
        tuple(calls[0] for calls in by_caller(result.probes.get(number, ())).values()),
        tuple(caller.name for caller in settings.dial.callers),
    )


def _others(
    results: Sequence[CheckResult], shown: CheckResult, number: str
) -> tuple[tuple[str, str], ...]:
    return tuple(
        (result.snapshot.provider, result.snapshot.account)
        for result in results
        if result.snapshot.key != shown.snapshot.key and result.number_row(number) is not None
    )


def _week(days: Sequence[DayView], locale: str) -> Markup:
    named = []
    for day in days:
        weekday = _WEEKDAYS[date.fromisoformat(day.date).weekday()].text(locale)
        named.append((f"{weekday} {day.date[5:]}", day.picture))
    return week_plot(_WEEK_TITLE.text(locale), named, locale)
