"""State that survives a restart besides tickets: pending alerts, baselines, learnt habits.

Each is stored as named pages of bytes in the ledger's table ``keep``.
"""

import structlog

from agent.baselines.repository import BaselineRepository
from agent.checks.habits import PAGE_PREFIX, Habits
from agent.rules.engine import RuleEngine
from agent.store.database import Database

log = structlog.get_logger(__name__)

_RULES = "rules/alerts"


class RuntimeState:
    """Saves alerts, baselines and habits when they change, and restores them at the start."""

    def __init__(self, database: Database, baselines: BaselineRepository) -> None:
        self._database = database
        self._baselines = baselines
        self._saved_alerts = b""
        self._habits: Habits | None = None

    async def restore_baselines(self) -> None:
        """Restore every baseline.

        Raises:
            StoreError: when the ledger cannot be read.
            ValueError: when a page is damaged; it names the page.
        """
        await self._baselines.restore()

    async def restore_habits(self, habits: Habits) -> None:
        """Restore ``habits`` from the ledger; damaged ones are logged and learnt anew."""
        self._habits = habits
        try:
            habits.restore(dict(await self._database.pages(PAGE_PREFIX)))
        except ValueError as error:
            log.error("habits_not_restored", error=str(error))  # noqa: TRY400 - the text says it

    async def restore_alerts(self, engine: RuleEngine) -> None:
        """Restore the pending and firing alerts of ``engine``; damaged ones are left out."""
        content = await self._database.get(_RULES)
        if content is None:
            return
        try:
            count = engine.restore(content)
        except ValueError as error:
            log.error("alerts_not_restored", error=str(error))  # noqa: TRY400 - the text says it
        else:
            log.info("alerts_restored", alerts=count)

    async def save(self, engine: RuleEngine) -> None:
        """Save the alerts, baselines and habits that changed since the previous call.

        Raises:
            StoreError: when the ledger refuses; the next call tries again.
        """
        state = engine.state()
        if state != self._saved_alerts:
            await self._database.put(_RULES, state)
            self._saved_alerts = state
        await self._baselines.write_changes()
        if self._habits is not None:
            for name, content in self._habits.take_unwritten():
                await self._database.put(name, content)
