"""What the status page shows, worked out in one go from snapshots and tickets."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.states import Severity
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import Ticket
from agent.web.accounts import account_views
from agent.web.health import HEALTHS, AccountHealth, classify_health
from agent.web.numbers import number_view
from agent.web.state import WebState
from agent.web.views import AccountView, Health, NumberView

MOST_NUMBERS = 100
MOST_TICKETS = 100
MOST_ACCOUNTS = 200
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True)
class TicketLine:
    """One open ticket in the list."""

    id: str
    severity: str
    title: str
    place: str
    cause: str
    party: str
    stage: str
    grade: str
    age: float
    clock: str
    """The clock that runs out first; empty where nothing is promised or all have stopped."""
    left: float
    """Seconds left of it; negative once breached."""
    paused: bool


@dataclass(frozen=True)
class Segment:
    """One stretch of the bar of health, in percent."""

    health: Health
    start: float
    width: float


@dataclass(frozen=True)
class Overview:
    """Everything on the status page."""

    counts: dict[str, int]
    total: int
    bar: tuple[Segment, ...]
    tickets: tuple[TicketLine, ...]
    tickets_total: int
    accounts: tuple[AccountView, ...]
    accounts_total: int
    accounts_failing: int
    numbers: tuple[NumberView, ...]
    numbers_total: int

    @property
    def headline(self) -> tuple[str, int]:
        """The key of the headline's words and the count in it; the worst comes first."""
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
    def mood(self) -> Health:
        """The worst health there is."""
        moods = {
            "some_down": Health.DOWN,
            "blind": Health.UNKNOWN,
            "some_degraded": Health.DEGRADED,
            "no_numbers": Health.UNKNOWN,
        }
        return moods.get(self.headline[0], Health.OK)


def _bar(counts: dict[str, int]) -> tuple[Segment, ...]:
    total, start, segments = sum(counts.values()), 0.0, []
    for health in HEALTHS:
        width = round(100 * counts[health] / total, 3) if total else 0.0
        if width:
            segments.append(Segment(health, round(start, 3), width))
        start += width
    return tuple(segments)


def _ticket_line(ticket: Ticket, now: float) -> TicketLine:
    subject, verdict = ticket.subject, ticket.diagnosis
    place = (subject.provider, subject.account, subject.carrier, subject.number, subject.binding)
    return TicketLine(
        id=ticket.id,
        severity=ticket.severity.value,
        title=ticket.text.title or subject.symptom,
        place=" / ".join(filter(None, place)),
        cause="" if verdict is None else str(verdict.cause),
        party="" if verdict is None else str(verdict.party),
        stage=ticket.stage.value,
        grade=ticket.grade.value,
        age=now - ticket.started_at,
        **_pressing(ticket, now),
    )


def _pressing(ticket: Ticket, now: float) -> dict[str, Any]:
    """The clock that runs out first."""
    running = [it for it in readings(ticket.clocks, now) if it.stopped_at is None]
    if not running:
        return {"clock": "", "left": 0.0, "paused": False}
    first = min(running, key=lambda it: it.remaining)
    return {"clock": first.name.value, "left": first.remaining, "paused": bool(first.paused)}


def _ticket_lines(tickets: Iterable[Ticket], now: float) -> tuple[TicketLine, ...]:
    worst = sorted(tickets, key=lambda it: (_SEVERITIES.index(it.severity), it.started_at))
    return tuple(_ticket_line(ticket, now) for ticket in worst[:MOST_TICKETS])


def _in_trouble(healths: Sequence[AccountHealth], now: float) -> tuple[tuple[NumberView, ...], int]:
    """The numbers to show, those that are down first, and how many are in trouble."""
    shown: list[NumberView] = []
    total = 0
    for health in (Health.DOWN, Health.DEGRADED):
        for account in healths:
            rows = account.rows(health)
            total += rows.size
            room = MOST_NUMBERS - len(shown)
            shown += [number_view(account, row, now) for row in rows[:room].tolist()]
    return tuple(shown), total


def _worst_first(view: AccountView) -> tuple[bool, bool, str, str]:
    return (
        view.up and not view.stale,
        not (view.money and view.money.low),
        view.provider,
        view.account,
    )


def overview(state: WebState, tickets: Sequence[Ticket], now: float) -> Overview:
    """The whole page; takes some milliseconds for 100,000 numbers, so run it in a thread."""
    healths = [classify_health(checked, now) for checked in state.all_checked()]
    counts = Counter(dict.fromkeys(map(str, HEALTHS), 0))
    for health in healths:
        counts.update(health.counts())
    accounts = sorted(account_views(state, now), key=_worst_first)
    numbers, numbers_total = _in_trouble(healths, now)
    return Overview(
        counts=dict(counts),
        total=sum(counts.values()),
        bar=_bar(dict(counts)),
        tickets=_ticket_lines(tickets, now),
        tickets_total=len(tickets),
        accounts=tuple(accounts[:MOST_ACCOUNTS]),
        accounts_total=len(accounts),
        accounts_failing=sum(not view.up or view.stale for view in accounts),
        numbers=numbers,
        numbers_total=numbers_total,
    )
