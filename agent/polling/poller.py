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
from agent.polling.account_state import AccountState
from agent.polling.breaker import (
    CLOSED,
    Breaker,
    BreakerLimits,
    BreakerReading,
    BreakerState,
    reading_of,
)
from agent.polling.capability_fetcher import NEEDS_LISTING, CapabilityFetcher
from agent.polling.handover import Absence, Handover, OpenBreaker
from agent.polling.journal import PollJournal, PollOutcome
from agent.polling.merge import MergeState
from agent.polling.per_number import PerNumberResult
from agent.polling.plan import Plan
from agent.polling.redaction import AccountRedactor
from agent.polling.request_path import RequestPath
from agent.polling.schedule import next_tick, resumed_delay
from agent.providers.base import Provider, routing_parts_of
from agent.states import Capability, PollFailure

log = structlog.get_logger(__name__)

URGENT_SHARE = 0.5
"""The share of its interval after which a capability of an urgent account is polled again."""

GRACE_SECONDS = 0.25
"""Seconds after its deadline within which a poll must have ended by itself."""

STOP_SECONDS = 1.0
"""Seconds that cancelled polls have to end."""


class Poller:
    """Polls one account until stopped; :mod:`agent.polling.request_path` shows each layer."""

    def __init__(
        self,
        plan: Plan,
        provider: Provider,
        state: AccountState,
        journal: PollJournal,
        path: RequestPath,
        clock: Callable[[], float],
        redact: AccountRedactor,
    ) -> None:
        self._budget = path.budget
        polling = plan.polling
        self.plan = plan
        self.state = state
        self.capabilities = tuple(c for c in Capability if c in provider.capabilities)
        self._routing_parts = routing_parts_of(provider)
        self._journal = journal
        self._client = path.client
        self._clock = clock
        self._fetcher = CapabilityFetcher(provider, plan)
        self._limits = BreakerLimits(polling.breaker_failures, polling.breaker_pause)
        self._redact = redact
        self._breakers: dict[Capability, Breaker] = dict.fromkeys(self.capabilities, CLOSED)
        self._locks = {capability: asyncio.Lock() for capability in self.capabilities}
        self._stopped = False
        self._is_resumed = False
        self._urgent = False
        self._pace_changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def take_over(self) -> None:
        """Put the account's state under this poller's settings; sends nothing yet."""
        self.state.apply_plan(self.plan, frozenset(self.capabilities), self._routing_parts)
        self._journal.declare(self.capabilities)

    @property
    def sent(self) -> int:
        """How many requests were sent so far."""
        return self._budget.sent

    @property
    def breaker_marks(self) -> tuple[object, ...]:
        """Another object where a breaker has opened, closed or counted a failure."""
        return tuple(self._breakers.values())

    @property
    def signs(self) -> tuple[object, ...]:
        """Another object, or another number, where anything else is known of the account."""
        known = self.state.merged, self.sent, self.state.ledger.facts()
        return (*known, *self._breakers.values())

    def export(self) -> Handover:
        """What the account's next poller needs beside what was merged."""
        called_at, waiting, since = self.state.pushes.export()
        breakers = {
            capability: OpenBreaker(it.failures, self._wait_of(it), it.reason)
            for capability, it in self._breakers.items()
            if it != CLOSED
        }
        counted = self.state.ledger.export()
        return Handover(self._budget.export(), counted, breakers, called_at, waiting, since)

    def adopt(self, former: Handover, absence: Absence) -> None:
        """Go on from what the account's former poller has left; to be called before a start."""
        self._is_resumed = True
        self._budget.adopt(former.sent, absence)
        self.state.pushes.adopt(former.called_at, former.waiting_calls, former.waiting_since)
        now = asyncio.get_running_loop().time()
        for capability, it in former.breakers.items():
            if capability in self._breakers:
                until = None if it.wait is None else now + max(0.0, it.wait - absence.seconds)
                self._breakers[capability] = Breaker(it.failures, until, it.reason)

    def _wait_of(self, breaker: Breaker) -> float | None:
        until = breaker.open_until
        return None if until is None else max(0.0, until - asyncio.get_running_loop().time())

    def start(self, delays: Mapping[Capability, float]) -> None:
        """Begin to poll, each capability after its own delay in seconds.

        Whoever has adopted a former poller's state goes on in its rhythm.
        """
        self._tasks = [
            asyncio.create_task(
                self._run(capability, self._delay(capability, delays[capability])),
                name=f"poll {'/'.join(self.plan.key)} {capability}",
            )
            for capability in self.capabilities
        ]

    def _delay(self, capability: Capability, first: float) -> float:
        status = self.state.merged.snapshot.polls.get(capability)
        if status is None or not self._is_resumed:
            return first
        interval = self.plan.polling.intervals.of(capability)
        return resumed_delay(status.last_attempt, interval, self._clock(), first)

    async def stop(self) -> None:
        """Cancel the polls under way; returns within :data:`STOP_SECONDS` seconds."""
        tasks, self._tasks = self._tasks, []
        self._stopped = True
        self._fetcher.give_up()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)

    def set_urgent(self, urgent: bool) -> None:  # noqa: FBT001 - it is the whole message
        """Poll more often while the account has an open ticket, or at the configured pace."""
        if urgent != self._urgent:
            self._urgent = urgent
            self._pace_changed.set()
            self._pace_changed = asyncio.Event()

    def has_refused_credentials(self) -> bool:
        """Whether polls wait because the provider has refused the account's credentials."""
        now = asyncio.get_running_loop().time()
        return any(
            breaker.reason is PollFailure.AUTH and not breaker.allows(now)
            for breaker in self._breakers.values()
        )

    async def poll_all(self) -> tuple[PollOutcome, ...]:
        """Poll every capability once, now, regardless of the schedule; the numbers first."""
        first = [c for c in self.capabilities if c is Capability.NUMBERS]
        rest = [c for c in self.capabilities if c is not Capability.NUMBERS]
        outcomes = [await self.poll(capability) for capability in first]
        outcomes += await asyncio.gather(*map(self.poll, rest))
        return tuple(outcomes)

    async def poll(self, capability: Capability) -> PollOutcome:
        """Poll ``capability`` once, after any poll of it that is under way."""
        async with self._locks[capability]:
            began = asyncio.get_running_loop().time()
            self._journal.record_start(capability)
            try:
                return await self._poll(capability, began)
            except asyncio.CancelledError:
                self._journal.record_cancellation(capability)
                raise

    async def _poll(self, capability: Capability, began: float) -> PollOutcome:
        result = await self._fetch_in_own_task(capability, began)
        contents = _contents(result)
        try:
            outcome = await self._apply(capability, result, began)
        except Exception as error:
            # A mistake of ours must not freeze the account's state as though all were well.
            log.exception("poll_not_merged", account="/".join(self.plan.key), capability=capability)
            failure = ProviderError(
                PollFailure.SCHEMA, f"the answer could not be merged: {type(error).__name__}"
            )
            outcome = await self._apply(capability, failure, began)
        # release() frees the contents in chunks, but only while nothing else refers to them.
        del result
        if len(contents) > INLINE_ITEMS:
            await asyncio.to_thread(release, contents)
        return outcome

    async def _fetch_in_own_task(self, capability: Capability, began: float) -> Any:
        """Fetch in a task of its own, abandoned when it does not end in time.

        Libraries end their own waits by cancelling the task they run in. A timer that fires just
        as its work ends leaves a cancellation behind, which would hit whatever that task does
        next; here the task has nothing left to do.
        """
        fetching = asyncio.create_task(self._fetch(capability, began))
        try:
            done, _ = await asyncio.wait(
                [fetching], timeout=self.plan.polling.timeout + GRACE_SECONDS
            )
        finally:
            fetching.cancel()
        if not done or fetching.cancelled():
            return ProviderError(PollFailure.TIMEOUT, "cancelled, it did not end by itself")
        return fetching.result()

    async def _fetch(self, capability: Capability, began: float) -> Any:
        """Returns the provider's answer, or its failure without secrets in the text."""
        if capability in NEEDS_LISTING and self.state.listing is None:
            return ProviderError(PollFailure.PARTIAL, "the account's numbers are not known yet")
        try:
            result = await self._fetcher.fetch(
                capability,
                self.state.listing,
                self.state.ledger,
                partial(self._apply_part, capability, began),
            )
        except ProviderError as error:
            return self._redacted(error)
        if isinstance(result, PerNumberResult) and result.error is not None:
            return replace(result, error=self._redacted(result.error))
        return result

    async def _apply(self, capability: Capability, result: Any, began: float) -> PollOutcome:
        elapsed = asyncio.get_running_loop().time() - began
        async with self.state.merging:
            # Read where the merge begins: the clock may be set while another poll is merged.
            now = self._clock()
            try:
                age = self._fetcher.answer_age(capability)
                took = asyncio.get_running_loop().time() - began
                merged = await self.state.merge(capability, result, now, age, took)
            except ProviderError as error:
                now = self._clock()
                merged = await self.state.merge(capability, error, now)
            merged = self._update_breaker(merged, capability, now, result)
            self.state.publish(merged)
        status = merged.snapshot.polls[capability]
        words = self._journal.unmapped_words.of(capability)
        outcome = PollOutcome(capability, elapsed, status.failure, status.detail, words)
        self._journal.record_end(outcome, now)
        self._journal.record_clock_skew(self._client.skew)
        return outcome

    async def _apply_part(
        self, capability: Capability, began: float, part: PerNumberResult
    ) -> None:
        async with self.state.merging:
            age = self._fetcher.answer_age(capability)
            took = asyncio.get_running_loop().time() - began
            self.state.publish(await self.state.merge(capability, part, self._clock(), age, took))

    def breakers(self) -> dict[Capability, BreakerReading]:
        """The breaker of each capability as of now."""
        now = asyncio.get_running_loop().time()
        return {capability: reading_of(it, now) for capability, it in self._breakers.items()}

    def _update_breaker(
        self, merged: MergeState, capability: Capability, now: float, result: Any
    ) -> MergeState:
        """Count the poll for the breaker; where it opens, the failure's text says until when."""
        failure = merged.snapshot.polls[capability].failure
        breaker = self._breakers[capability]
        if failure is None or _is_of_some_numbers(result):
            self._breakers[capability] = breaker.after_success()
            return merged
        # Loop time: a step of the wall clock must not prolong a pause.
        loop_now = asyncio.get_running_loop().time()
        breaker = breaker.after_failure(failure, loop_now, self._limits)
        self._breakers[capability] = breaker
        if breaker.state(loop_now) is not BreakerState.OPEN:
            return merged
        return _with_pause(merged, capability, now + self._limits.pause)

    async def _run(self, capability: Capability, delay: float) -> None:
        await asyncio.sleep(delay)
        if capability in NEEDS_LISTING:
            await self.state.listed.wait()
        loop = asyncio.get_running_loop()
        anchor = loop.time()
        # Not "while True": an adapter may lose a cancellation that meets a failure.
        while not self._stopped:
            if self._breakers[capability].allows(loop.time()):
                await self._poll_and_log_crash(capability)
            await self._until_next(capability, anchor)

    async def _poll_and_log_crash(self, capability: Capability) -> None:
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
                    await self._pace_changed.wait()
            except TimeoutError:
                return

    def _redacted(self, error: ProviderError) -> ProviderError:
        return ProviderError(error.kind, self._redact(error.detail), error.retry_after)


def _is_of_some_numbers(result: Any) -> bool:
    """Whether a poll failed for single numbers only, which is no reason to pause."""
    return isinstance(result, PerNumberResult) and result.of_some_numbers


def _contents(result: Any) -> list[Any]:
    if isinstance(result, Listing):
        return list(result.numbers)
    if isinstance(result, PerNumberResult):
        return list(result.facts.values())
    return list(result) if isinstance(result, tuple) else []


def _with_pause(merged: MergeState, capability: Capability, until: float) -> MergeState:
    snapshot = merged.snapshot
    status = snapshot.polls[capability]
    moment = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    paused = msgspec.structs.replace(
        status, detail=f"{status.detail}; not polled again before {moment}"
    )
    return replace(
        merged,
        snapshot=msgspec.structs.replace(snapshot, polls={**snapshot.polls, capability: paused}),
    )
