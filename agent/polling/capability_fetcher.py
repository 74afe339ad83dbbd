"""Polls one capability within its deadline: with one call, or number by number in batches."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import structlog

from agent.event_loop import INLINE_ITEMS, chunks
from agent.model import Listing
from agent.net.exchange import ProviderError
from agent.net.reading import cpu_budget
from agent.polling.call_ledger import CallLedger
from agent.polling.deadline import Poll, poll_ends_at
from agent.polling.merge import Facts
from agent.polling.per_number import PerNumberResult
from agent.polling.plan import Plan
from agent.polling.schedule import Rotation, batches, slice_size
from agent.providers.base import Provider, rate_of
from agent.states import Capability, PollFailure

log = structlog.get_logger(__name__)

NEEDS_LISTING = frozenset({Capability.ROUTING, Capability.REACHABILITY, Capability.CALLS})
"""Capabilities that can only be polled, or made sense of, once the numbers are known."""

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
"""Failures that may concern one number only; its batch is then repeated number by number."""

_MAX_SINGLE_FAILURES = 3
"""After this many numbers of a batch failed on their own, the failure is taken for general."""

PARTIAL_RESULT_SECONDS = 5.0
"""A long poll hands on a part of its result every so many seconds."""

_BATCH_ROUNDS = 8
"""Numbers in a batch, as a multiple of the requests that may be sent at once."""

FetchFacts = Callable[[Sequence[str]], Awaitable[Mapping[str, Any]]]
OnPartialResult = Callable[[PerNumberResult], Awaitable[None]]


class CapabilityFetcher:
    """Reads one account's capabilities from its provider, each poll within its deadline."""

    def __init__(self, provider: Provider, plan: Plan) -> None:
        polling = plan.polling
        self._provider = provider
        self._account = "/".join(plan.key)
        self._rate = polling.rate
        self._batch = polling.concurrency * _BATCH_ROUNDS
        self._timeout = polling.timeout
        self._max_cpu = polling.max_cpu
        self._rotations = {capability: Rotation() for capability in NEEDS_LISTING}
        self._names: tuple[Listing | None, Sequence[str]] = (None, ())
        self._logged: set[type[Exception]] = set()
        self._under_way: list[Poll] = []
        self._polls: dict[Capability, Poll] = {}

    async def fetch(
        self,
        capability: Capability,
        listing: Listing | None,
        ledger: CallLedger,
        on_partial: OnPartialResult,
    ) -> Any:
        """The provider's present :data:`~agent.polling.merge.Facts`, or call records.

        ``on_partial`` is called with parts of the result while a long poll goes on; they are
        not in the result then.

        Raises:
            ProviderError: ``timeout`` when the deadline passed, else the failure.
        """
        ends = asyncio.get_running_loop().time() + self._timeout
        if capability is Capability.ROUTING:
            return await self._per_number(
                capability, self._provider.routing, listing, ends, on_partial
            )
        if capability is Capability.REACHABILITY:
            return await self._per_number(
                capability, self._provider.reachability, listing, ends, on_partial
            )
        async with self._until(ends, capability):
            if capability is Capability.NUMBERS:
                return await self._provider.numbers()
            if capability is Capability.BALANCE:
                return await self._provider.balance()
            return await self._provider.calls(ledger.since())

    def answer_age(self, capability: Capability) -> float:
        """How old the oldest answer of the capability's newest poll was, in seconds."""
        poll = self._polls.get(capability)
        return 0.0 if poll is None else poll.age

    def give_up(self) -> None:
        """Move the deadline of every poll under way into the past, so that it sends no more."""
        for poll in self._under_way:
            poll.ends = -math.inf

    async def _per_number(
        self,
        capability: Capability,
        fetch: FetchFacts,
        listing: Listing | None,
        ends: float,
        on_partial: OnPartialResult,
    ) -> Facts:
        numbers = await self._numbers_of(listing)
        if capability in self._provider.fan_out:
            return await self._in_batches(capability, fetch, numbers, ends, on_partial)
        async with self._until(ends, capability):
            return PerNumberResult(numbers, await fetch(numbers), of_all_numbers=True)

    async def _in_batches(
        self,
        capability: Capability,
        fetch: FetchFacts,
        numbers: Sequence[str],
        ends: float,
        on_partial: OnPartialResult,
    ) -> PerNumberResult:
        rotation = self._rotations[capability]
        # The provider's limit is for this capability alone where the profile says so.
        rate = min(self._rate, rate_of(self._provider, capability))
        most = slice_size(rate, self._timeout)
        part = _PartialResult()
        error = single = None
        try:
            async with self._until(ends, capability):
                for batch in batches(rotation.next_numbers(numbers, most), self._batch):
                    # Before the request: a batch that fails must not block the ones behind it.
                    rotation.advance(batch[-1])
                    single = await _fetch_batch(fetch, batch, part) or single
                    if part.age() >= PARTIAL_RESULT_SECONDS:
                        finished, part = part, _PartialResult()
                        await on_partial(finished.result(under_way=True))
        except ProviderError as failure:
            error = failure.bare()
        return part.result(error or single, of_some_numbers=error is None and single is not None)

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

    def _log_once(self, error: Exception) -> None:
        if type(error) not in self._logged:
            self._logged.add(type(error))
            log.error("adapter_failed", account=self._account, exc_info=error)

    @asynccontextmanager
    async def _until(self, ends: float, capability: Capability) -> AsyncIterator[None]:
        """Ends the block at loop time ``ends``; every failure in it is a ``ProviderError``."""
        with poll_ends_at(ends) as poll, self._registered(poll), cpu_budget(self._max_cpu):
            self._polls[capability] = poll
            try:
                async with asyncio.timeout_at(ends):
                    yield
            except TimeoutError as error:
                raise self._out_of_time(poll) from error
            except ProviderError:
                raise
            except Exception as error:
                # A mistake in an adapter or profile costs its own account and nothing else.
                self._log_once(error)
                raise ProviderError(
                    PollFailure.SCHEMA, f"the adapter could not read it: {type(error).__name__}"
                ) from error

    @contextmanager
    def _registered(self, poll: Poll) -> Iterator[None]:
        self._under_way.append(poll)
        try:
            yield
        finally:
            self._under_way.remove(poll)

    def _out_of_time(self, poll: Poll) -> ProviderError:
        """The reason a poll ran out of time: the failure it was still retrying, if any."""
        timeout = f"no complete answer within {self._timeout:g} s"
        if not poll.pending_failures:
            return ProviderError(PollFailure.TIMEOUT, timeout)
        failure = poll.pending_failures[-1]
        return ProviderError(failure.kind, f"{failure.detail}; {timeout}")


class _PartialResult:
    """The facts that a poll received and has not handed on yet."""

    def __init__(self) -> None:
        self._requested: list[str] = []
        self._facts: dict[str, Any] = {}
        self._began = asyncio.get_running_loop().time()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was added yet."""
        return not self._facts

    def age(self) -> float:
        """Seconds since it was begun."""
        return asyncio.get_running_loop().time() - self._began

    async def add(self, fetch: FetchFacts, numbers: Sequence[str]) -> None:
        """Fetch the facts of ``numbers`` and add them."""
        self._facts.update(await fetch(numbers))
        self._requested.extend(numbers)

    def add_unknown(self, numbers: Sequence[str]) -> None:
        """Add that nothing is known of ``numbers``: their answers could not be read."""
        self._requested.extend(numbers)

    def result(
        self,
        error: ProviderError | None = None,
        *,
        under_way: bool = False,
        of_some_numbers: bool = False,
    ) -> PerNumberResult:
        """The added facts, as the result of a poll or a part of it."""
        return PerNumberResult(
            self._requested, self._facts, error, under_way, of_some_numbers=of_some_numbers
        )


async def _fetch_batch(
    fetch: FetchFacts, batch: Sequence[str], part: _PartialResult
) -> ProviderError | None:
    """Add the facts of ``batch``, or of each of its numbers alone when one may spoil the rest.

    Returns:
        The failure of a single number, after which the poll may go on.

    Raises:
        ProviderError: when the failure concerns more than single numbers.
    """
    try:
        await part.add(fetch, batch)
    except ProviderError as error:
        if error.kind not in OF_ONE_NUMBER or (len(batch) == 1 and part.is_empty):
            raise
        if len(batch) == 1:
            part.add_unknown(batch)
            return error
    else:
        return None
    failures: dict[str, ProviderError] = {}
    for number in batch:
        try:
            await part.add(fetch, (number,))
        except ProviderError as error:
            failures[number] = error.bare()
            general = len(failures) >= min(_MAX_SINGLE_FAILURES, len(batch))
            if error.kind not in OF_ONE_NUMBER or general:
                raise
    part.add_unknown(tuple(failures))
    return next(iter(failures.values()), None)


def _names(listing: Listing) -> Sequence[str]:
    names: list[str] = []
    for chunk in chunks(len(listing.numbers)):
        names += [number.number for number in listing.numbers[chunk]]
    return tuple(names)
