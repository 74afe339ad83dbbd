"""How each capability is asked for: one call, or turns of one request a number."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog

from agent.event_loop import INLINE_ITEMS, chunks
from agent.model import Listing
from agent.net.exchange import ProviderError
from agent.polling.call_ledger import CallLedger
from agent.polling.deadline import Poll, poll_ends_at
from agent.polling.merge import Facts
from agent.polling.per_number import PerNumberResult
from agent.polling.plan import Plan
from agent.polling.schedule import Rotation, batches, slice_size
from agent.providers.base import Provider
from agent.states import Capability, PollFailure

log = structlog.get_logger(__name__)

NEEDS_LISTING = frozenset({Capability.ROUTING, Capability.REACHABILITY, Capability.CALLS})
"""What can only be asked, or made sense of, when the account's numbers are known."""

OF_ONE_NUMBER = frozenset(
    {
        PollFailure.API_ERROR,
        PollFailure.SCHEMA,
        PollFailure.DECODE,
        PollFailure.CHARSET,
        PollFailure.HTTP_4XX,
        PollFailure.TOO_LARGE,
    }
)
"""Failures that may be one number's own; the others asked with it are then asked alone."""

_ALONE_FAILURES = 3
"""After so many numbers failed alone the trouble is taken to be everyone's."""

TOLD_EVERY = 5.0
"""A long poll hands on what it was told after so many seconds."""

Ask = Callable[[Sequence[str]], Awaitable[Mapping[str, Any]]]
Tell = Callable[[PerNumberResult], Awaitable[None]]

_BATCH_TURNS = 8
"""A batch is so many requests for each that may be under way at once."""


class CapabilityFetcher:
    """Asks one account's provider, each poll within its deadline."""

    def __init__(self, provider: Provider, plan: Plan) -> None:
        polling = plan.polling
        self._provider = provider
        self._account = "/".join(plan.key)
        self._slice = slice_size(polling.rate, polling.timeout)
        self._batch = polling.concurrency * _BATCH_TURNS
        self._timeout = polling.timeout
        self._rotations = {capability: Rotation() for capability in NEEDS_LISTING}
        self._names: tuple[Listing | None, Sequence[str]] = (None, ())
        self._reported: set[type[Exception]] = set()
        self._under_way: list[Poll] = []

    async def ask(
        self, capability: Capability, listing: Listing | None, ledger: CallLedger, tell: Tell
    ) -> Any:
        """What the provider tells now: a :data:`~agent.polling.merge.Facts` or call records.

        ``tell`` is given what a long poll was told while it still goes on.

        Raises:
            ProviderError: ``timeout`` when the poll's time is over, else what went wrong.
        """
        ends = asyncio.get_running_loop().time() + self._timeout
        if capability is Capability.ROUTING:
            return await self._per_number(capability, self._provider.routing, listing, ends, tell)
        if capability is Capability.REACHABILITY:
            return await self._per_number(
                capability, self._provider.reachability, listing, ends, tell
            )
        async with self._until(ends):
            if capability is Capability.NUMBERS:
                return await self._provider.numbers()
            if capability is Capability.BALANCE:
                return await self._provider.balance()
            return await self._provider.calls(ledger.since())

    async def _per_number(
        self,
        capability: Capability,
        ask: Ask,
        listing: Listing | None,
        ends: float,
        tell: Tell,
    ) -> Facts:
        names = await self._numbers_of(listing)
        if capability in self._provider.fan_out:
            return await self._in_turns(self._rotations[capability], ask, names, ends, tell)
        async with self._until(ends):
            return PerNumberResult(names, await ask(names))

    async def _in_turns(
        self,
        rotation: Rotation,
        ask: Ask,
        names: Sequence[str],
        ends: float,
        tell: Tell,
    ) -> PerNumberResult:
        told = _Gathering()
        error: ProviderError | None = None
        try:
            async with self._until(ends):
                for batch in batches(rotation.next_numbers(names, self._slice), self._batch):
                    # Before asking: a batch that fails must not stand in the way of the rest.
                    rotation.advance(batch[-1])
                    error = await _ask_batch(ask, batch, told) or error
                    if told.age() >= TOLD_EVERY:
                        part, told = told, _Gathering()
                        await tell(PerNumberResult(part.asked, part.found, under_way=True))
        except ProviderError as failure:
            error = failure
        return PerNumberResult(told.asked, told.found, error)

    async def _numbers_of(self, listing: Listing | None) -> Sequence[str]:
        if listing is None:
            return ()
        if self._names[0] is not listing:
            if len(listing.numbers) > INLINE_ITEMS:
                names = await asyncio.to_thread(_names, listing)
            else:
                names = _names(listing)
            self._names = (listing, names)
        return self._names[1]

    def _report_once(self, error: Exception) -> None:
        if type(error) not in self._reported:
            self._reported.add(type(error))
            log.error("adapter_failed", account=self._account, exc_info=error)

    @asynccontextmanager
    async def _until(self, ends: float) -> AsyncIterator[None]:
        """Ends at loop time ``ends``; whatever goes wrong inside is a :class:`ProviderError`."""
        with poll_ends_at(ends) as poll, self._listed(poll):
            try:
                async with asyncio.timeout_at(ends):
                    yield
            except TimeoutError as error:
                raise self._out_of_time(poll) from error
            except ProviderError:
                raise
            except Exception as error:
                # A mistake in an adapter or profile costs its own account and nothing else.
                self._report_once(error)
                raise ProviderError(
                    PollFailure.SCHEMA, f"the adapter could not read it: {type(error).__name__}"
                ) from error

    @contextmanager
    def _listed(self, poll: Poll) -> Iterator[None]:
        self._under_way.append(poll)
        try:
            yield
        finally:
            self._under_way.remove(poll)

    def give_up(self) -> None:
        """End the time of every poll under way: none of them may send anything more."""
        for poll in self._under_way:
            poll.ends = -math.inf

    def _out_of_time(self, poll: Poll) -> ProviderError:
        within = f"no complete answer within {self._timeout:g} s"
        if not poll.troubles:
            return ProviderError(PollFailure.TIMEOUT, within)
        trouble = poll.troubles[-1]
        return ProviderError(trouble.kind, f"{trouble.detail}; {within}")


class _Gathering:
    """What a poll was told so far and has not handed on."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.found: dict[str, Any] = {}
        self._began = asyncio.get_running_loop().time()

    def age(self) -> float:
        """Seconds since it began."""
        return asyncio.get_running_loop().time() - self._began

    async def gather(self, ask: Ask, numbers: Sequence[str]) -> None:
        """Ask for ``numbers`` and keep the answer."""
        self.found.update(await ask(numbers))
        self.asked.extend(numbers)


async def _ask_batch(ask: Ask, batch: Sequence[str], told: _Gathering) -> ProviderError | None:
    """Ask ``batch`` at once, or number by number when one of them may spoil it for the rest."""
    try:
        await told.gather(ask, batch)
    except ProviderError as error:
        if error.kind not in OF_ONE_NUMBER or len(batch) == 1:
            raise
    else:
        return None
    failures: list[ProviderError] = []
    for number in batch:
        try:
            await told.gather(ask, (number,))
        except ProviderError as error:
            failures.append(error)
            if error.kind not in OF_ONE_NUMBER or len(failures) >= _ALONE_FAILURES:
                raise
    return failures[0] if failures else None


def _names(listing: Listing) -> Sequence[str]:
    names: list[str] = []
    for chunk in chunks(len(listing.numbers)):
        names += [number.number for number in listing.numbers[chunk]]
    return tuple(names)
