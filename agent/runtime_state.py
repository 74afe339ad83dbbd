"""State that survives a restart besides tickets: alerts, baselines, learnt habits, costs.

Each is stored as named pages of bytes in the ledger's table ``keep``.
"""

import asyncio
from itertools import chain

import structlog

from agent.baselines.repository import BaselineRepository
from agent.checks import call_habits, charge_habits
from agent.checks.call_habits import CallHabits
from agent.checks.charge_habits import ChargeHabits
from agent.checks.habits import PAGE_PREFIX, Habits
from agent.polling.cost_pages import LedgerPages
from agent.rules.alert_state import ROOT
from agent.rules.engine import RuleEngine
from agent.store.database import Database
from agent.store.page_batches import in_batches

log = structlog.get_logger(__name__)

Learner = Habits | ChargeHabits | CallHabits
_UNKNOWN = b""
"""Stands for the content of a page that may have been written or not; no page is empty."""


class RuntimeState:
    """Saves alerts, baselines and habits when they change, and restores them at the start."""

    def __init__(self, database: Database, baselines: BaselineRepository) -> None:
        self._database = database
        self.cost_pages = LedgerPages(database)
        """The stored budgets of paid queries."""
        self._baselines = baselines
        self._saved_alerts: dict[str, bytes] = {}
        self._gone: frozenset[str] = frozenset()
        """Names of saved pages whose rules are gone."""
        self._habits: tuple[Learner, ...] = ()
        self._unsaved: dict[str, bytes] = {}
        """Pages of habits that the ledger refused."""

    async def restore_baselines(self) -> None:
        """Restore every baseline.

        Raises:
            StoreError: when the ledger cannot be read.
            ValueError: when a page is damaged; it names the page.
        """
        await self._baselines.restore()

    async def restore_habits(
        self, habits: Habits, charges: ChargeHabits, calls: CallHabits
    ) -> None:
        """Restore what was learnt from the ledger; damaged pages are logged and learnt anew."""
        self._habits = habits, charges, calls
        await self.restore_learnt()

    async def restore_learnt(self) -> None:
        """Restore again what :meth:`restore_habits` has, as another replica has saved it since."""
        prefixes = (PAGE_PREFIX, charge_habits.PAGE_PREFIX, call_habits.PAGE_PREFIX)
        for learner, prefix in zip(self._habits, prefixes, strict=True):
            try:
                learner.restore(dict(await self._database.pages(prefix)))
            except ValueError as error:
                log.error("habits_not_restored", error=str(error))  # noqa: TRY400 - the text says it

    async def restore_alerts(self, engine: RuleEngine) -> None:
        """Restore the pending and firing alerts of ``engine``; damaged ones are left out."""
        pages = dict(await self._database.pages(ROOT))
        # Also those that cannot be read: the next save must delete them.
        self._saved_alerts = pages
        if not pages:
            return
        try:
            count = await asyncio.to_thread(engine.restore, pages)
        except ValueError as error:
            log.error("alerts_not_restored", error=str(error))  # noqa: TRY400 - the text says it
        else:
            log.info("alerts_restored", alerts=count)

    async def stored_alerts(self) -> dict[str, bytes]:
        """The pages of alerts as whoever decides has saved them.

        Raises:
            StoreError: when the ledger cannot be read.
        """
        return dict(await self._database.pages(ROOT))

    async def save(self) -> None:
        """Save the baselines and habits that changed, and forget the alerts of rules that are gone.

        Call it once the tickets of :meth:`save_alerts` are written.

        Raises:
            StoreError: when the ledger refuses; the next call tries again.
        """
        if self._gone:
            await self._database.replace({}, self._gone)
            saved = self._saved_alerts.items()
            self._saved_alerts = {name: page for name, page in saved if name not in self._gone}
            self._gone = frozenset()
        await self._baselines.write_changes()
        learnt = (learner.take_unwritten() for learner in self._habits)
        for pages in in_batches(chain(list(self._unsaved.items()), *learnt)):
            self._unsaved |= pages
            await self._database.replace(pages, ())
            for name in pages:
                del self._unsaved[name]

    async def save_alerts(self, engine: RuleEngine) -> None:
        """Write the pages that differ from those saved last, all in one transaction.

        Call it before tickets are told of the alerts: a ticket whose alert is not known after a
        kill would not be told that its rule has gone. What is known of rules that are gone stays
        until :meth:`save`, for the same reason.

        Raises:
            StoreError: when the ledger refuses; the next call tries again.
        """
        # In a thread: a hundred thousand alerts take a tenth of a second to encode.
        pages = dict(await asyncio.to_thread(engine.state))
        saved = self._saved_alerts
        changed = {name: page for name, page in pages.items() if saved.get(name) != page}
        left = saved.keys() - pages.keys()
        self._gone = engine.pages_of_gone_rules(left)
        gone = left - self._gone
        if changed or gone:
            # A reload may cancel this after the commit, and a commit may fail after it was carried
            # out: until the end it is not known what these pages hold, nor whether they are there.
            self._saved_alerts = {**saved, **dict.fromkeys(changed, _UNKNOWN)}
            await self._database.replace(changed, gone)
            self._saved_alerts = {**pages, **{name: saved[name] for name in self._gone}}
