"""The composition root: the only place where the parts of the agent meet."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path

import structlog

from agent.baselines.baseline import BaselineBook
from agent.baselines.planned import plans_of
from agent.baselines.repository import BaselineRepository
from agent.baselines.service import BaselineService
from agent.checks.engine import Checker
from agent.checks.result import CheckResult
from agent.complaints.api import ComplaintApi
from agent.complaints.correlation import ComplaintCorrelator, is_listed
from agent.config.settings import Settings
from agent.diagnosis.context import Context
from agent.diagnosis.diagnose import diagnose_number, diagnose_scope
from agent.diagnosis.digits import plain_digits
from agent.event_loop import (
    BackgroundTask,
    LoopLag,
    settle_garbage_collector,
    shorten_switch_interval,
    use_one_worker_thread,
)
from agent.evidence.service import EvidenceService
from agent.fleet import Fleet
from agent.inbound import InboundWebhooks
from agent.model import Alert, Verdict
from agent.plan import Plan, make_plan, warn_of_what_needs_a_restart
from agent.polling.pollers import Pollers
from agent.refresher import Refresher
from agent.rules.engine import RuleEngine
from agent.rules.queries.queries import Queries
from agent.rules.scheduler import Scheduler
from agent.runtime_state import RuntimeState
from agent.series import SeriesBuilder
from agent.sinks.callback_actions import Callbacks
from agent.sinks.dispatcher import Dispatcher
from agent.sinks.links import Links
from agent.sinks.reconciler import TicketSystemReconciler
from agent.sinks.registry import SinkContext, build_sinks
from agent.sinks.text import Writer
from agent.store.database import Database
from agent.tickets.actions.request import ActionRequest
from agent.tickets.changes import Change
from agent.tickets.decide.recovery_facts import recovery_by_facts
from agent.tickets.key import labels_of
from agent.tickets.ledger import Ledger
from agent.tickets.manager import Tickets
from agent.tickets.outbox.outbox import Outbox
from agent.tickets.series import tickets_summary
from agent.tickets.ticket import Subject
from agent.web.services import WebServices
from agent.webhooks.alertmanager.translate import is_foreign_symptom
from agent.webhooks.auth import is_local
from exporters.block import Block
from exporters.exposition import Exposition
from exporters.own_series import OwnSeries
from exporters.telemetry import Telemetry

log = structlog.get_logger(__name__)

_OWN_SERIES = "agent"


class Agent:
    """One agent: every part of it, started and stopped in order.

    Args:
        config: The configuration file; read at the start and at every reload.
        clock: Epoch seconds.
    """

    def __init__(self, config: Path, clock: Callable[[], float] = time.time) -> None:
        self._config = config
        self._clock = clock
        self._parts = AsyncExitStack()
        self._reloading = asyncio.Lock()
        self._started_at = clock()
        self.settings: Settings
        self.fleet = Fleet()
        self.telemetry = Telemetry()
        self.exposition = Exposition(self.telemetry.render, self.telemetry.scrape_errors.inc)
        self.own_series = OwnSeries(self.telemetry)
        self.baselines = BaselineBook()

    async def start(self) -> None:
        """Begin to watch.

        Raises:
            PlanError: when the configuration or a rule file is wrong; it holds every line.
            StoreError: when the ledger cannot be used.
        """
        shorten_switch_interval()
        use_one_worker_thread()
        plan = await asyncio.to_thread(make_plan, self._config)
        try:
            await self._open(plan)
            await self._begin(plan)
        except BaseException:
            await self.stop()
            raise
        self._tell_reload(ok=True)
        settle_garbage_collector()

    async def stop(self) -> None:
        """End every part; what is queued for a sink is delivered first, within a grace."""
        await self._parts.aclose()

    async def _open(self, plan: Plan) -> None:
        """Make the parts; nothing runs yet."""
        self.settings = plan.settings
        self.database = await Database.open(Path(plan.settings.data_dir))
        self._parts.push_async_callback(self.database.close)
        self.ledger = Ledger(self.database)
        self.shelf = BaselineRepository(self.database, self.baselines)
        self.baselines.declare(plan.declared)
        self._memory = RuntimeState(self.database, self.shelf)
        await self._memory.restore_baselines()
        self._refresher = Refresher(
            self.fleet, self.exposition, self._clock, *self._judges(plan.settings)
        )
        await self._memory.restore_habits(self._refresher.habits)
        self.evidence = EvidenceService(
            self.database, self._queries, lambda: self.settings, version("numwatch"), self._clock
        )
        self._pollers = Pollers(
            self.fleet, self.telemetry, self._clock, recorder=self.evidence.recorder
        )
        self._dispatcher = Dispatcher(
            self.database,
            build_sinks(plan.settings.sinks, self._clock, self._around(plan.settings)),
            self.telemetry,
            self._clock,
        )
        self.tickets = Tickets(
            self.database,
            plan.settings,
            self._diagnose_subject,
            recovery_by_facts(self.checked),
            self._dispatcher.wake,
        )
        self._desks = TicketSystemReconciler.of(
            self.database,
            self.tickets,
            lambda: self._dispatcher.sinks,
            self.telemetry,
            lambda: self.settings.tickets.reconcile,
            self._clock,
        )
        self.webhooks = await InboundWebhooks.open(
            self.database,
            plan.settings,
            self.telemetry,
            self._clock,
            self._is_listed,
            Callbacks(Links(self.database), self.ledger, self.tickets.act, self._clock).apply,
        )
        complaints = self.webhooks.complaints
        self._complaints = ComplaintCorrelator(
            complaints, self.tickets, self.ledger, lambda: self.settings, self.telemetry
        )
        self._complaint_api = ComplaintApi(
            complaints, self.tickets, lambda: self.settings, self._clock
        )

    async def _begin(self, plan: Plan) -> None:
        lag = LoopLag(self.telemetry)
        lag.start()
        self._parts.push_async_callback(lag.stop)
        await self._dispatcher.start()
        self._parts.push_async_callback(self._dispatcher.stop)
        self._desks.start()
        self._parts.push_async_callback(self._desks.stop)
        await self._begin_rules(plan, await self._engine(plan))
        self._parts.push_async_callback(self._end_rules)
        self.webhooks.start()
        self._parts.push_async_callback(self.webhooks.stop)
        for name, run in (
            ("refresher", self._refresher.run),
            ("evidence", self.evidence.collector.run),
        ):
            task = BackgroundTask(name, run)
            task.start()
            self._parts.push_async_callback(task.stop)
        await self._pollers.start(plan.settings)
        self._parts.push_async_callback(self._pollers.stop)

    def _around(self, settings: Settings) -> SinkContext:
        """What sinks are given of the agent."""
        refused, failed = self.telemetry.sink_steps_refused, self.telemetry.sink_template_errors
        return SinkContext(
            links=Links(self.database),
            writer=Writer(settings.locale, settings.web.external_url),
            clock=self._clock,
            step_refused=lambda sink, step: refused.labels(sink, step).inc(),
            template_failed=lambda sink, part: failed.labels(sink, part).inc(),
        )

    def _judges(self, settings: Settings) -> tuple[Checker, SeriesBuilder]:
        return (
            Checker(settings, self.baselines),
            SeriesBuilder(settings.metrics, plans_of(settings)),
        )

    async def _engine(self, plan: Plan) -> RuleEngine:
        engine = RuleEngine(plan.ruleset, keep=plan.settings.rules.history)
        await self._memory.restore_alerts(engine)
        return engine

    async def _begin_rules(self, plan: Plan, engine: RuleEngine) -> None:
        self._scheduler = Scheduler(
            engine,
            self._blocks,
            self._on_alerts,
            self.telemetry,
            plan.settings.rules.interval,
            self._clock,
        )
        # Without rules of its own the agent still has rounds: alerts come from outside too.
        self._scheduler.start()

    def _blocks(self) -> tuple[Block, ...]:
        """Every series as of now, the agent's own included."""
        return self.exposition.blocks() + self.own_series.blocks()

    def _queries(self) -> Queries:
        return Queries(
            lambda: self._scheduler.engine,
            self._blocks,
            self._clock,
            lambda: self.settings.rules.interval,
        )

    async def _end_rules(self) -> None:
        await self._scheduler.stop()

    async def _on_alerts(self, alerts: Sequence[Alert], now: float) -> None:
        if self.settings.tickets.enabled:
            complained = await self._complaints.collect_alerts(self.fleet, now)
            told = (*alerts, *await self.webhooks.firing_alerts(), *complained)
            await self.tickets.observe(told, self.fleet, now)
            await self._complaints.attach_and_release(self.fleet, now)
        standing = tuple(self.tickets.open)
        self.evidence.collector.observe(standing)
        summary = await asyncio.to_thread(tickets_summary, standing, now)
        self.exposition.publish(_OWN_SERIES, summary)
        self._pollers.set_urgent(
            frozenset(
                (ticket.subject.provider, ticket.subject.account)
                for ticket in standing
                if ticket.subject.account
            )
        )
        await self._memory.keep(self._scheduler.engine)

    async def reload(self) -> list[str]:
        """Take up the configuration as it is now; gives every line that is wrong with it.

        When anything is wrong, everything goes on as it was.
        """
        async with self._reloading:
            try:
                plan = await asyncio.to_thread(make_plan, self._config)
                around = self._around(plan.settings)
                sinks = build_sinks(plan.settings.sinks, self._clock, around)
                await self._pollers.reconfigure(plan.settings)
            except (ValueError, OSError) as error:
                lines = str(error).splitlines()
                self._tell_reload(ok=False)
                log.error("reload_failed", errors=lines)  # noqa: TRY400 - the lines say it all
                return lines
            await self._take_up(plan)
            await self._dispatcher.replace(sinks)
            self._tell_reload(ok=True)
            log.info("reloaded")
            return []

    async def _take_up(self, plan: Plan) -> None:
        warn_of_what_needs_a_restart(self.settings, plan.settings)
        self.settings = plan.settings
        self.baselines.declare(plan.declared)
        self._refresher.replace(*self._judges(plan.settings))
        self.tickets.reconfigure(plan.settings)
        await self.webhooks.reconfigure(plan.settings)
        await self._scheduler.stop()
        engine = RuleEngine(plan.ruleset, keep=plan.settings.rules.history)
        engine.inherit(self._scheduler.engine)
        await self._begin_rules(plan, engine)

    def _tell_reload(self, *, ok: bool) -> None:
        self.telemetry.config_reload_successful.set(ok)
        if ok:
            self.telemetry.config_reload_timestamp.set(self._clock())

    def _is_listed(self, number: str) -> bool | None:
        """Whether an account has the number; ``None`` while one has not been listed yet."""
        return is_listed(number, self.fleet, self.settings)

    def checked(self, provider: str, account: str) -> CheckResult | None:
        """What the checks found at an account; ``None`` before its first poll."""
        return self._refresher.checked.get((provider, account))

    def context(self, now: float) -> Context:
        """What a diagnosis may look at."""
        return Context(self.settings, now, dict(self._refresher.checked))

    def _diagnose_subject(self, subject: Subject, _fleet: Fleet, now: float) -> Verdict | None:
        if is_foreign_symptom(subject.symptom):
            return None
        answers = self._answers(subject.number) if subject.number else {}
        return diagnose_scope(subject.scope, labels_of(subject), self.context(now), answers)

    def _answers(self, number: str) -> dict[str, str]:
        """What people have found out about ``number``, as its open tickets hold it."""
        return {
            question: answer
            for ticket in self.tickets.open
            if ticket.subject.number == number
            for question, answer in ticket.answers.items()
        }

    async def diagnose(
        self, number: str, caller: str | None, answers: Mapping[str, str] | None = None
    ) -> Verdict | None:
        """The verdict on a number, for one caller where ``caller`` names one."""
        context = self.context(self._clock())
        told = {**self._answers(plain_digits(number)), **(answers or {})}
        return await asyncio.to_thread(
            diagnose_number, number, context, caller=caller or "", answers=told
        )

    async def answer(
        self, number: str, caller: str | None, answers: Mapping[str, str], by: str
    ) -> Verdict | None:
        """Keep ``answers`` with the number's open tickets; gives the verdict they lead to.

        Raises:
            ActionRequestError: when an answer or the name is not valid; nothing is recorded then.
        """
        await self.tickets.record_answers(number, answers, by, self._clock())
        return await self.diagnose(number, caller, answers)

    async def act(self, ticket: str, order: ActionRequest) -> Change | None:
        """Do what somebody asks with a ticket; see :meth:`agent.tickets.manager.Tickets.act`."""
        return await self.tickets.act(ticket, order, self._clock())

    async def replay(self, ticket: str | None) -> int:
        """Queue the dead letters of ``ticket``, or all of them, again; gives how many."""
        count = await Outbox(self.database).replay(ticket, self._clock())
        self._dispatcher.wake()
        return count

    def ready(self) -> str | None:
        """Why the agent cannot answer for its numbers yet; ``None`` when it can."""
        waiting = [
            f"{provider.name}/{account.id}"
            for provider in self.settings.providers
            for account in provider.accounts
            if (provider.name, account.id) not in self._refresher.checked
        ]
        return f"still waiting for the first poll of {', '.join(waiting[:10])}" if waiting else None

    def web_services(self) -> WebServices:
        """The agent as its pages see it."""
        return WebServices(
            fleet=self.fleet,
            exposition=self.exposition,
            tickets=self.ledger,
            settings=lambda: self.settings,
            check_result=self.checked,
            diagnose=self.diagnose,
            answer=self.answer,
            reload=self.reload,
            ready=self.ready,
            replay=self.replay,
            act=self.act,
            is_local=is_local,
            evidence=self.evidence.exporter,
            baselines=BaselineService(
                self.shelf,
                lambda: self._refresher.checked,
                lambda: plans_of(self.settings),
                self._clock,
            ),
            version=version("numwatch"),
            started_at=self._started_at,
            clock=self._clock,
            queries=self._queries,
            provided=(*self.webhooks.routes(), *self._complaint_api.routes()),
        )
