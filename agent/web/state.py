"""What the pages and the API are given to read; everything else they work out themselves."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from agent.baselines.baseline import Baseline
from agent.baselines.service import BaselineReport
from agent.checks.engine import CheckResult
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.model import Verdict
from agent.rules.queries.queries import Queries
from agent.tickets.actions.request import ActionRequest
from agent.tickets.changes import Change
from agent.tickets.ledger import Filter, Page
from agent.tickets.ticket import Ticket
from exporters.exposition import Exposition


class Tickets(Protocol):
    """Where tickets are read; ``agent.tickets.ledger.Ledger`` is one."""

    async def open_tickets(self) -> list[Ticket]:
        """All tickets that still stand, oldest first."""
        ...

    async def list(self, wanted: Filter, limit: int = 100, offset: int = 0) -> Page:
        """The tickets that fit ``wanted``, newest first."""
        ...

    async def get(self, id_or_key: str) -> Ticket | None:
        """One ticket by its id, or the newest episode of a key."""
        ...


class Baselines(Protocol):
    """Where baselines are looked at and approved; see ``agent.baselines.service``."""

    async def report(
        self, number: str, provider: str = "", account: str = ""
    ) -> BaselineReport | None:
        """The number's baseline and what differs from it; ``None`` when nobody has it."""
        ...

    async def approve(
        self, number: str, by: str, note: str, provider: str = "", account: str = ""
    ) -> Baseline | None:
        """Make the number's present configuration the approved one; ``None``: nobody has it."""
        ...


Answer = Callable[[str, str | None, Mapping[str, str], str], Awaitable[Verdict | None]]
"""By number, caller, answers, and who gives them; raises ``OrderError`` where they are wrong."""


class Evidence(Protocol):
    """Where evidence is handed out; ``agent.evidence.exporter.EvidenceExporter`` is one."""

    async def bundle(self, id_or_key: str) -> tuple[str, bytes] | None:
        """A ticket's id and its evidence as a ZIP; ``None`` where there is no such ticket."""
        ...

    async def sheet(self, id_or_key: str) -> str | None:
        """A ticket's confirmation sheet as HTML; ``None`` where there is no such ticket."""
        ...

    async def statistics(self, since: float, until: float) -> bytes:
        """One row for every ticket detected in between, as CSV."""
        ...


TicketAction = Callable[[str, ActionRequest], Awaitable[Change | None]]
"""By a ticket's id; raises ``OrderError`` and ``IllegalTransitionError`` where it cannot be."""


@dataclass(frozen=True)
class WebState:
    """The agent as its pages see it."""

    fleet: Fleet
    exposition: Exposition
    tickets: Tickets
    settings: Callable[[], Settings]
    checked: Callable[[str, str], CheckResult | None]
    """What the checks found at a provider's account; ``None`` before its first poll."""
    diagnose: Callable[[str, str | None], Awaitable[Verdict | None]]
    """The verdict on a number for a caller (``None`` for anyone); ``None``: nobody has it."""
    reload: Callable[[], Awaitable[Sequence[str]]]
    """Loads the configuration again; gives the lines that say what is wrong with it."""
    ready: Callable[[], str | None]
    """Why the agent cannot answer for its numbers yet; ``None`` when it can."""
    replay: Callable[[str | None], Awaitable[int]]
    """Queues the dead letters of a ticket, or of all, again; gives how many."""
    version: str
    started_at: float
    clock: Callable[[], float] = time.time
    act: TicketAction | None = None
    """Does what somebody asks with a ticket; ``None``: there is no such ticket."""
    is_local: Callable[[web.Request], bool] = lambda _request: True
    """Whether a program on this machine asks, for itself."""
    answer: Answer | None = None
    """Keeps what people have found out with the number's tickets, and gives the verdict."""
    queries: Callable[[], Queries | None] = lambda: None
    """What answers expressions; ``None`` while no rule engine runs."""
    baselines: Baselines | None = None
    """Approved configurations; ``None`` where nothing is kept."""
    evidence: Evidence | None = None
    """Evidence bundles; ``None`` where none are kept."""
    hooks: tuple[web.RouteDef, ...] = ()
    """What other systems post to; they read their bodies themselves."""

    def accounts(self) -> list[tuple[str, str]]:
        """The configured accounts, in the configuration's order."""
        return [
            (provider.name, account.id)
            for provider in self.settings().providers
            for account in provider.accounts
        ]

    def all_checked(self) -> list[CheckResult]:
        """What the checks found, of every account polled so far."""
        found = (self.checked(*key) for key in self.accounts())
        return [checked for checked in found if checked is not None]
