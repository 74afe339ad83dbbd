"""Starts, replaces and stops the pollers of all accounts as the configuration changes."""

import asyncio
import random
import time
from collections.abc import Callable, Collection, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from agent.clock import wall_clock
from agent.config.settings import Account, Polling, ProviderSettings, Settings
from agent.fleet import Fleet
from agent.model import AccountKey
from agent.net.exchange import Fetch
from agent.polling.account_state import AccountState
from agent.polling.call_ledger import RECENT_CALLS
from agent.polling.handover import Absence, Handover
from agent.polling.journal import PollJournal, PollOutcome
from agent.polling.merge import MergeState
from agent.polling.plan import Plan, plans_of
from agent.polling.poller import Poller
from agent.polling.pushed import PushOutcome
from agent.polling.recorder import ResponseRecorder
from agent.polling.redaction import AccountRedactor
from agent.polling.request_path import RequestPaths
from agent.polling.requested_polls import RequestedPolls
from agent.polling.schedule import first_delay
from agent.providers import registry
from agent.providers.base import AdapterReports, Provider
from agent.providers.paid_queries import Pages
from agent.providers.pushed import PushedFacts
from agent.store.acting import acting_under
from agent.store.leases import account_lease
from exporters.telemetry import Telemetry

_REMOVED_AT_ONCE = 50
"""Accounts that are removed before the event loop has its turn: a replica may lose thousands."""


class BuildProvider(Protocol):
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
        pages: Pages | None,
    ) -> Provider:
        """The adapter; raises ``ValueError`` or ``ConfigError`` when it cannot be made."""
        ...


class Ownership(Protocol):
    """Which of the configured accounts are polled here."""

    def owns(self, key: AccountKey) -> bool:
        """Whether the account is to be polled here."""
        ...

    def may_poll(self, key: AccountKey) -> bool:
        """Whether a request of the account may be sent at this moment."""
        ...

    def take_former(self, key: AccountKey) -> "FormerPoller | None":
        """What the account's former poller has left; once, and ``None`` where there was none."""
        ...


class OwnsAll:
    """Where one agent polls every account."""

    def owns(self, _key: AccountKey) -> bool:
        """It does."""
        return True

    def may_poll(self, _key: AccountKey) -> bool:
        """It may."""
        return True

    def take_former(self, _key: AccountKey) -> "FormerPoller | None":
        """There is none."""
        return None


@dataclass(frozen=True, repr=False)
class FormerPoller:
    """What another process has left of an account that it polled."""

    merged: MergeState
    handover: Handover
    call_ids: Mapping[int, Collection[int]]
    absence: Absence


class Pollers:
    """Polls every configured account into ``fleet``. Use inside a running event loop."""

    def __init__(
        self,
        fleet: Fleet,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.time,
        build: BuildProvider = registry.build,
        jitter: Callable[[], float] = random.random,
        *,
        recent_calls: int = RECENT_CALLS,
        recorder: ResponseRecorder | None = None,
    ) -> None:
        """``jitter`` returns a random number from 0 to 1, by which the first polls are spread.

        ``recent_calls`` newest call records of every number are kept for a diagnosis;
        ``recorder``, where given, records every answer.
        """
        self._fleet = fleet
        self._telemetry = telemetry
        self._clock = clock
        self._build = build
        self._jitter = jitter
        self._recent_calls = recent_calls
        self._pollers: dict[AccountKey, Poller] = {}
        self._recorder = recorder
        self._pages: Pages | None = None
        self._restored: dict[AccountKey, PushedFacts] = {}
        # Requests are signed, and the clocks of providers compared, as it is set now.
        self._wall = wall_clock(clock)
        self.ownership: Ownership = OwnsAll()
        """Which accounts are polled; see :meth:`follow_ownership`."""
        self._paths = RequestPaths(self._wall, recorder, self._may_poll)
        self._settings: Settings | None = None
        self._configured: Mapping[AccountKey, Plan] = {}
        self._urgent: frozenset[AccountKey] = frozenset()
        self._changing = asyncio.Lock()
        self._elsewhere: frozenset[AccountKey] = frozenset()
        """The accounts that are configured, and polled by other replicas."""
        self.requested = RequestedPolls(lambda: self._pollers, lambda: self._elsewhere)
        """The polls that people ask for."""

    def accounts(self) -> tuple[AccountKey, ...]:
        """Provider and account of everything polled, in the order of the configuration."""
        return tuple(self._pollers)

    async def start(self, settings: Settings, pages: Pages | None = None) -> None:
        """Begin to poll every account of ``settings``; raises as :meth:`reconfigure` does.

        ``pages`` stores what paid queries cost; without it that ends with the process.
        """
        self._pages = pages
        await self.reconfigure(settings)

    async def prepare(self, settings: Settings, pages: Pages | None = None) -> None:
        """Make the pollers of ``settings`` without starting them, for :meth:`poll_once`."""
        self._pages = pages
        await self.reconfigure(settings, begin=False)

    async def reconfigure(self, settings: Settings, *, begin: bool = True) -> None:
        """Poll the accounts of ``settings`` from now on.

        Accounts whose settings are the same run on undisturbed; changed ones start anew with
        the facts they have; removed ones are forgotten.

        Raises:
            ConfigError: when a profile cannot be loaded.
            ValueError: when a provider cannot be made from its settings.
            OSError: when a file the settings name cannot be read. After any of these
                everything polls on as before.
        """
        async with self._changing:
            await self._follow(settings, plans_of(settings), begin=begin)

    async def _follow(
        self, settings: Settings, configured: Mapping[AccountKey, Plan], *, begin: bool
    ) -> None:
        """Poll those of ``configured`` that are owned, and nothing else."""
        plans = {key: it for key, it in configured.items() if self.ownership.owns(key)}
        changed = [plan for key, plan in plans.items() if not self._is_running(key, plan)]
        # Everything that can fail comes first: until the new pollers exist, nothing stops.
        try:
            pollers = [self._make_poller(plan) for plan in changed]
        except Exception:
            await self._paths.close_unused(self._plans())
            raise
        await self._stop_pollers([plan.key for plan in changed])
        await self._remove([key for key in self._pollers if key not in plans], configured)
        self._settings = settings
        self._elsewhere = frozenset(configured.keys() - plans.keys())
        # Only now: the former poller of an account may not write its state any more.
        for poller in pollers:
            poller.take_over()
        replaced = dict(zip((plan.key for plan in changed), pollers, strict=True))
        self._pollers = {key: replaced.get(key) or self._pollers[key] for key in plans}
        # Of those that run on, the plan that they have: it need not be compared again.
        self._configured = {**configured, **{key: it.plan for key, it in self._pollers.items()}}
        await self._paths.close_unused(plans.values())
        if begin:
            self._begin(pollers)

    async def follow_ownership(self) -> None:
        """Poll what is owned now, and nothing else; raises as :meth:`reconfigure` does."""
        async with self._changing:
            if self._settings is not None:
                await self._follow(self._settings, self._configured, begin=True)

    def poller(self, key: AccountKey) -> Poller | None:
        """The poller of an account; ``None`` where it is not polled here."""
        return self._pollers.get(key)

    async def stop(self) -> None:
        """Cancel every poll and close every connection."""
        async with self._changing:
            await self.requested.stop()
            await asyncio.gather(*(poller.stop() for poller in self._pollers.values()))
            await self._paths.close_unused(())

    async def poll_once(self, provider: str, account: str) -> tuple[PollOutcome, ...]:
        """Poll every capability of one account now, regardless of schedule and breakers.

        Raises:
            KeyError: when no such account is configured.
        """
        return await self._pollers[provider, account].poll_all()

    def restore_pushed(self, pushed: Mapping[AccountKey, PushedFacts]) -> None:
        """Give accounts, before they are polled, what was pushed about them before a restart."""
        self._restored = dict(pushed)

    async def take_pushed(
        self, key: AccountKey, facts: PushedFacts, now: float
    ) -> Sequence[PushOutcome]:
        """Merge what was pushed about an account at ``now``; returns what became of each fact.

        An account that is not polled yet gets them with :meth:`restore_pushed`; none is returned.
        """
        poller = self._pollers.get(key)
        if key in self._elsewhere:
            # Whoever polls it takes them from the store.
            return ()
        if poller is None:
            self._restored[key] = [*self._restored.get(key, ()), *facts]
            return ()
        return await poller.state.take_pushed(facts, now)

    def clock_was_set(self, step: float) -> None:
        """Restate when facts were known after the clock was set by ``step`` seconds."""
        for poller in self._pollers.values():
            poller.state.clock_was_set(step)

    def set_urgent(self, keys: frozenset[AccountKey]) -> None:
        """Poll these accounts more often, within the same budget, and all others normally."""
        self._urgent = keys
        for key, poller in self._pollers.items():
            poller.set_urgent(key in keys)

    def _may_poll(self, key: AccountKey) -> bool:
        return self.ownership.may_poll(key)

    def _plans(self) -> list[Plan]:
        return [poller.plan for poller in self._pollers.values()]

    def _is_running(self, key: AccountKey, plan: Plan) -> bool:
        poller = self._pollers.get(key)
        return poller is not None and plan.same_as(poller.plan)

    def _make_poller(self, plan: Plan) -> Poller:
        path = self._paths.build(plan)
        journal = PollJournal(self._telemetry, *plan.key)
        redact = AccountRedactor(plan.secrets)
        provider = self._build(
            plan.provider,
            plan.account,
            path.fetch,
            plan.polling,
            reports=replace(journal.reports, token=self._token_report(plan.key, redact)),
            clock=self._clock,
            pages=self._pages,
        )
        running = self._pollers.get(plan.key)
        former = None if running else self.ownership.take_former(plan.key)
        state = running.state if running else self._new_state(plan)
        poller = Poller(plan, provider, state, journal, path, self._clock, redact)
        if former is not None:
            state.ledger.adopt(former.handover.calls, former.call_ids)
            state.adopt(former.merged)
            poller.adopt(former.handover, former.absence)
        poller.set_urgent(plan.key in self._urgent)
        return poller

    def _token_report(self, key: AccountKey, redact: AccountRedactor) -> Callable[[str], None]:
        """A callback for tokens of logins: neither failures nor evidence may hold them."""

        def add(token: str) -> None:
            redact.add(token)
            if self._recorder is not None:
                self._recorder.add_token(key, token)

        return add

    def _new_state(self, plan: Plan) -> AccountState:
        now = self._clock()
        state = AccountState(plan, self._fleet, now, self._recent_calls)
        restored = self._restored.pop(plan.key, ())
        if restored and plan.account.pushes.secret is not None:
            state.restore_pushed(restored, now)
        return state

    async def _stop_pollers(self, keys: Sequence[AccountKey]) -> None:
        running = [self._pollers[key] for key in keys if key in self._pollers]
        await asyncio.gather(*(poller.stop() for poller in running))

    async def _remove(self, keys: Sequence[AccountKey], configured: Container[AccountKey]) -> None:
        """Poll ``keys`` no more; the facts of those that others poll stay."""
        await self._stop_pollers(keys)
        for index, key in enumerate(keys):
            if not index % _REMOVED_AT_ONCE:
                await asyncio.sleep(0)
            del self._pollers[key]
            if key not in configured:
                self._fleet.drop(*key)
            self._telemetry.forget_account(*key)

    def _begin(self, pollers: Sequence[Poller]) -> None:
        for index, poller in enumerate(pollers):
            intervals = poller.plan.polling.intervals
            delays = {
                capability: first_delay(
                    index, len(pollers), intervals.of(capability), self._jitter()
                )
                for capability in poller.capabilities
            }
            # What its tasks write, they write under the account's lease.
            with acting_under(account_lease(*poller.plan.key)):
                poller.start(delays)
