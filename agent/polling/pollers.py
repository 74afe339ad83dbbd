"""All accounts' pollers: started, changed and stopped together with the configuration."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from agent.config.settings import Account, Polling, ProviderSettings, Settings
from agent.fleet import Fleet
from agent.model import AccountKey
from agent.net.exchange import Fetch
from agent.polling.account_state import AccountState
from agent.polling.budget import Budget
from agent.polling.call_ledger import RECENT_CALLS
from agent.polling.client_pool import HttpClientPool
from agent.polling.journal import PollJournal, PollOutcome
from agent.polling.loop_throttle import LoopThrottle
from agent.polling.plan import Plan, plans_of
from agent.polling.poller import Poller
from agent.polling.recorder import ResponseRecorder
from agent.polling.retry import Backoff, with_retries
from agent.polling.schedule import first_delay
from agent.providers import registry
from agent.providers.base import AdapterReports, Provider
from exporters.telemetry import Telemetry


class Build(Protocol):
    """Makes the adapter of one account, as :func:`agent.providers.registry.build` does."""

    def __call__(
        self,
        settings: ProviderSettings,
        account: Account,
        fetch: Fetch,
        limits: Polling,
        *,
        reports: AdapterReports,
        clock: Callable[[], float],
    ) -> Provider:
        """The adapter; raises ``ValueError`` or ``ConfigError`` when it cannot be made."""
        ...


class Pollers:
    """Polls every configured account into ``fleet``. Use inside a running event loop."""

    def __init__(
        self,
        fleet: Fleet,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
        build: Build = registry.build,
        chance: Callable[[], float] = random.random,
        *,
        recent_calls: int = RECENT_CALLS,
        witness: ResponseRecorder | None = None,
    ) -> None:
        """``evidence_kept`` newest call records of every number are kept for a diagnosis.

        ``witness`` is shown every answer, word for word.
        """
        self._witness = witness
        self._fleet = fleet
        self._telemetry = telemetry
        self._clock = clock
        self._build = build
        self._chance = chance
        self._evidence_kept = recent_calls
        self._pollers: dict[AccountKey, Poller] = {}
        self._doors = HttpClientPool(clock)
        self._turnstile = LoopThrottle()
        self._urgent: frozenset[AccountKey] = frozenset()
        self._changing = asyncio.Lock()

    def accounts(self) -> tuple[AccountKey, ...]:
        """Provider and account of everything polled, in the order of the configuration."""
        return tuple(self._pollers)

    async def start(self, settings: Settings) -> None:
        """Begin to poll every account of ``settings``; raises as :meth:`reconfigure` does."""
        await self.reconfigure(settings)

    async def prepare(self, settings: Settings) -> None:
        """Make ready what ``settings`` say, but poll only what :meth:`poll_once` asks for."""
        await self.reconfigure(settings, begin=False)

    async def reconfigure(self, settings: Settings, *, begin: bool = True) -> None:
        """Poll what ``settings`` say from now on.

        Accounts whose settings are the same run on undisturbed; changed ones start anew with
        the facts they have; removed ones are forgotten.

        Raises:
            ConfigError: when a profile cannot be loaded.
            ValueError: when a provider cannot be made from its settings.
            OSError: when a file the settings name cannot be read. After any of these
                everything polls on as before.
        """
        async with self._changing:
            plans = plans_of(settings)
            changed = [plan for key, plan in plans.items() if not self._runs(key, plan)]
            try:
                pollers = [self._made(plan) for plan in changed]
            except Exception:
                await self._doors.close_all_but(self._plans())
                raise
            await self._retire([plan.key for plan in changed])
            await self._remove([key for key in self._pollers if key not in plans])
            for poller in pollers:
                poller.take_over()
            made = dict(zip((plan.key for plan in changed), pollers, strict=True))
            self._pollers = {key: made.get(key) or self._pollers[key] for key in plans}
            await self._doors.close_all_but(plans.values())
            if begin:
                self._begin(pollers)

    async def stop(self) -> None:
        """Break off every poll and close every connection."""
        async with self._changing:
            await asyncio.gather(*(poller.stop() for poller in self._pollers.values()))
            await self._doors.close_all_but(())

    async def poll_once(self, provider: str, account: str) -> tuple[PollOutcome, ...]:
        """Poll every capability of one account now, whatever its schedule and breakers say.

        Raises:
            KeyError: when no such account is configured.
        """
        return await self._pollers[provider, account].poll_all()

    def set_urgent(self, keys: frozenset[AccountKey]) -> None:
        """Poll these accounts faster, within the same budget, and all others normally."""
        self._urgent = keys
        for key, poller in self._pollers.items():
            poller.set_urgent(key in keys)

    def _plans(self) -> list[Plan]:
        return [poller.plan for poller in self._pollers.values()]

    def _runs(self, key: AccountKey, plan: Plan) -> bool:
        poller = self._pollers.get(key)
        return poller is not None and plan.same_as(poller.plan)

    def _made(self, plan: Plan) -> Poller:
        """A poller for ``plan``, its provider behind door, budget and retries."""
        door = self._doors.of(plan)
        polling = plan.polling
        budget = Budget(polling.rate, polling.concurrency)
        tried = with_retries(
            budget.wrap(door.fetch), polling.attempts, Backoff.within(polling.timeout)
        )
        seen = self._witness.wrap(plan.key, tried) if self._witness else tried
        journal = PollJournal(self._telemetry, *plan.key)
        provider = self._build(
            plan.provider,
            plan.account,
            self._turnstile.wrap(seen),
            polling,
            reports=journal.reports,
            clock=self._clock,
        )
        former = self._pollers.get(plan.key)
        keeper = former.keeper if former else self._keeper(plan)
        poller = Poller(plan, provider, keeper, journal, lambda: door.skew, self._clock)
        poller.set_urgent(plan.key in self._urgent)
        return poller

    def _keeper(self, plan: Plan) -> AccountState:
        return AccountState(plan, self._fleet, self._clock(), self._evidence_kept)

    async def _retire(self, keys: Sequence[AccountKey]) -> None:
        running = [self._pollers[key] for key in keys if key in self._pollers]
        await asyncio.gather(*(poller.stop() for poller in running))

    async def _remove(self, keys: Sequence[AccountKey]) -> None:
        await self._retire(keys)
        for key in keys:
            del self._pollers[key]
            self._fleet.drop(*key)
            self._telemetry.forget_account(*key)

    def _begin(self, pollers: Sequence[Poller]) -> None:
        for index, poller in enumerate(pollers):
            intervals = poller.plan.polling.intervals
            poller.start(
                {
                    capability: first_delay(
                        index, len(pollers), intervals.of(capability), self._chance()
                    )
                    for capability in poller.capabilities
                }
            )
