"""The services of the agent that the web application's handlers read and call."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from agent.baselines.baseline import Baseline
from agent.baselines.rejections import DriftRejections
from agent.baselines.service import BaselineReport
from agent.checks.engine import CheckResult
from agent.complaints.api import ComplaintApi
from agent.config.reloads import Reloads
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.health.account import AccountHealth
from agent.health.fleet import FleetHealth
from agent.history.hours import HistoryReader
from agent.inspections.service import InspectionService
from agent.lints.waivers import WaiverStore
from agent.model import AccountKey
from agent.notices.service import NoticeService
from agent.polling.breaker import BreakerReading
from agent.polling.requested_polls import RequestedPoll
from agent.privacy.service import PrivacyService
from agent.reports.service import ReportService
from agent.rules.queries.queries import Queries
from agent.sinks.delivery_status import DeliveryStatus
from agent.states import Capability
from agent.store.audit import AuditLog
from agent.testcalls.service import CallService
from agent.tickets.actions.request import ActionRequest
from agent.tickets.changes import Change
from agent.tickets.dispatch.stored_movements import StoredMovements
from agent.tickets.index import TicketIndex
from agent.tickets.ledger import Filter, Page
from agent.tickets.members import MemberSlice
from agent.tickets.outbox.deliveries import TicketDeliveries
from agent.tickets.outbox.overview import DeadLetter, SinkQueue
from agent.tickets.saved_views import SavedViews
from agent.tickets.ticket import Ticket
from agent.verdict import Verdict
from agent.webhooks.auth import TokenCheck
from exporters.exposition import Exposition


class TicketReader(Protocol):
    """Reads tickets; ``agent.tickets.ledger.Ledger`` is one."""

    index: TicketIndex
    """Lists and counts tickets."""
    views: SavedViews
    """Named views of the list."""
    deliveries: TicketDeliveries
    """What sinks were sent."""
    movements: StoredMovements
    """When tickets last moved."""

    async def open_tickets(self) -> list[Ticket]:
        """Return all open tickets, oldest first."""
        ...

    async def list(self, filter_: Filter, /, limit: int = 100, offset: int = 0) -> Page:
        """Return the tickets that match the filter, newest first."""
        ...

    async def get(self, id_or_key: str) -> Ticket | None:
        """Return one ticket by its id, or the newest episode of a key."""
        ...

    async def opened_out(
        self, id_or_key: str, offset: int, limit: int
    ) -> tuple[Ticket, MemberSlice] | None:
        """Return the same without its members, and some of these."""
        ...


class Baselines(Protocol):
    """Reads and approves baselines; ``agent.baselines.service.BaselineService`` is one."""

    async def report(
        self, number: str, provider: str = "", account: str = ""
    ) -> BaselineReport | None:
        """Return a number's baseline and its drift; ``None`` when no account has the number."""
        ...

    async def approve(
        self, number: str, by: str, note: str, provider: str = "", account: str = ""
    ) -> Baseline | None:
        """Approve a number's present configuration; ``None`` when no account has the number.

        Raises:
            LookupError: when the configuration is not wholly known.
        """
        ...


class Deliveries(Protocol):
    """Reads the outbox; ``agent.sinks.deliveries.Deliveries`` is one."""

    def statuses(self) -> list[DeliveryStatus]:
        """Return how deliveries to each sink go."""
        ...

    async def queues(self) -> dict[str, SinkQueue]:
        """Return the queue of every sink that has rows, by the sink's name."""
        ...

    async def dead_letters(self, limit: int, offset: int) -> tuple[int, list[DeadLetter]]:
        """Return how many dead letters there are, and some of them, the newest first."""
        ...


class PollsOnRequest(Protocol):
    """Polls accounts for people; ``agent.polling.requested_polls.RequestedPolls`` does."""

    async def poll(self, provider: str, account: str, patience: float) -> RequestedPoll:
        """Poll an account now and wait ``patience`` seconds for the end."""
        ...

    def breakers(self, provider: str, account: str) -> Mapping[Capability, BreakerReading]:
        """Return the breakers of an account; none where it is not polled."""
        ...


class Evidence(Protocol):
    """Exports evidence; ``agent.evidence.exporter.EvidenceExporter`` is one."""

    async def bundle(
        self, id_or_key: str, *, with_recordings: bool = True
    ) -> tuple[str, bytes] | None:
        """Return a ticket's id and its evidence as a ZIP; ``None`` without such a ticket."""
        ...

    async def sheet(self, id_or_key: str) -> str | None:
        """Return a ticket's confirmation sheet as HTML; ``None`` without such a ticket."""
        ...

    async def statistics(self, since: float, until: float) -> bytes:
        """Return one CSV row for every ticket detected in between."""
        ...


class Diagnose(Protocol):
    """Diagnoses a number; ``agent.fleet_diagnosis.FleetDiagnosis.diagnose`` does."""

    async def __call__(
        self,
        number: str,
        caller: str | None,
        answers: Mapping[str, str] | None = None,
        *,
        locale: str = "",
        provider: str = "",
        account: str = "",
    ) -> Verdict | None:
        """Return the verdict for ``caller`` (``None``: anyone); ``None``: no account has it."""
        ...


AnswerQuestions = Callable[[str, str | None, Mapping[str, str], str], Awaitable[Verdict | None]]
"""Number, caller, answers and who gives them, to the verdict they lead to.

Raises ``ActionRequestError`` where an answer cannot be read.
"""

ActOnTicket = Callable[[str, ActionRequest], Awaitable[Change | None]]
"""Ticket id and action to the change; ``None`` without such a ticket.

Raises ``ActionRequestError`` and ``IllegalTransitionError`` where it cannot be done.
"""


@dataclass(frozen=True)
class ReloadOutcome:
    """The outcome of a reload of the configuration."""

    errors: Sequence[str] = ()
    """Everything that is wrong, a line each; with any, everything goes on as it was."""
    notices: Sequence[str] = ()
    """Notices for the operator about a reload that was carried out, a line each."""


async def _nothing_waits() -> None:
    pass


@dataclass(frozen=True)
class WebServices:
    """The rest of the agent; what is ``None`` answers as if there were nothing."""

    fleet: Fleet
    exposition: Exposition
    tickets: TicketReader
    settings: Callable[[], Settings]
    check_result: Callable[[str, str], CheckResult | None]
    """Provider and account to the newest check result; ``None`` before the first poll."""
    diagnose: Diagnose
    reload: Callable[[], Awaitable[ReloadOutcome]]
    """Loads the configuration again; returns one line per error."""
    ready: Callable[[], str | None]
    """Why the agent cannot answer for its numbers yet; ``None`` when it can."""
    replay: Callable[[str | None], Awaitable[int]]
    """Queues the dead letters of a ticket, or of all, again; returns how many."""
    version: str
    started_at: float
    clock: Callable[[], float] = time.time
    act: ActOnTicket | None = None
    tokens: TokenCheck = field(default_factory=TokenCheck)
    """Checks the tokens of whoever changes anything; the default lets nobody."""
    listen: tuple[str, ...] = ()
    """Addresses of the command line, which take the place of the configuration's."""
    answer: AnswerQuestions | None = None
    queries: Callable[[], Queries | None] = lambda: None
    """Evaluates expressions; ``None`` while no rule engine runs."""
    baselines: Baselines | None = None
    polls: PollsOnRequest | None = None
    rejections: DriftRejections | None = None
    waivers: WaiverStore | None = None
    evidence: Evidence | None = None
    notices: NoticeService | None = None
    """Finds the customers behind a ticket and tells them."""
    audit: AuditLog | None = None
    """Records who is shown what only some may see; without it nobody is."""
    privacy: PrivacyService | None = None
    """Says how long data about people is kept; exports and deletes one person's."""
    inspections: InspectionService | None = None
    """Inspections and onboardings of numbers."""
    calls: CallService | None = None
    """Places test calls, and has those that were made."""
    history: Callable[[], HistoryReader | None] = lambda: None
    """What was, by the hour; ``None`` where no history is kept."""
    deliveries: Deliveries | None = None
    reloads: Reloads | None = None
    reports: ReportService | None = None
    """Makes reports; ``None`` without a ledger."""
    complaints: ComplaintApi | None = None
    """Records, lists and handles complaints."""
    provided: tuple[web.RouteDef, ...] = ()
    """Handlers of other packages for the entries of the route table that have none."""
    fleet_health: FleetHealth = field(default_factory=FleetHealth)
    """Judges numbers; the default considers no ticket."""
    decided_at: Callable[[], str | None] = lambda: None
    """The place of the replica that decides about tickets, empty where it is not known now;
    ``None`` where this agent decides."""
    attend: Callable[[], Awaitable[None]] = _nothing_waits
    """Called before a page or an answer is made of the facts."""
    tickets_in_memory: Callable[[], Sequence[Ticket]] = tuple
    """The open tickets as last written; none before the first round."""

    async def open_tickets(self) -> Sequence[Ticket]:
        """The open tickets, oldest first; read from the ledger where memory has none.

        There may be tens of thousands: whoever goes through them does so in a thread.
        """
        return self.tickets_in_memory() or await self.tickets.open_tickets()

    def accounts(self) -> list[AccountKey]:
        """The configured accounts, in the configuration's order."""
        return [
            (provider.name, account.id)
            for provider in self.settings().providers
            for account in provider.accounts
        ]

    def check_results(self) -> list[CheckResult]:
        """The newest check result of every account polled so far."""
        results = (self.check_result(*key) for key in self.accounts())
        return [result for result in results if result is not None]

    def healths(self, now: float) -> list[AccountHealth]:
        """The health of the numbers of every account polled so far."""
        return self.fleet_health.of_all(self.check_results(), now)


SERVICES: web.AppKey[WebServices] = web.AppKey("services", WebServices)


def services_of(request: web.Request) -> WebServices:
    """The services of the application that handles ``request``."""
    return request.app[SERVICES]
