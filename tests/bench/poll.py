"""A full poll of 100,000 numbers against a bare aiohttp and orjson loop over the same pages.

Ours signs every request, passes budget, retries and every guard, checks and maps every record.
The peer asks for the same pages with the same concurrency and decodes them, no more. Only the
client's CPU is counted: the server is a process of its own.
"""

import asyncio
import gc
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

import aiohttp
import orjson
import uvloop

from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings
from agent.polling.budget import Budget
from agent.polling.retry import with_retries
from agent.providers.base import Provider
from agent.providers.http import Door, DoorLimits
from agent.providers.registry import build
from tests.bench._pages import NUMBERS, PAGE_SIZE

CONCURRENCY = 8
ROUNDS = 5
POLLING = Polling(max_pages=10_000, rate=10_000, concurrency=CONCURRENCY)
MIB = 1024 * 1024
MEMORY_AIM_MIB = 150.0

Work = Callable[[str], Awaitable[None]]

held: list[object] = []
"""What was polled last. Not handed through ``run``, which would look into it."""


def run() -> Iterable[dict]:
    """CPU of polling numbers and bound phones, and the memory of the facts as held."""
    with pages_served() as url:
        for bench, ours, peer in (
            ("poll_numbers_cpu", poll_numbers, bare_numbers),
            ("poll_bindings_cpu", poll_bindings, bare_bindings),
        ):
            # In turns, best of several: the machine has other work to do.
            pairs = [(cpu_of(ours, url), cpu_of(peer, url)) for _ in range(ROUNDS)]
            best, bare = (min(column) for column in zip(*pairs, strict=True))
            yield line(bench, best, bare, "s", numbers=NUMBERS)
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


def cpu_of(work: Work, url: str) -> float:
    """Seconds of CPU, all threads, of one run of ``work``."""
    held.clear()
    gc.collect()
    began = time.process_time()
    uvloop.run(work(url))
    return time.process_time() - began


async def with_provider(url: str, work: Callable[[Provider], Awaitable[object]]) -> None:
    settings = ProviderSettings(
        name="north",
        profile="generic",
        base_url=f"{url}/north",
        accounts=[Account(id="hq", credentials={"key": Secret("demo"), "secret": Secret("s")})],
    )
    door = Door(DoorLimits.of(POLLING), egress_allow=["127.0.0.0/8"])
    budget = Budget(POLLING.rate, POLLING.concurrency)
    fetch = with_retries(budget.wrap(door.fetch), POLLING.attempts)
    try:
        held.append(await work(build(settings, settings.accounts[0], fetch, POLLING)))
    finally:
        await door.close()


async def poll_numbers(url: str) -> None:
    async def work(provider: Provider) -> object:
        listing = await provider.numbers()
        assert len(listing.numbers) == NUMBERS
        return listing

    await with_provider(url, work)


async def poll_bindings(url: str) -> None:
    names = [f"400{index:07}" for index in range(NUMBERS)]
    await with_provider(url, lambda provider: provider.reachability(names))


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
    """MiB of a listing and two bound phones a number, as they are held after the poll."""
    uvloop.run(poll_numbers(url))  # what is made once is not the facts' memory
    held.clear()
    gc.collect()
    tracemalloc.start()
    for work in (poll_numbers, poll_bindings):
        uvloop.run(work(url))
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return size / MIB
