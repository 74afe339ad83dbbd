import asyncio
import time

from agent.net.exchange import Answer, Request
from agent.polling.loop_throttle import BUSY_SECONDS, LoopThrottle


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
    assert await longest_wait(read_pages(LoopThrottle(), 60, 0.002)) < BUSY_SECONDS + 0.05
    # Without it all of them are read in one iteration.
    assert await longest_wait(read_pages(None, 60, 0.002)) >= 0.1


async def test_every_answer_comes_through():
    async with asyncio.timeout(5):
        await read_pages(LoopThrottle(), 500, 0.0005)


async def send_many(throttle, count, seconds):
    async def fetch(_request):
        time.sleep(seconds)  # noqa: ASYNC251 - to send is work, too
        await asyncio.sleep(0)
        return Answer(200, {}, b"", None)

    fetch_throttled = throttle.wrap(fetch) if throttle else fetch
    await asyncio.gather(*(fetch_throttled(Request("GET", "")) for _ in range(count)))


async def test_many_requests_that_are_due_together_leave_time_to_other_tasks():
    assert await longest_wait(send_many(LoopThrottle(), 60, 0.002)) < BUSY_SECONDS + 0.05
    assert await longest_wait(send_many(None, 60, 0.002)) >= 0.1


class Looked(LoopThrottle):
    """Counts how often somebody looks whether there is time."""

    def __init__(self):
        super().__init__()
        self.looks = 0

    def _has_time(self):
        self.looks += 1
        return super()._has_time()


async def test_who_waits_is_not_woken_again_and_again():
    """Else thousands that wait keep the loop busy with waiting."""
    throttle, count = Looked(), 1000
    await read_pages(throttle, count, 0.0005)
    assert throttle.looks < 2 * count * 3


async def test_they_come_through_in_their_order_and_who_is_cancelled_holds_nobody_up():
    throttle, done = LoopThrottle(), []

    async def fetch(_request):
        return Answer(200, {}, b"", None)

    fetch_throttled = throttle.wrap(fetch)

    async def read(place):
        await fetch_throttled(Request("GET", ""))
        done.append(place)
        time.sleep(0.004)  # noqa: ASYNC251 - as above

    tasks = [asyncio.create_task(read(place)) for place in range(60)]
    await asyncio.sleep(0.02)
    for task in tasks[30:40]:
        task.cancel()
    async with asyncio.timeout(20):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert len(done) >= 50
    assert set(range(30)) | set(range(40, 60)) <= set(done)
    moved = max(abs(place - done.index(place)) for place in done)
    assert moved <= 10 + 8, "nobody waits behind many who came later"
