"""What is sent: reads only, no faster than agreed, and nothing while a pause is asked for."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from agent.states import PollFailure
from tests.providers.contract.contract_bench import ContractBench, contract_bench
from tests.providers.contract.subject import Subject
from tests.providers.contract.subjects import SUBJECTS

PAUSE = 1.0
"""Seconds; the shortest pause that a Retry-After can ask for."""
RATE = 50.0
LIVELY = 20
"""Requests a second of one operation, below which the vendor's rate counts and not this one."""
TOGETHER = 6
"""Requests that may come at once at this rate: a tenth of it, and the first."""
RUNS = 3
"""Where the machine stops for a moment, requests that were sent in time arrive together."""


async def test_nothing_is_sent_but_reads(bench: ContractBench) -> None:
    for fault in (None, "http_500", "http_429", "error_200", "new_word"):
        if fault:
            bench.begin(fault, retry_after=0)
        await bench.poll()
        bench.end()
    assert len(bench.requests) > len(bench.subject.capabilities)
    assert {it.operation for it in bench.requests if not it.is_read} == set()
    assert {it.account for it in bench.requests} == {"hq"}


async def test_a_write_would_be_noticed(bench: ContractBench) -> None:
    """The control: a request that is no read of the dialect is recorded as such."""
    async with aiohttp.ClientSession() as session:
        await session.delete(f"{bench.server.base_url('north')}/v1/numbers")
    assert [it.is_read for it in bench.requests] == [False]


async def test_a_pause_that_is_asked_for_is_kept(bench: ContractBench) -> None:
    main = bench.subject.main
    await bench.polled_well()
    bench.begin("http_429", main, retry_after=int(PAUSE))
    outcomes = await bench.poll()
    assert outcomes[main].failure is PollFailure.RATE_LIMITED
    bench.end()
    refused = [it.at for it in bench.requests if it.capability == main][-1]
    bench.requests.clear()
    await bench.polled_well()
    assert min(it.at for it in bench.requests) - refused >= PAUSE * 0.99


@pytest.mark.at_the_vendors_rate
@pytest.mark.parametrize(
    "subject",
    [it for it in SUBJECTS if it.rate is None or it.rate >= LIVELY],
    ids=lambda it: it.name,
    indirect=True,
)
async def test_the_configured_rate_is_not_exceeded(subject: Subject) -> None:
    async def poll() -> None:
        async with contract_bench(subject, rate=RATE) as bench:
            while len(bench.requests) < RATE * 1.2:
                await bench.polled_well()
            assert most_in_a_second([it.at for it in bench.requests]) <= RATE + TOGETHER

    await undisturbed(poll)


@pytest.mark.at_the_vendors_rate
@pytest.mark.parametrize(
    "subject", [it for it in SUBJECTS if it.rate], ids=lambda it: it.name, indirect=True
)
async def test_the_vendors_rate_is_not_exceeded_at_any_configured_one(subject: Subject) -> None:
    async def poll() -> None:
        async with contract_bench(subject) as bench:
            assert subject.rate is not None
            while most_requests(bench) < subject.rate * 1.2:
                # The dialect refuses what the vendor would refuse.
                await bench.polled_well()
            assert most_of_an_operation(bench) <= subject.rate

    await undisturbed(poll)


async def undisturbed(poll: Callable[[], Awaitable[None]]) -> None:
    """Poll until it goes well: who sends too fast does so in each of the runs."""
    for left in reversed(range(RUNS)):
        try:
            await poll()
        except AssertionError:
            if not left:
                raise
        else:
            return


def most_requests(bench: ContractBench) -> int:
    """The requests of the operation that was sent most often."""
    return max(Counter(it.operation for it in bench.requests).values(), default=0)


def most_of_an_operation(bench: ContractBench) -> int:
    """The most requests of one operation within any second."""
    times = defaultdict(list)
    for request in bench.requests:
        times[request.operation].append(request.at)
    return max(map(most_in_a_second, times.values()))


def most_in_a_second(times: list[float]) -> int:
    """The most of ``times`` within any second."""
    first = most = 0
    for index, moment in enumerate(times):
        while moment - times[first] >= 1.0:
            first += 1
        most = max(most, index - first + 1)
    return most
