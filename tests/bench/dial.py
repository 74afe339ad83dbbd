"""What a test call costs: CPU of the engine's process, of following it, and of hearing.

No peer does this; the yardstick is 1,000 calls an hour for a fifth of one core, 0.72 s each. The
number that is called answers in a thread of its own, whose CPU does not count.
"""

import asyncio
import resource
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agent.probing.analysis import observe
from agent.probing.engine.client import place
from agent.probing.hearing.fingerprint import features_of
from agent.probing.hearing.sound import samples_of
from agent.simulator.telephony.behaviour import BEHAVIOURS
from agent.simulator.telephony.endpoint import open_endpoint
from tests.probing.conftest import order_at
from tests.probing.many_calls import decoded

YARDSTICK_SECONDS = 0.72
ROUNDS = 5
CALLED = ("busy", "answers", "suspended_prompt", "rings")
"""A refusal, an answer that is listened to for six seconds, an announcement, and ringing for as
long as a call may take."""
LONGEST, TALK = 45.0, 6.0
"""The defaults of the configuration."""
ENROLLED = 20
"""Announcements that are looked for."""


@dataclass
class Cost:
    """CPU seconds of calls."""

    engine: float = 0.0
    following: float = 0.0
    hearing: float = 0.0

    @property
    def total(self) -> float:
        """All of them."""
        return self.engine + self.following + self.hearing


def run() -> Iterable[dict[str, Any]]:
    """CPU seconds a call, by what was called and of all."""
    known = {f"a{it}": features_of(samples_of(decoded(f"a{it}"))) for it in range(ENROLLED)}
    costs = {}
    with answering() as address:
        for name in CALLED:
            costs[name] = asyncio.run(cost_of(address, name, known))
            yield line(f"dial_{name}_cpu", costs[name], ROUNDS)
    sums = [sum(getattr(it, part) for it in costs.values()) for part in Cost.__annotations__]
    yield line("dial_call_cpu", Cost(*sums), ROUNDS * len(CALLED))


def line(bench: str, cost: Cost, calls: int) -> dict[str, Any]:
    parts = {part: getattr(cost, part) / calls for part in Cost.__annotations__}
    ours = cost.total / calls
    facts = {"unit": "s", "calls": calls, "enrolled": ENROLLED, **parts}
    ratio = ours / YARDSTICK_SECONDS
    return {"bench": bench, "ours": ours, "peer": YARDSTICK_SECONDS, "ratio": ratio, **facts}


@contextmanager
def answering() -> Iterator[tuple[str, int]]:
    """The address of an endpoint that answers in a thread."""
    ready, over, address = threading.Event(), threading.Event(), []

    async def serve() -> None:
        endpoint = await open_endpoint(lambda number, _: BEHAVIOURS.get(number))
        address.append(endpoint.address)
        ready.set()
        await asyncio.to_thread(over.wait)
        endpoint.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield address[0]
    finally:
        over.set()
        thread.join()


async def cost_of(address: tuple[str, int], name: str, known: dict[str, Any]) -> Cost:
    """The cost of some calls, all at once: waiting costs nothing."""
    before, began = children(), time.thread_time()
    one = order_at(*address, name, longest=LONGEST, talk=TALK)
    records = await asyncio.gather(*(place(one) for _ in range(ROUNDS)))
    followed = time.thread_time()
    for record in records:
        if record.failure:
            raise RuntimeError(record.failure)
        observe(record, known)
    heard = time.thread_time()
    return Cost(children() - before, followed - began, heard - followed)


def children() -> float:
    """CPU seconds of the processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
