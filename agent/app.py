"""The composition root: the only place where the parts of the agent meet."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from agent.alert_sources import AlertSources
from agent.baselines.baseline import BaselineBook
from agent.baselines.planned import planned_periods
from agent.baselines.rejections import DriftRejections
from agent.baselines.repository import BaselineRepository
from agent.baselines.service import BaselineService
from agent.checks.engine import Checker
from agent.checks.result import CheckResult
from agent.clock import AgentClock
from agent.complaints.api import ComplaintApi
from agent.complaints.correlation import ComplaintCorrelator, is_listed
from agent.config.reloads import Reloads
from agent.config.settings import Settings
from agent.diagnosis.area_table import AREAS
from agent.evaluation import Evaluation, Parts
from agent.event_loop import (
    BackgroundTask,
    LoopLag,
    settle_garbage_collector,
    shorten_switch_interval,
    use_one_worker_thread,
)
from agent.evidence.service import EvidenceService
from agent.fleet import Fleet
from agent.fleet_diagnosis import FleetDiagnosis
from agent.health.fleet import FleetHealth
from agent.history.service import HistoryService
from agent.inbound import InboundWebhooks, Targets
from agent.lints.waivers import WaiverBook, WaiverStore
from agent.notices.service import NoticeService
from agent.plan import Plan, make_plan, warn_of_needed_restart
from agent.polling.pollers import Pollers
from agent.refresher import Refresher
from agent.replicas.published import PublishedAccounts
from agent.reports.service import ReportService
from agent.rules.queries.queries import Queries
from agent.runtime_state import RuntimeState
from agent.series import SeriesBuilder
from agent.sinks.callback_actions import Callbacks
from agent.sinks.deliveries import Deliveries
from agent.sinks.dispatcher import Dispatcher, grace_for
from agent.sinks.links import Links
from agent.sinks.reconciler import TicketSystemReconciler
from agent.sinks.registry import SinkContext, build_sinks
from agent.sinks.text import Writer
from agent.store import StoreError
from agent.store.audit import AuditLog
from agent.store.database import Database
from agent.store.monitor import LedgerMonitor
from agent.store.retention import RetentionClock
from agent.tickets.actions.request import ActionRequest
from agent.tickets.changes import Change
from agent.tickets.customers.directory import CustomerBook
from agent.tickets.decide.recovery_facts import recovery_by_facts
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.tickets.open_faults import OpenFaultsOf
from agent.upkeep import Upkeep, UpkeepParts
from agent.web.services import ReloadOutcome, WebServices
from agent.webhooks.auth import TokenCheck
from agent.webhooks.own_token import OwnToken
from exporters.block import Block
from exporters.exposition import Exposition
from exporters.own_series import OwnSeries
from exporters.telemetry import Telemetry

if TYPE_CHECKING:
    from agent.replicas.replica import Replica
    from agent.store.postgresql.lease_keeper import LeaseKeeper

log = structlog.get_logger(__name__)


class Agent:
    """One agent: makes its parts, connects them, starts and stops them in order.

    Args:
        config: The configuration file; read at the start and at every reload.
        clock: Epoch seconds.
    """

    def __init__(self, config: Path, clock: Callable[[], float] = time.time) -> None:
        self._config, self._clock = config, AgentClock(clock)
        self._running = AsyncExitStack()
        self._reload_lock = asyncio.Lock()
        self._started_at = clock()
        self.settings: Settings
        self.fleet = Fleet()
        self.telemetry = Telemetry()
        self.exposition = Exposition(self.telemetry.render, self.telemetry.scrape_errors.inc)
        self.published = PublishedAccounts(self.exposition)
        self.own_series = OwnSeries(self.telemetry)
        self._replica: Replica | None = None
        self.reloads = Reloads(self.telemetry.record_reload, self._clock)
        self.baselines, self.waivers = BaselineBook(), WaiverBook()
        self.customers = CustomerBook(lambda: self.settings)
        self._own_token = OwnToken(lambda: self.settings)
        self.tokens = TokenCheck(self._own_token.current, self.telemetry)

    async def start(self) -> None:
        """Open the ledger, make the parts and start them.

        Raises:
            PlanError: when the configuration or a rule file is wrong; it lists every error.
            StoreError: when the ledger cannot be used.
        """
        shorten_switch_interval()
        use_one_worker_thread()
        plan = await asyncio.to_thread(make_plan, self._config)
        self.settings = plan.settings
        try:
            await self._open_ledger(plan)
            await self._make_monitoring(plan)
            await self._make_ticketing(plan)
            await self._start_parts(plan)
        except BaseException:
            await self.stop()
            raise
        self.reloads.applied(plan.settings, plan.source)
        settle_garbage_collector()

    async def stop(self) -> None:
        """Stop every part in reverse order; sinks first deliver their queues, within a grace."""
        await self._running.aclose()

    # Making the parts: nothing runs yet.

    async def _open_ledger(self, plan: Plan) -> None:
        settings = plan.settings
        self.database = await Database.open(Path(settings.data_dir), settings.store)
        self._running.push_async_callback(self.database.close)
        self.ledger = await Ledger.open(self.database)
        await self._own_token.ensure(plan.settings)
        self._baseline_repository = BaselineRepository(self.database, self.baselines)
        self.baselines.declare(plan.declared)
        self._runtime_state = RuntimeState(self.database, self._baseline_repository)
        await self._runtime_state.restore_baselines()
        self._waivers = WaiverStore(self.database, self.waivers)
        await self._waivers.restore()

    async def _make_monitoring(self, plan: Plan) -> None:
        """Polls to snapshots, snapshots to series; evidence records what providers answer."""
        self._fleet_health = FleetHealth(OpenFaultsOf(lambda: self.tickets.open))
        checks = self._checks(plan.settings)
        self._refresher = Refresher(
            self.fleet, self.published, self._clock, *checks, self._fleet_health
        )
        await self._runtime_state.restore_habits(*self._refresher.learners)
        self._retention = RetentionClock(self.database, self._clock)
        known = (self._queries, lambda: self.settings, version("numwatch"))
        times = (self._clock, self._retention.now)
        self.evidence = EvidenceService(self.database, *known, *times, self.telemetry)
        recorder = self.evidence.recorder
        self._pollers = Pollers(self.fleet, self.telemetry, self._clock, recorder=recorder)

    async def _make_ticketing(self, plan: Plan) -> None:
        """Alerts to tickets, tickets to sinks, and the webhooks by which systems answer."""
        self._dispatcher = Dispatcher(
            self.database,
            build_sinks(plan.settings.sinks, self._clock, self._context(plan.settings)),
            self.telemetry,
            self._clock,
            retention=self._retention.now,
        )
        settings = self._dispatcher.ladder.settings = self.customers.settings
        self._diagnosis = FleetDiagnosis(
            lambda: self._refresher.results, lambda: self.tickets, settings, self._clock
        )
        self.tickets = Tickets(
            self.database,
            plan.settings,
            self._diagnosis.diagnose_subject,
            recovery_by_facts(self.checked),
            self._dispatcher.wake,
        )
        notified = (self.tickets, self._clock, self._dispatcher.wake)
        self.notices = NoticeService(self.database, self.fleet, self.customers, *notified)
        self._history = HistoryService(
            settings, self._refresher, self.tickets, self._clock, self._retention.now
        )
        self._reports = ReportService(
            self.database, lambda: self.settings, self._clock, self._history.reader, self._refresher
        )
        self._upkeep = Upkeep(self._upkeep_parts())
        self._clock.subscribe(self._pollers.clock_was_set, self.tickets.clock_was_set)
        self._clock.subscribe(self._refresher.clock_was_set, renew=self._refresher.refresh_all)
        self._ticket_systems = TicketSystemReconciler.of(
            self.database,
            self.tickets,
            lambda: self._dispatcher.sinks,
            self.telemetry,
            lambda: self.settings.tickets.reconcile,
            self._clock,
        )
        callbacks = Callbacks(Links(self.database), self.ledger, self.tickets.act, self._clock)
        self.webhooks = await InboundWebhooks.open(
            self.database,
            plan.settings,
            self.telemetry,
            self._clock,
            Targets(
                lambda number: is_listed(number, self.fleet, self.settings),
                callbacks.apply,
                self._pollers,
            ),
            self.tokens,
        )
        stored = self._diagnosis.complaints = self.webhooks.complaints
        source = ComplaintCorrelator(stored, self.tickets, self.ledger, settings, self.telemetry)
        self._rejections = await DriftRejections.open(self.database)
        self._sources = AlertSources(
            source,
            self.webhooks,
            self._rejections,
            self.tickets,
            lambda: self._refresher.results,
            self._upkeep.inspections,
        )
        self._complaint_api = ComplaintApi(self.webhooks.recorder, source, self._clock)

    def _upkeep_parts(self) -> UpkeepParts:
        facts = (lambda: self.settings, self._refresher.results, self._retention.now, self._clock)
        own = (self.telemetry, self._reports, self._dispatcher.wake, self.tickets)
        known = (self.database, self._config, self.fleet, self._refresher.probes)
        return UpkeepParts(*known, lambda: self._pollers.ownership, *facts, *own)

    def _checks(self, settings: Settings) -> tuple[Checker, SeriesBuilder]:
        series = SeriesBuilder(settings.metrics, planned_periods(settings))
        return Checker(settings, self.baselines, self.waivers), series

    def _context(self, settings: Settings) -> SinkContext:
        writer, links = Writer(settings.locale, settings.web.external_url), Links(self.database)
        return SinkContext.of(links, writer, self._clock, self.telemetry, self.customers)

    def _blocks(self) -> tuple[Block, ...]:
        """All series as they are now, the agent's own included."""
        return self.published.blocks() + self.own_series.blocks()

    def _queries(self) -> Queries:
        return Queries.of(
            lambda: self._evaluation.engine, self._blocks, self._clock, lambda: self.settings
        )

    # Starting the parts. They stop in reverse order, so the pollers, which cause all other
    # work, start last and stop first, and the dispatcher can still deliver what they caused.

    async def _start_parts(self, plan: Plan) -> None:
        for watch in (LoopLag(self.telemetry), LedgerMonitor(self.database, self.telemetry)):
            watch.start()
            self._running.push_async_callback(watch.stop)
        self._evaluation = Evaluation(self._evaluation_parts(), plan)
        self._running.push_async_callback(
            lambda: self._dispatcher.stop(grace_for(self.settings.sinks))
        )
        self._running.push_async_callback(self._evaluation.end)
        parts = (self._refresher, self.evidence.collector, self._history, self.notices)
        runs = (*(part.run for part in (*parts, self._upkeep)), AREAS.load_beside)
        if self.database.lease_keeper is not None:
            self._replica = self._make_replica(self.database.lease_keeper)
        await self._dispatcher.start()
        if self._replica is None:
            await self._evaluation.begin()
        for task in (BackgroundTask(it.__qualname__, it) for it in runs):
            task.start()
            self._running.push_async_callback(task.stop)
        await self._pollers.start(plan.settings, self._runtime_state.cost_pages)
        self._running.push_async_callback(self._pollers.stop)
        if self._replica is not None:
            self._running.push_async_callback(self._replica.stop)
            await self._replica.start()

    def _evaluation_parts(self) -> Parts:
        return Parts(
            state=self._runtime_state,
            sources=self._sources,
            tickets=self.tickets,
            evidence=self.evidence,
            refresher=self._refresher,
            pollers=self._pollers,
            fleet=self.fleet,
            webhooks=self.webhooks,
            ticket_systems=self._ticket_systems,
            telemetry=self.telemetry,
            clock=self._clock,
            blocks=self._blocks,
            exposition=self.exposition,
            restore=self._restore,
        )

    def _make_replica(self, lease_keeper: "LeaseKeeper") -> "Replica":
        from agent.replicas.replica import Replica, ReplicaParts  # noqa: PLC0415 - only for several

        own = (self.database, self._dispatcher, self._evaluation, self.published, self.tokens)
        return Replica(ReplicaParts(*own), lease_keeper)

    async def _restore(self) -> None:
        """Read again what the replica that decided before has written."""
        await self._runtime_state.restore_baselines()
        await self._waivers.restore()
        await self._rejections.restore()

    # Reloading the configuration.

    async def reload(self) -> ReloadOutcome:
        """Apply the configuration as it is now; with any error, everything goes on as it was."""
        async with self._reload_lock:
            try:
                plan = await asyncio.to_thread(make_plan, self._config)
                sinks = build_sinks(plan.settings.sinks, self._clock, self._context(plan.settings))
                # The last steps that may fail, since from here on there is no way back.
                await self._own_token.ensure(plan.settings)
                await self._pollers.reconfigure(plan.settings)
            except (ValueError, OSError, StoreError) as error:
                return ReloadOutcome(errors=self.reloads.failed(str(error).splitlines()))
            notices = await self._apply(plan)
            await self._dispatcher.replace(sinks)
            self.reloads.applied(plan.settings, plan.source)
            return ReloadOutcome(notices=notices)

    async def _apply(self, plan: Plan) -> tuple[str, ...]:
        """Put ``plan`` into force; returns what an operator must know, a line each."""
        warn_of_needed_restart(self.settings, plan.settings)
        self.settings = plan.settings
        self.baselines.declare(plan.declared)
        self._refresher.replace(*self._checks(plan.settings))
        self.tickets.reconfigure(plan.settings)
        await self.webhooks.reconfigure(plan.settings)
        return await self._evaluation.replace(plan)

    def checked(self, provider: str, account: str) -> CheckResult | None:
        """The result of the checks of an account; ``None`` before its first poll."""
        return self._refresher.results.get((provider, account))

    async def act(self, ticket: str, request: ActionRequest) -> Change | None:
        """Perform an action on a ticket; see :meth:`agent.tickets.manager.Tickets.act`."""
        return await self.tickets.act(ticket, request, self._clock())

    def ready(self) -> str | None:
        """Why it is not ready: an account was not checked yet, or no ticket can be written."""
        if self.database.trouble is not None:
            return f"the ledger cannot be written: {self.database.trouble}"
        return self._refresher.waiting_for(self.settings)

    def web_services(self) -> WebServices:
        """The services of the agent that the web application reads and calls."""
        return WebServices(
            fleet=self.fleet,
            exposition=self.exposition,
            tickets=self.ledger,
            settings=lambda: self.settings,
            check_result=self.checked,
            diagnose=self._diagnosis.diagnose,
            answer=self._diagnosis.answer,
            reload=self.reload,
            reloads=self.reloads,
            ready=self.ready,
            replay=self._dispatcher.replay,
            act=self.act,
            tokens=self.tokens,
            evidence=self.evidence.exporter,
            notices=self.notices,
            audit=AuditLog(self.database, self._retention.now, lambda: self.settings),
            polls=self._pollers.requested if self._replica is None else self._replica.polls,
            rejections=self._rejections,
            waivers=self._waivers,
            privacy=self._upkeep.privacy,
            inspections=self._upkeep.inspections,
            calls=self._upkeep.calls,
            history=self._history.reader,
            reports=self._reports,
            deliveries=Deliveries(self.database, self._dispatcher),
            baselines=BaselineService(
                self._baseline_repository,
                lambda: self._refresher.results,
                lambda: planned_periods(self.settings),
                self._clock,
            ),
            version=version("numwatch"),
            started_at=self._started_at,
            clock=self._clock,
            queries=self._queries,
            complaints=self._complaint_api,
            fleet_health=self._fleet_health,
            attend=self._refresher.attend,
            decided_at=lambda: None if self._replica is None else self._replica.decided_at(),
            tickets_in_memory=lambda: self.tickets.open,
            provided=(*self.webhooks.routes(), *self._complaint_api.routes()),
        )
