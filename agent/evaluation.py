"""Evaluates the rules and decides about tickets; where replicas share a ledger, one of them does.

The others follow what it writes, so that their pages, series and evidence know the open tickets.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

import structlog

from agent.alert_sources import AlertSources
from agent.config.settings import Settings
from agent.event_loop import BackgroundTask
from agent.evidence.service import EvidenceService
from agent.fleet import Fleet
from agent.inbound import InboundWebhooks
from agent.model import Alert
from agent.plan import Plan
from agent.polling.pollers import Pollers
from agent.refresher import Refresher
from agent.rules.engine import RuleEngine
from agent.rules.scheduler import Scheduler
from agent.runtime_state import RuntimeState
from agent.sinks.reconciler import TicketSystemReconciler
from agent.store import StoreError, UnavailableError
from agent.store.acting import acting_under
from agent.store.leases import TICKETS
from agent.tickets.manager import Tickets
from agent.tickets.series import accounts_of, tickets_summary
from agent.tickets.ticket import Ticket
from exporters.block import Block
from exporters.exposition import Exposition
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

FOLLOW_INTERVAL = 2.0
"""Seconds between two looks at what the replica that decides has written."""
_ALERTS_INTERVAL = 10.0
"""The same for its alerts and for what it has approved, of which there may be much."""
_SUMMARY = "agent"


@dataclass(frozen=True)
class Parts:
    """What an evaluation reads and calls."""

    state: RuntimeState
    sources: AlertSources
    tickets: Tickets
    evidence: EvidenceService
    refresher: Refresher
    pollers: Pollers
    fleet: Fleet
    webhooks: InboundWebhooks
    ticket_systems: TicketSystemReconciler
    telemetry: Telemetry
    clock: Callable[[], float]
    blocks: Callable[[], Sequence[Block]]
    exposition: Exposition
    restore: Callable[[], Awaitable[None]]
    """Reads again what only the replica that decides writes."""


class Evaluation:
    """The rules, the tickets that follow from them, and what is compared with other systems."""

    def __init__(self, parts: Parts, plan: Plan) -> None:
        self.parts = parts
        self._plan = plan
        self.collects_evidence_of: Callable[[Ticket], bool] = lambda _: True
        """Whether the evidence of a ticket is collected here."""
        self._is_deciding = False
        self._following = BackgroundTask("tickets-following", self._follow)
        self.scheduler = self._scheduler_of(self._new_engine())

    @property
    def engine(self) -> RuleEngine:
        """The rules in force."""
        return self.scheduler.engine

    @property
    def settings(self) -> Settings:
        """The configuration in force."""
        return self._plan.settings

    async def begin(self) -> None:
        """Go on with the stored alerts and tickets, and decide from now on.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        parts = self.parts
        await self._following.stop()
        engine = self._new_engine()
        await parts.state.restore_alerts(engine)
        parts.tickets.rules_gone(engine.gone)
        engine.announce_gone()
        self.scheduler = self._scheduler_of(engine)
        self._is_deciding = True
        with acting_under(TICKETS):
            parts.ticket_systems.start()
            # Without any rules too: alerts from outside and complaints are handled after each.
            self.scheduler.start()
            parts.webhooks.start()

    async def end(self) -> None:
        """Decide no more."""
        if self._is_deciding:
            self._is_deciding = False
            await self.parts.webhooks.stop()
            await self.scheduler.stop()
            await self.parts.ticket_systems.stop()
            self.parts.exposition.withdraw(_SUMMARY)
            self.parts.sources.end()
        await self._following.stop()

    def follow(self) -> None:
        """Follow what another replica decides, until :meth:`begin` or :meth:`end`."""
        if not self._is_deciding:
            self._following.start()

    async def replace(self, plan: Plan) -> tuple[str, ...]:
        """Evaluate the rules of ``plan``; returns what an operator must know, a line each."""
        self._plan = plan
        await self.scheduler.stop()
        engine = self._new_engine()
        engine.inherit(self.engine)
        self.parts.tickets.rules_gone(engine.gone)
        notices = engine.announce_gone()
        self.scheduler = self._scheduler_of(engine)
        if self._is_deciding:
            with acting_under(TICKETS):
                self.scheduler.start()
        return notices

    def _new_engine(self) -> RuleEngine:
        return RuleEngine(self._plan.ruleset, retention=self._plan.settings.rules.history)

    def _scheduler_of(self, engine: RuleEngine) -> Scheduler:
        parts = self.parts
        return Scheduler(
            engine,
            parts.blocks,
            self._on_evaluation,
            parts.telemetry,
            self._plan.settings.rules.interval,
            parts.clock,
        )

    async def _on_evaluation(self, rule_alerts: Sequence[Alert], now: float) -> None:
        parts = self.parts
        # Alerts go on without the ledger, LedgerUnwritable among them; what could not be written is
        # decided again in the next evaluation. The database has logged why.
        with suppress(UnavailableError):
            await parts.state.save_alerts(self.engine)
            if self._plan.settings.tickets.enabled:
                own = self.engine.ruleset.alert_names
                await parts.sources.observe(rule_alerts, own, parts.fleet, now)
            await parts.state.save()
        open_tickets = self._take_up_tickets()
        waiting = parts.tickets.waiting
        parts.exposition.publish(
            _SUMMARY, await asyncio.to_thread(tickets_summary, open_tickets, now, waiting)
        )

    def _take_up_tickets(self) -> tuple[Ticket, ...]:
        """Collect evidence of what has opened, and let everything else know the open tickets."""
        parts = self.parts
        open_tickets = tuple(parts.tickets.open)
        parts.evidence.collector.observe(
            [it for it in open_tickets if self.collects_evidence_of(it)]
        )
        parts.refresher.follow_tickets()
        parts.pollers.set_urgent(accounts_of(open_tickets))
        return open_tickets

    async def _follow(self) -> None:
        shown: dict[str, bytes] = {}
        due = 0.0
        while True:
            try:
                if monotonic() >= due:
                    shown, due = await self._follow_alerts(shown), monotonic() + _ALERTS_INTERVAL
                    await self.parts.restore()
                await self.parts.webhooks.follow()
                await self.parts.tickets.follow(self.parts.clock())
                self._take_up_tickets()
            except StoreError as error:
                log.debug("tickets_not_followed", error=str(error))
            except Exception:
                log.exception("tickets_not_followed")
            await asyncio.sleep(FOLLOW_INTERVAL)

    async def _follow_alerts(self, shown: dict[str, bytes]) -> dict[str, bytes]:
        """Let pages and API show the alerts of the replica that decides; returns their pages."""
        pages = await self.parts.state.stored_alerts()
        if pages and pages != shown:
            engine = self._new_engine()
            try:
                await asyncio.to_thread(engine.restore, pages)
            except ValueError as error:
                log.debug("alerts_not_followed", error=str(error))
            self.scheduler = self._scheduler_of(engine)
        return pages
