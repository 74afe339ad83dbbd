"""What the agent does beside the watch: it purges, inspects, sends reports, makes test calls."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.checks.result import CheckResult
from agent.config.settings import Settings
from agent.fleet import Fleet
from agent.inspections.service import InspectionService
from agent.model import AccountKey
from agent.privacy.requests import PersonFacts, is_bound_in
from agent.privacy.service import PrivacyService
from agent.probing.board import ProbeBoard
from agent.reports.scheduled import ScheduledReports
from agent.reports.service import ReportService
from agent.store.database import Database
from agent.testcalls.joint_tests import JointTestParts, JointTests
from agent.testcalls.plans import Ownership, PlanParts, PlanRunner
from agent.testcalls.service import CallParts, CallService
from agent.tickets.manager import Tickets
from exporters.telemetry import Telemetry


@dataclass(frozen=True)
class UpkeepParts:
    """What the upkeep works with.

    Args:
        database: The ledger.
        config: The configuration file.
        fleet: The newest facts.
        probes: The newest test calls.
        ownership: Returns which accounts are polled here.
        settings: The configuration in force.
        results: The newest check result of every account.
        retention: The time by which data grows old (:mod:`agent.store.retention`).
        clock: Epoch seconds.
        telemetry: The agent's own metrics.
        reports: Makes reports.
        queued: Called after deliveries were queued.
        tickets: The open tickets, and who writes them.
    """

    database: Database
    config: Path
    fleet: Fleet
    probes: ProbeBoard
    ownership: Callable[[], Ownership]
    settings: Callable[[], Settings]
    results: Mapping[AccountKey, CheckResult]
    retention: Callable[[], Awaitable[float]]
    clock: Callable[[], float]
    telemetry: Telemetry
    reports: ReportService
    queued: Callable[[], None]
    tickets: Tickets


class Upkeep:
    """Makes the parts of the upkeep, and runs them."""

    def __init__(self, parts: UpkeepParts) -> None:
        facts = PersonFacts(
            lambda person: is_bound_in(tuple(parts.results.values()), person),
            lambda: files_of_configuration(parts.config, parts.settings()),
        )
        self.privacy = PrivacyService(
            parts.database,
            parts.settings,
            parts.retention,
            parts.clock,
            parts.telemetry,
            facts,
        )

        self.inspections = InspectionService(
            parts.database, parts.settings, parts.results, parts.clock, parts.telemetry
        )
        facts_of_calls = (parts.database, parts.settings, parts.fleet, parts.probes)
        self.calls = CallService(CallParts(*facts_of_calls, parts.telemetry, parts.clock))
        self._plans = PlanRunner(
            PlanParts(
                self.calls,
                parts.probes,
                parts.settings,
                parts.results,
                parts.ownership,
                parts.clock,
            )
        )
        self._joint_tests = JointTests(
            JointTestParts(self.calls, parts.settings, parts.tickets, parts.ownership, parts.clock)
        )
        self.scheduled_reports = ScheduledReports(
            parts.database, parts.reports, parts.settings, parts.clock, parts.queued
        )

    async def run(self) -> None:
        """Do it again and again, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.privacy.run(), name="privacy")
            group.create_task(self.inspections.run(), name="inspections")
            group.create_task(self.calls.run(), name="test-calls")
            group.create_task(self._plans.run(), name="test-call-plans")
            group.create_task(self._joint_tests.run(), name="joint-tests")
            group.create_task(self.scheduled_reports.run(), name="scheduled-reports")


def files_of_configuration(config: Path, settings: Settings) -> tuple[Path, ...]:
    """The files in which people write phones: the configuration, and its inventories."""
    inventories = [
        config.parent / account.inventory.file
        for provider in settings.providers
        for account in provider.accounts
        if account.inventory.file
    ]
    return (config, *inventories)
