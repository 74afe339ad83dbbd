import asyncio
import time

from agent.net.exchange import Answer, Request
from agent.polling.loop_throttle import READING_SECONDS, LoopThrottle


async def read_pages(throttle, count, seconds):
    async def fetch(_request):
        return Answer(200, {}, b"", None)

    fetch_throttled = throttle.wrap(fetch) if throttle else fetch

    async def read():
        await fetch_throttled(Request("GET", ""))
        time.sleep(seconds)  # noqa: ASYNC251 - reading a page is work, not waiting

    await asyncio.gather(*(read() for _ in range(count)))


async def longest_wait(work):
    """How long the event loop made another task wait while ``work`` went on."""
    waits = []

    async def watch():
        while True:
            before = time.monotonic()
            await asyncio.sleep(0)
            waits.append(time.monotonic() - before)

    watching = asyncio.create_task(watch())
    await work
    watching.cancel()
    return max(waits)


async def test_many_pages_that_arrive_together_leave_time_to_other_tasks():
    assert await longest_wait(read_pages(LoopThrottle(), 60, 0.002)) < READING_SECONDS + 0.05
    # Without it all of them are read in one iteration.
    assert await longest_wait(read_pages(None, 60, 0.002)) >= 0.1


async def test_every_answer_comes_through():
    async with asyncio.timeout(5):
        await read_pages(LoopThrottle(), 500, 0.0005)
