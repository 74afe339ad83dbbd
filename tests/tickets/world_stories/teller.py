"""Tells stories to an agent's parts: checks, series, the shipped rules, diagnosis and tickets."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.baselines.baseline import BaselineBook
from agent.checks.engine import Checker
from agent.checks.result import CheckResult
from agent.config.settings import Metrics, Settings
from agent.diagnosis import DiagnosisContext
from agent.diagnosis.diagnose import diagnose_scope
from agent.fleet import Fleet
from agent.model import AccountKey, Alert
from agent.rules.engine import RuleEngine
from agent.rules.load import load_rules
from agent.series import SeriesBuilder
from agent.states import Cause, Stage
from agent.store.database import Database
from agent.tickets.changes import CLOSED, OPENED, RESOLVED, Change
from agent.tickets.decide.recovery_facts import recovery_by_facts
from agent.tickets.key import labels_of
from agent.tickets.manager import Tickets
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import Subject, Ticket
from agent.verdict import Verdict
from tests.tickets.world_stories.stories import NUMBERS, OBSERVED, OVER, Expected, Story
from tests.tickets.world_stories.world import Account, Hotline

START = 1_790_000_040.0
MINUTE = 60.0
RULES = Path(__file__).parents[3] / "alert_rules"
LAGS = {1: 0, 10: 1, 50: 2}
"""By speed: how many polls the facts are ahead of the alerts."""


@dataclass
class Told:
    """What became of one story."""

    standing: list[Expected] = field(default_factory=list)
    left_open: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)


@dataclass
class Teller:
    """Runs all stories at once, each at providers of its own."""

    database: Database
    stories: Sequence[Story]
    speed: int = 1
    accounts: list[list[Account]] = field(default_factory=list)
    results: dict[AccountKey, CheckResult] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accounts = [_accounts(row, story) for row, story in enumerate(self.stories)]
        self.settings = _settings(self.accounts)
        self.checker = Checker(self.settings, BaselineBook())
        self.series = SeriesBuilder(Metrics())
        rules = (it for it in sorted(RULES.glob("*.yml")) if it.stem not in ("agent", "tickets"))
        self.engine = RuleEngine(load_rules(sorted(rules)))
        self.fleet = Fleet()
        self.told = [Told() for _ in self.stories]
        self.waiting: deque[list[Alert]] = deque()
        self.tickets = Tickets(
            self.database, self.settings, self._diagnose, recovery_by_facts(self._checked)
        )

    async def tell(self) -> list[Told]:
        """What became of each story."""
        for minute in range(OVER):
            now = START + minute * MINUTE
            for story, accounts in zip(self.stories, self.accounts, strict=True):
                for event in story.events.get(minute, ()):
                    event(accounts)
            for change in await self._round(now):
                self._note(change, minute, now)
            if minute == OBSERVED:
                for ticket in self.tickets.open:
                    self._stands(ticket)
        for ticket in self.tickets.open:
            self._of(ticket).left_open.append(ticket.subject.symptom)
        return self.told

    async def _round(self, now: float) -> Sequence[Change]:
        blocks = []
        for group in self.accounts:
            for account in group:
                account.call(now)
                snapshot = account.poll(now)
                self.fleet.swap(snapshot)
                key = account.key
                self.results[key] = self.checker.check(snapshot, now, self.results.get(key))
                blocks += self.series.build(snapshot, self.results[key], now)
        self.waiting.append([*self.engine.evaluate(tuple(blocks), now)])
        lag = LAGS[self.speed]
        alerts = self.waiting.popleft() if len(self.waiting) > lag else []
        return await self.tickets.observe(alerts, self.fleet, now + 1.0)

    def _diagnose(self, subject: Subject, _fleet: Fleet, now: float) -> Verdict | None:
        context = DiagnosisContext(self.settings, now, self.results)
        return diagnose_scope(subject.scope, labels_of(subject), context)

    def _checked(self, provider: str, account: str) -> CheckResult | None:
        return self.results.get((provider, account))

    def _of(self, ticket: Ticket) -> Told:
        subject = ticket.subject
        name = subject.carrier or subject.provider
        return self.told[int(name[1:].rstrip("ab"))]

    def _note(self, change: Change, minute: int, now: float) -> None:
        ticket, told = change.after, self._of(change.after)
        story = self.stories[self.told.index(told)]
        what = f"minute {minute}: {ticket.subject.scope} {ticket.subject.symptom}"
        if change.kind == OPENED and any(it.breached for it in readings(ticket.clocks, now)):
            told.mistakes.append(f"{what} is late when it is opened")
        if ticket.diagnosis is not None and ticket.diagnosis.cause == Cause.HEALTHY:
            told.mistakes.append(f"{what} is diagnosed as healthy")
        if change.kind in (RESOLVED, CLOSED) and minute < story.healed and not ticket.resolution:
            told.mistakes.append(f"{what} is said to be over")
        if change.kind == CLOSED:
            told.ends.append(ticket.resolution)

    def _stands(self, ticket: Ticket) -> None:
        if ticket.stage is Stage.SUPPRESSED:
            return
        subject = ticket.subject
        is_wide = not subject.number
        members = (it.subject.number for it in ticket.members if it.left_at is None and is_wide)
        self._of(ticket).standing.append(
            Expected(
                subject.symptom,
                str(ticket.severity),
                str(subject.scope),
                frozenset(int(it[-1]) for it in members if it),
            )
        )


_LOSE_CALLS = ("answers", "busy", "calls", "get through")


def _accounts(row: int, story: Story) -> list[Account]:
    carrier = f"c{row}" if story.carrier else ""
    return [
        Account(
            (f"s{row}{'ab'[place]}", "hq"),
            {
                name: Hotline(name, carrier=carrier)
                for name in (f"4003{row:03}{place}0{last}" for last in range(NUMBERS))
            },
            has_calls=any(word in story.name for word in _LOSE_CALLS),
        )
        for place in range(story.accounts)
    ]


def _settings(accounts: list[list[Account]]) -> Settings:
    providers = [
        {"name": account.key[0], "profile": "generic", "accounts": [{"id": account.key[1]}]}
        for group in accounts
        for account in group
    ]
    tickets = {"gone_after": 3900, "confirmation": {"grades": []}, "hold": 120}
    return Settings.model_validate({"providers": providers, "tickets": tickets})
