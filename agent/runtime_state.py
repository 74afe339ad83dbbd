"""What the agent must remember through a restart besides tickets: alerts and baselines."""

import structlog

from agent.baselines.repository import BaselineRepository
from agent.checks.habits import PAGE_PREFIX, Habits
from agent.rules.engine import RuleEngine
from agent.store.database import Database

log = structlog.get_logger(__name__)

_RULES = "rules/alerts"


class RuntimeState:
    """Writes alerts and baselines down when they changed, and reads them back at the start."""

    def __init__(self, database: Database, shelf: BaselineRepository) -> None:
        self._database = database
        self._shelf = shelf
        self._written = b""
        self._habits: Habits | None = None

    async def restore_baselines(self) -> None:
        """Read every baseline back.

        Raises:
            StoreError: when the ledger refuses.
            ValueError: when a page is damaged; it names the page.
        """
        await self._shelf.restore()

    async def restore_habits(self, habits: Habits) -> None:
        """Let ``habits`` take up what was learnt before; what is damaged is learnt anew."""
        self._habits = habits
        try:
            habits.restore(dict(await self._database.pages(PAGE_PREFIX)))
        except ValueError as error:
            log.error("habits_not_restored", error=str(error))  # noqa: TRY400 - the text says it

    async def restore_alerts(self, engine: RuleEngine) -> None:
        """Let ``engine`` take up the alerts of the run before; damaged ones are left out."""
        content = await self._database.get(_RULES)
        if content is None:
            return
        try:
            count = engine.restore(content)
        except ValueError as error:
            log.error("alerts_not_restored", error=str(error))  # noqa: TRY400 - the text says it
        else:
            log.info("alerts_restored", alerts=count)

    async def keep(self, engine: RuleEngine) -> None:
        """Write down what changed since the last time.

        Raises:
            StoreError: when the ledger refuses; it is tried again next time.
        """
        state = engine.state()
        if state != self._written:
            await self._database.put(_RULES, state)
            self._written = state
        await self._shelf.write_changes()
        if self._habits is not None:
            for name, content in self._habits.take_unwritten():
                await self._database.put(name, content)
