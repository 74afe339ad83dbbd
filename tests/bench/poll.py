"""A full poll of 100,000 numbers against a bare aiohttp and orjson loop over the same pages.

Ours signs every request, passes budget, retries and every guard, checks and maps every record.
The peer asks for the same pages with the same concurrency and decodes them, no more. Only the
client's CPU is counted: the server is a process of its own. Both run with the agent's event loop
and garbage collector settings.
"""

import asyncio
import gc
import subprocess
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from statistics import median

import aiohttp
import orjson
import uvloop

from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings
from agent.event_loop import settle_garbage_collector
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.polling.budget import Budget
from agent.polling.retry import with_retries
from agent.providers.base import Provider
from agent.providers.registry import build
from tests.bench._pages import NUMBERS, PAGE_SIZE

CONCURRENCY = 8
ROUNDS = range(5)
LATER = 3
POLLING = Polling(max_pages=10_000, rate=10_000, concurrency=CONCURRENCY)
MIB = 1024 * 1024
MEMORY_AIM_MIB = 150.0

REQUESTED = tuple(f"400{index:07}" for index in range(NUMBERS))
"""As a poller has them: the same tuple while the listing is the same."""

Poll = Callable[[Provider], Awaitable[object]]


def run() -> Iterable[dict]:
    """CPU of polling numbers and bound phones, and the memory of the facts as held.

    ``first`` is the poll of an agent that has just started; every later one finds its pages
    as they were.
    """
    settle_garbage_collector()
    with pages_served() as url:
        for name, ours, bare in (
            ("numbers", poll_numbers, bare_numbers),
            ("bindings", poll_bindings, bare_bindings),
        ):
            # In turns, and the median of several: the machine has other work to do.
            turns = [(*uvloop.run(cpu_of_polls(url, ours)), cpu_of(bare, url)) for _ in ROUNDS]
            first, later, peer = (median(column) for column in zip(*turns, strict=True))
            yield line(f"poll_{name}_cpu", later, peer, "s", numbers=NUMBERS)
            yield line(f"poll_{name}_first_cpu", first, peer, "s", numbers=NUMBERS)
        yield line("poll_memory", memory_of_facts(url), MEMORY_AIM_MIB, "MiB", numbers=NUMBERS)


def line(bench: str, ours: float, peer: float, unit: str, **facts: float) -> dict:
    return {"bench": bench, "ours": ours, "peer": peer, "ratio": ours / peer, "unit": unit, **facts}


@contextmanager
def pages_served() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench._pages"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


def cpu_of(work: Callable[[str], Awaitable[None]], url: str) -> float:
    """Seconds of CPU, all threads, of one run of ``work``."""
    gc.collect()
    began = time.process_time()
    uvloop.run(work(url))
    return time.process_time() - began


async def cpu_of_polls(url: str, poll: Poll) -> tuple[float, float]:
    """Seconds of CPU, all threads, of a first poll and the median of some later ones."""
    async with provider_at(url) as provider:
        spent = []
        for _ in range(1 + LATER):
            gc.collect()
            began = time.process_time()
            await poll(provider)
            spent.append(time.process_time() - began)
    return spent[0], median(spent[1:])


@asynccontextmanager
async def provider_at(url: str) -> AsyncIterator[Provider]:
    settings = ProviderSettings(
        name="north",
        profile="generic",
        base_url=f"{url}/north",
        accounts=[Account(id="hq", credentials={"key": Secret("demo"), "secret": Secret("s")})],
    )
    client = HttpClient(HttpClientLimits.of(POLLING), egress_allow=["127.0.0.0/8"])
    budget = Budget(POLLING.rate, POLLING.concurrency)
    fetch = with_retries(budget.wrap(client.fetch), POLLING.attempts)
    try:
        yield build(settings, settings.accounts[0], fetch, POLLING)
    finally:
        await client.close()


async def poll_numbers(provider: Provider) -> object:
    listing = await provider.numbers()
    assert len(listing.numbers) == NUMBERS
    return listing


async def poll_bindings(provider: Provider) -> object:
    found = await provider.reachability(REQUESTED)
    assert sum(map(len, found.values())) == 2 * NUMBERS
    return found


async def bare_numbers(url: str) -> None:
    await bare(f"{url}/north/v1/numbers", -(-NUMBERS // PAGE_SIZE))


async def bare_bindings(url: str) -> None:
    await bare(f"{url}/north/v1/bindings", -(-2 * NUMBERS // PAGE_SIZE))


async def bare(url: str, count: int) -> None:
    """The same pages, decoded and let go."""
    left = iter(range(1, count + 1))
    records = 0

    async def work(session: aiohttp.ClientSession) -> None:
        nonlocal records
        for page in left:
            params = {"page_size": str(PAGE_SIZE), "page": str(page)}
            async with session.get(url, params=params) as response:
                records += len(orjson.loads(await response.read())["data"]["items"])

    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(work(session) for _ in range(CONCURRENCY)))
    assert records == count * PAGE_SIZE


def memory_of_facts(url: str) -> float:
    """MiB held after two polls of numbers and of two bound phones a number."""

    async def measured() -> float:
        async with provider_at(url) as provider:
            tracemalloc.start()
            for _ in range(2):
                held = [await poll(provider) for poll in (poll_numbers, poll_bindings)]
            gc.collect()
            size = tracemalloc.get_traced_memory()[0]
            tracemalloc.stop()
            held.clear()
            return size / MIB

    return uvloop.run(measured())
