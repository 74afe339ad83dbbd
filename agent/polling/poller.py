"""Polls one account: a task per capability, each with its own interval and breaker."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import structlog

from agent.event_loop import INLINE_ITEMS, release
from agent.model import Listing
from agent.net.exchange import ProviderError
from agent.net.scrub import Redactor
from agent.polling.account_state import AccountState
from agent.polling.breaker import CLOSED, Breaker, BreakerLimits, BreakerState
from agent.polling.capability_fetcher import NEEDS_LISTING, CapabilityFetcher
from agent.polling.journal import PollJournal, PollOutcome
from agent.polling.merge import Known
from agent.polling.per_number import PerNumberResult
from agent.polling.plan import Plan
from agent.polling.schedule import next_tick
from agent.providers.base import Provider
from agent.states import Capability, PollFailure

log = structlog.get_logger(__name__)

URGENT_SHARE = 0.5
"""An account with an open ticket is polled again after this share of the interval."""

GRACE = 0.25
"""Seconds after its time within which a poll must have ended by itself."""

STOPS_WITHIN = 1.0
"""Seconds that polls which were broken off have to end."""


class Poller:
    """Polls one account until stopped."""

    def __init__(
        self,
        plan: Plan,
        provider: Provider,
        state: AccountState,
        journal: PollJournal,
        skew: Callable[[], float | None],
        clock: Callable[[], float],
    ) -> None:
        """``skew`` gives the provider's clock minus ours in seconds, once it told the time."""
        polling = plan.polling
        self.plan = plan
        self.state = state
        self.capabilities = tuple(c for c in Capability if c in provider.capabilities)
        self._journal = journal
        self._skew = skew
        self._clock = clock
        self._asker = CapabilityFetcher(provider, plan)
        self._limits = BreakerLimits(polling.breaker_failures, polling.breaker_pause)
        self._redact = Redactor(plan.secrets)
        self._breakers: dict[Capability, Breaker] = dict.fromkeys(self.capabilities, CLOSED)
        self._turns = {capability: asyncio.Lock() for capability in self.capabilities}
        self._stopped = False
        self._urgent = False
        self._repaced = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def take_over(self) -> None:
        """Go on with the account's facts under this poller's settings; nothing is asked yet."""
        self.state.adopt(self.plan, frozenset(self.capabilities))
        self._journal.declare(self.capabilities)

    def start(self, delays: Mapping[Capability, float]) -> None:
        """Begin to poll, each capability after its own delay in seconds."""
        self._tasks = [
            asyncio.create_task(
                self._run(capability, delays[capability]),
                name=f"poll {'/'.join(self.plan.key)} {capability}",
            )
            for capability in self.capabilities
        ]

    async def stop(self) -> None:
        """Break off what is under way; ends within :data:`STOPS_WITHIN` seconds."""
        tasks, self._tasks = self._tasks, []
        self._stopped = True
        self._asker.give_up()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOPS_WITHIN)

    def set_urgent(self, urgent: bool) -> None:  # noqa: FBT001 - it is the whole message
        """Poll faster while something is broken, or at the configured pace again."""
        if urgent != self._urgent:
            self._urgent = urgent
            self._repaced.set()
            self._repaced = asyncio.Event()

    async def poll_all(self) -> tuple[PollOutcome, ...]:
        """Poll every capability once, now, whatever the schedule says; the numbers first."""
        first = [c for c in self.capabilities if c is Capability.NUMBERS]
        rest = [c for c in self.capabilities if c is not Capability.NUMBERS]
        outcomes = [await self.poll(capability) for capability in first]
        outcomes += await asyncio.gather(*map(self.poll, rest))
        return tuple(outcomes)

    async def poll(self, capability: Capability) -> PollOutcome:
        """Poll ``capability`` once; waits while a poll of it is already under way."""
        async with self._turns[capability]:
            began = asyncio.get_running_loop().time()
            self._journal.record_start(capability)
            try:
                return await self._poll(capability, began)
            except asyncio.CancelledError:
                self._journal.record_cancellation(capability)
                raise

    async def _poll(self, capability: Capability, began: float) -> PollOutcome:
        result = await self._ask_apart(capability)
        contents = _contents(result)
        outcome = await self._take_in(capability, result, began)
        del result
        if len(contents) > INLINE_ITEMS:
            await asyncio.to_thread(release, contents)
        return outcome

    async def _ask_apart(self, capability: Capability) -> Any:
        """Ask in a task of its own, given up when it does not end in time.

        Libraries end their own waits by cancelling the task they run in; a timer that fires as
        its work ends leaves a cancellation behind that would hit whatever that task does next.
        """
        asking = asyncio.create_task(self._ask(capability))
        try:
            done, _ = await asyncio.wait([asking], timeout=self.plan.polling.timeout + GRACE)
        finally:
            asking.cancel()
        if not done or asking.cancelled():
            return ProviderError(PollFailure.TIMEOUT, "broken off, it did not end by itself")
        return asking.result()

    async def _ask(self, capability: Capability) -> Any:
        if capability in NEEDS_LISTING and self.state.listing is None:
            return ProviderError(PollFailure.PARTIAL, "the account's numbers are not known yet")
        try:
            result = await self._asker.ask(
                capability,
                self.state.listing,
                self.state.ledger,
                partial(self._take_in_part, capability),
            )
        except ProviderError as error:
            return self._redacted(error)
        if isinstance(result, PerNumberResult) and result.error is not None:
            return replace(result, error=self._redacted(result.error))
        return result

    async def _take_in(self, capability: Capability, result: Any, began: float) -> PollOutcome:
        elapsed = asyncio.get_running_loop().time() - began
        now = self._clock()
        async with self.state.merging:
            known = await self.state.merged(capability, result, now)
            known = self._past_breaker(known, capability, now)
            self.state.publish(known)
        status = known.snapshot.polls[capability]
        outcome = PollOutcome(capability, elapsed, status.failure, status.detail)
        self._journal.record_end(outcome, now)
        self._journal.record_clock_skew(self._skew())
        return outcome

    async def _take_in_part(self, capability: Capability, told: PerNumberResult) -> None:
        async with self.state.merging:
            self.state.publish(await self.state.merged(capability, told, self._clock()))

    def _past_breaker(self, known: Known, capability: Capability, now: float) -> Known:
        """Moves the breaker on; a pause it begins is told in the failure's words."""
        failure = known.snapshot.polls[capability].failure
        breaker = self._breakers[capability]
        if failure is None:
            self._breakers[capability] = breaker.after_success()
            return known
        loop_now = asyncio.get_running_loop().time()
        breaker = breaker.after_failure(failure, loop_now, self._limits)
        self._breakers[capability] = breaker
        if breaker.state(loop_now) is not BreakerState.OPEN:
            return known
        return _paused(known, capability, now + self._limits.pause)

    async def _run(self, capability: Capability, delay: float) -> None:
        await asyncio.sleep(delay)
        if capability in NEEDS_LISTING:
            await self.state.listed.wait()
        loop = asyncio.get_running_loop()
        anchor = loop.time()
        # Not "while True": an adapter may lose a cancellation that meets a failure.
        while not self._stopped:
            if self._breakers[capability].allows(loop.time()):
                await self._poll_whatever_happens(capability)
            await self._until_next(capability, anchor)

    async def _poll_whatever_happens(self, capability: Capability) -> None:
        try:
            await self.poll(capability)
        except Exception:
            # A mistake of ours must not end the account's polling for good.
            log.exception("poll_crashed", account="/".join(self.plan.key), capability=capability)

    async def _until_next(self, capability: Capability, anchor: float) -> None:
        interval = self.plan.polling.intervals.of(capability)
        while True:
            pace = interval * URGENT_SHARE if self._urgent else interval
            tick = next_tick(anchor, pace, asyncio.get_running_loop().time())
            try:
                async with asyncio.timeout_at(tick):
                    await self._repaced.wait()
            except TimeoutError:
                return

    def _redacted(self, error: ProviderError) -> ProviderError:
        return ProviderError(error.kind, self._redact(error.detail), error.retry_after)


def _contents(result: Any) -> list[Any]:
    if isinstance(result, Listing):
        return list(result.numbers)
    if isinstance(result, PerNumberResult):
        return list(result.found.values())
    return list(result) if isinstance(result, tuple) else []


def _paused(known: Known, capability: Capability, until: float) -> Known:
    snapshot = known.snapshot
    status = snapshot.polls[capability]
    moment = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = msgspec.structs.replace(
        status, detail=f"{status.detail}; not asked again before {moment}"
    )
    return replace(
        known,
        snapshot=msgspec.structs.replace(snapshot, polls={**snapshot.polls, capability: told}),
    )
