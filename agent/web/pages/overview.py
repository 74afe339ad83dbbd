"""The contents of the home page, computed in one go from check results and tickets."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from agent.health.account import AccountHealth
from agent.health.rule import HEALTHS, REASONS, Reason
from agent.states import Health, Severity
from agent.tickets.ticket import Ticket
from agent.web.accounts import account_views
from agent.web.number_views import number_view
from agent.web.services import WebServices
from agent.web.views import AccountView, NumberView

MOST_NUMBERS = 100
MOST_TICKETS = 100
MOST_ACCOUNTS = 200
MOST_BLIND_SPOTS = 20
_BLIND = frozenset({Reason.STALE, Reason.STATE_UNKNOWN, Reason.SILENT})
_SEVERITIES = tuple(Severity)


@dataclass(frozen=True)
class BlindSpot:
    """Something about the numbers of an account that the agent cannot see."""

    provider: str
    account: str
    code: str
    """``not_polled``, or the line of the rule for health that decided."""
    count: int
    """How many numbers it concerns; 0 where that is not known."""


@dataclass(frozen=True)
class Segment:
    """One part of the health bar, in percent of its width."""

    health: Health
    start: float
    width: float


@dataclass(frozen=True)
class Overview:
    """Everything on the home page."""

    counts: dict[str, int]
    total: int
    bar: tuple[Segment, ...]
    tickets: tuple[Ticket, ...]
    tickets_total: int
    accounts: tuple[AccountView, ...]
    accounts_total: int
    accounts_failing: int
    numbers: tuple[NumberView, ...]
    numbers_total: int
    blind_spots: tuple[BlindSpot, ...]
    at: float
    """When it was made, epoch seconds."""

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
        reached = self.counts[Health.OK]
        return ("all_well", reached) if reached else ("none_opened", self.total)

    @property
    def worst_health(self) -> Health:
        """The worst health of any number; unknown where there are none."""
        healths = {
            "some_down": Health.DOWN,
            "blind": Health.UNKNOWN,
            "some_degraded": Health.DEGRADED,
            "no_numbers": Health.UNKNOWN,
            "none_opened": Health.NOT_OPENED,
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


def _urgency(ticket: Ticket) -> tuple[int, float]:
    return _SEVERITIES.index(ticket.severity), ticket.started_at


def _worst_tickets(tickets: Iterable[Ticket]) -> tuple[Ticket, ...]:
    return tuple(sorted(tickets, key=_urgency)[:MOST_TICKETS])


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


def _blind_spots(
    healths: Sequence[AccountHealth], accounts: Iterable[AccountView]
) -> tuple[BlindSpot, ...]:
    """What the agent cannot see, what concerns most numbers first."""
    spots = [
        BlindSpot(it.provider, it.account, "not_polled", 0) for it in accounts if not it.polled
    ]
    for health in healths:
        snapshot = health.result.snapshot
        counts = np.bincount(health.reasons, minlength=len(REASONS)).tolist()
        spots += [
            BlindSpot(snapshot.provider, snapshot.account, reason.value, count)
            for reason, count in zip(REASONS, counts, strict=True)
            if reason in _BLIND and count
        ]
    return tuple(sorted(spots, key=lambda it: it.count, reverse=True))


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
        tickets=_worst_tickets(tickets),
        tickets_total=len(tickets),
        accounts=tuple(accounts[:MOST_ACCOUNTS]),
        accounts_total=len(accounts),
        accounts_failing=sum(not view.up or view.stale for view in accounts),
        numbers=numbers,
        numbers_total=numbers_total,
        blind_spots=_blind_spots(healths, accounts),
        at=now,
    )
