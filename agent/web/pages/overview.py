"""The contents of the status page, computed in one go from check results and tickets."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.health.account import AccountHealth
from agent.health.rule import HEALTHS
from agent.states import Health, Severity
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import Ticket
from agent.web.accounts import account_views
from agent.web.number_views import number_view
from agent.web.services import WebServices
from agent.web.views import AccountView, NumberView

MOST_NUMBERS = 100
MOST_TICKETS = 100
MOST_ACCOUNTS = 200
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True)
class TicketRow:
    """One open ticket in the list."""

    id: str
    severity: str
    title: str
    scope: str
    cause: str
    party: str
    stage: str
    grade: str
    age: float
    clock: str
    """The clock that runs out first; empty where there is none or all have stopped."""
    remaining: float
    """Seconds until its deadline; negative once breached."""
    paused: bool


@dataclass(frozen=True)
class Segment:
    """One part of the health bar, in percent of its width."""

    health: Health
    start: float
    width: float


@dataclass(frozen=True)
class Overview:
    """Everything on the status page."""

    counts: dict[str, int]
    total: int
    bar: tuple[Segment, ...]
    tickets: tuple[TicketRow, ...]
    tickets_total: int
    accounts: tuple[AccountView, ...]
    accounts_total: int
    accounts_failing: int
    numbers: tuple[NumberView, ...]
    numbers_total: int

    @property
    def headline(self) -> tuple[str, int]:
        """The headline's text key and the count in it; the worst health decides."""
        if not self.total:
            return "no_numbers", 0
        for health, key in (
            (Health.DOWN, "some_down"),
            (Health.UNKNOWN, "blind"),
            (Health.DEGRADED, "some_degraded"),
        ):
            if self.counts[health]:
                return key, self.counts[health]
        return "all_well", self.total

    @property
    def worst_health(self) -> Health:
        """The worst health of any number; unknown where there are none."""
        healths = {
            "some_down": Health.DOWN,
            "blind": Health.UNKNOWN,
            "some_degraded": Health.DEGRADED,
            "no_numbers": Health.UNKNOWN,
        }
        return healths.get(self.headline[0], Health.OK)


def _bar(counts: dict[str, int]) -> tuple[Segment, ...]:
    total, start, segments = sum(counts.values()), 0.0, []
    for health in HEALTHS:
        width = round(100 * counts[health] / total, 3) if total else 0.0
        if width:
            segments.append(Segment(health, round(start, 3), width))
        start += width
    return tuple(segments)


def _ticket_row(ticket: Ticket, now: float) -> TicketRow:
    subject, verdict = ticket.subject, ticket.diagnosis
    scope = (subject.provider, subject.account, subject.carrier, subject.number, subject.binding)
    return TicketRow(
        id=ticket.id,
        severity=ticket.severity.value,
        title=ticket.text.title or subject.symptom,
        scope=" / ".join(filter(None, scope)),
        cause="" if verdict is None else str(verdict.cause),
        party="" if verdict is None else str(verdict.party),
        stage=ticket.stage.value,
        grade=ticket.grade.value,
        age=now - ticket.started_at,
        **_first_clock(ticket, now),
    )


def _first_clock(ticket: Ticket, now: float) -> dict[str, Any]:
    """The clock that runs out first."""
    running = [clock for clock in readings(ticket.clocks, now) if clock.stopped_at is None]
    if not running:
        return {"clock": "", "remaining": 0.0, "paused": False}
    first = min(running, key=lambda clock: clock.remaining)
    return {"clock": first.name.value, "remaining": first.remaining, "paused": bool(first.paused)}


def _urgency(ticket: Ticket) -> tuple[int, float]:
    return _SEVERITIES.index(ticket.severity), ticket.started_at


def _ticket_rows(tickets: Iterable[Ticket], now: float) -> tuple[TicketRow, ...]:
    worst = sorted(tickets, key=_urgency)
    return tuple(_ticket_row(ticket, now) for ticket in worst[:MOST_TICKETS])


def _unhealthy(healths: Sequence[AccountHealth], now: float) -> tuple[tuple[NumberView, ...], int]:
    """The numbers to show, those that are down first, and how many are unhealthy in all."""
    views: list[NumberView] = []
    total = 0
    for health in (Health.DOWN, Health.DEGRADED):
        for account in healths:
            rows = account.rows(health)
            total += rows.size
            rest = MOST_NUMBERS - len(views)
            views += [number_view(account, row, now) for row in rows[:rest].tolist()]
    return tuple(views), total


def _worst_first(view: AccountView) -> tuple[bool, bool, str, str]:
    return (
        view.up and not view.stale,
        not (view.money and view.money.low),
        view.provider,
        view.account,
    )


def overview(services: WebServices, tickets: Sequence[Ticket], now: float) -> Overview:
    """The whole page; takes milliseconds for 100,000 numbers, so run it in a thread."""
    healths = services.healths(now)
    counts = Counter(dict.fromkeys(map(str, HEALTHS), 0))
    for health in healths:
        counts.update(health.counts())
    accounts = sorted(account_views(services, now), key=_worst_first)
    numbers, numbers_total = _unhealthy(healths, now)
    return Overview(
        counts=dict(counts),
        total=sum(counts.values()),
        bar=_bar(dict(counts)),
        tickets=_ticket_rows(tickets, now),
        tickets_total=len(tickets),
        accounts=tuple(accounts[:MOST_ACCOUNTS]),
        accounts_total=len(accounts),
        accounts_failing=sum(not view.up or view.stale for view in accounts),
        numbers=numbers,
        numbers_total=numbers_total,
    )
