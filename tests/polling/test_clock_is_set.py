"""The clock is set while accounts are polled: what is known is no older, also what is merged."""

import asyncio
import time

import pytest

from agent.clock import AgentClock
from agent.event_loop import INLINE_ITEMS
from agent.model import Binding, Snapshot
from agent.polling.merge import MergeState, restated
from agent.states import Capability
from tests.polling.polling_bench import Bench, settings_of

HOUR, DAY, NOW = 3600.0, 86400.0, 1_795_838_400.0
STEPS = pytest.mark.parametrize("step", [HOUR, -HOUR, DAY, -DAY])


SELDOM = {"intervals": {"numbers": 60.0}}


class Machine:
    ahead = 0.0

    def wall(self):
        return time.time() + self.ahead


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def clock(machine):
    return AgentClock(machine.wall)


@pytest.fixture
async def bench(server, clock):
    bench = Bench(server, clock)
    clock.subscribe(bench.pollers.clock_was_set)
    yield bench
    await bench.pollers.stop()


def ages(bench, clock):
    """Seconds since each time in the account's snapshot."""
    snapshot = bench.snapshot()
    status = snapshot.polls[Capability.NUMBERS]
    changes = [at for _before, _after, at in snapshot.previous_states.values()]
    return [clock() - at for at in (status.last_attempt, status.last_success, *changes)]


@STEPS
async def test_what_is_known_is_as_old_as_it_was(server, bench, machine, clock, step):
    server.answers["/hq/numbers"] = {"4006220001": "active"}
    await bench.pollers.prepare(settings_of("hq", polling=SELDOM))
    await bench.pollers.poll_once("north", "hq")
    server.answers["/hq/numbers"] = {"4006220001": "suspended_arrears"}
    await bench.pollers.poll_once("north", "hq")
    revision = bench.snapshot().revision
    machine.ahead += step
    assert all(age < 10 for age in ages(bench, clock))
    await clock.follow()
    assert abs(clock() - machine.wall()) < 1
    assert len(ages(bench, clock)) == 3
    assert all(0 <= age < 10 for age in ages(bench, clock))
    assert bench.snapshot().is_fresh(Capability.NUMBERS, clock())
    assert bench.snapshot().revision == revision + 1
    await bench.pollers.poll_once("north", "hq")
    assert all(0 <= age < 10 for age in ages(bench, clock))


@STEPS
async def test_what_is_merged_meanwhile_is_no_older_either(
    server, bench, machine, clock, step, monkeypatch
):
    many = {f"400{n:07d}": "active" for n in range(INLINE_ITEMS + 1)}
    server.answers["/hq/numbers"] = many
    await bench.pollers.prepare(settings_of("hq", polling=SELDOM))
    under_way, go_on, to_thread = asyncio.Event(), asyncio.Event(), asyncio.to_thread

    async def held(function, *args, **more):
        result = await to_thread(function, *args, **more)
        if function.__name__ == "_merge":
            under_way.set()
            await go_on.wait()
        return result

    monkeypatch.setattr(asyncio, "to_thread", held)
    polling = asyncio.create_task(bench.pollers.poll_once("north", "hq"))
    async with asyncio.timeout(10):
        await under_way.wait()
    machine.ahead += step
    await clock.follow()
    go_on.set()
    await polling
    assert all(0 <= age < 10 for age in ages(bench, clock))


@STEPS
async def test_an_account_that_was_never_polled_stays_unknown(server, bench, machine, clock, step):
    server.answers["/hq/numbers"] = {"4006220001": "active"}
    await bench.pollers.prepare(settings_of("hq", polling=SELDOM))
    machine.ahead += step
    await clock.follow()
    assert bench.snapshot() is None
    await bench.pollers.poll_once("north", "hq")
    assert 0 <= clock() - bench.status().last_attempt < 10


def test_states_of_phones_that_are_known_are_no_older():
    phones = (Binding("p0", "13800000000", state_at=NOW), Binding("p1", "13800000001"))
    snapshot = Snapshot("north", "hq", 1, {}, {}, bindings={"4006220001": phones})
    (first, second) = restated(MergeState(snapshot), HOUR).snapshot.bindings["4006220001"]
    assert (first.state_at, second.state_at) == (NOW + HOUR, None)
