"""The engine in its process: what it reports, and what becomes of a call when it is killed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.probing.engine.client import EngineMissingError, place
from agent.probing.engine.protocol import Closed, Event, Order, Ready, Sip
from agent.probing.observation import Ended
from agent.simulator.telephony.call import CallLog
from agent.simulator.telephony.endpoint import SipEndpoint
from tests.probing.conftest import order

pytestmark = pytest.mark.timeout(90)
WITHIN = 5.0
"""Seconds within which a call must end whose engine or agent was killed."""


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the world is looked at
            await asyncio.sleep(0.02)


def children() -> list[int]:
    """The engines of this process."""
    text = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    names = ((int(pid), Path(f"/proc/{pid}/cmdline").read_bytes()) for pid in text.split())
    return [pid for pid, name in names if b"agent.probing.engine.process" in name]


async def lasting(endpoint: SipEndpoint, state: str) -> CallLog:
    """The call at the endpoint, once it has come so far."""
    await until(lambda: endpoint.calls)
    log = endpoint.calls[-1]
    if state == "answered":
        await until(lambda: log.acknowledged)
    else:
        await until(lambda: log.statuses)
    return log


@pytest.mark.parametrize("state", ["answered", "ringing"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_call_ends_when_its_engine_is_killed_or_hangs(
    endpoint: SipEndpoint, state: str, how: signal.Signals
) -> None:
    number = {"answered": "answers", "ringing": "rings"}[state]
    call = asyncio.create_task(place(order(endpoint, number, longest=60.0, talk=60.0)))
    log = await lasting(endpoint, state)
    # The agent has read of it: the trace goes through a pipe.
    await asyncio.sleep(0.3)
    killed = asyncio.get_running_loop().time()
    os.kill(children()[0], how)
    record = await call
    await until(lambda: log.ended is not None)
    assert log.ended is not None
    assert log.ended_by == "caller"
    assert log.ended - killed < WITHIN
    assert record.signalling.ended is Ended.ENGINE
    assert record.released is True
    assert record.failure
    assert not children()


async def test_a_call_knows_for_how_long_its_engine_did_not_run(endpoint: SipEndpoint) -> None:
    call = asyncio.create_task(place(order(endpoint, "answers", longest=20.0, talk=3.0)))
    await lasting(endpoint, "answered")
    os.kill(children()[0], signal.SIGSTOP)
    await asyncio.sleep(0.9)
    os.kill(children()[0], signal.SIGCONT)
    record = await call
    assert record.failure == ""
    assert record.stood_still > 0.5


AGENT = """
import asyncio, json, sys
from agent.probing.engine.client import place
from agent.probing.engine.protocol import Order
asyncio.run(place(Order(**json.loads(sys.argv[1]))))
"""


@contextmanager
def agent_calling(one: Order) -> Iterator[subprocess.Popen[bytes]]:
    """A process that makes the call of an order as an agent does."""
    values = {name: getattr(one, name) for name in one.__struct_fields__ if name != "prompt"}
    agent = subprocess.Popen([sys.executable, "-c", AGENT, json.dumps(values)])
    try:
        yield agent
    finally:
        agent.kill()
        agent.wait(10)


@pytest.mark.parametrize("state", ["answered", "ringing"])
async def test_a_call_ends_when_the_agent_is_killed(endpoint: SipEndpoint, state: str) -> None:
    number = {"answered": "answers", "ringing": "rings"}[state]
    with agent_calling(order(endpoint, number, longest=60.0, talk=60.0)) as agent:
        log = await lasting(endpoint, state)
        killed = asyncio.get_running_loop().time()
        agent.kill()
        await until(lambda: log.ended is not None)
    assert log.ended is not None
    assert log.ended_by == "caller"
    assert log.ended - killed < WITHIN


async def test_without_the_release_a_killed_engine_leaves_the_phone_off_the_hook(
    endpoint: SipEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(_dialog: object, _within: float) -> bool:
        return False

    monkeypatch.setattr("agent.probing.engine.client.release", nothing)
    call = asyncio.create_task(place(order(endpoint, "answers", longest=60.0, talk=60.0)))
    log = await lasting(endpoint, "answered")
    os.kill(children()[0], signal.SIGKILL)
    await call
    await asyncio.sleep(0.5)
    assert log.ended is None


async def test_a_cancelled_call_is_hung_up(endpoint: SipEndpoint) -> None:
    call = asyncio.create_task(place(order(endpoint, "answers", longest=60.0, talk=60.0)))
    log = await lasting(endpoint, "answered")
    call.cancel()
    await asyncio.wait([call])
    await until(lambda: log.ended is not None, 5.0)
    assert log.ended_by == "caller"
    assert not children()


async def test_events_come_while_the_call_lasts(endpoint: SipEndpoint) -> None:
    events: list[Event] = []
    record = await place(order(endpoint, "reliable"), events.append)
    kinds = [type(event) for event in events]
    assert kinds[0] is Ready
    assert Sip in kinds
    assert kinds[-1] is Closed
    assert endpoint.calls[-1].pracked == 1
    assert record.signalling.provisional == (100, 183)
    assert record.reception.packets > 30
    assert record.talk


@pytest.mark.parametrize("lost", [1, 2])
async def test_an_acknowledgement_that_is_lost_is_said_again(
    endpoint: SipEndpoint, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    """Of those that come, ``lost`` are not heard."""
    hear, acks = endpoint.datagram_received, []

    def receive(data: bytes, addr: tuple[str, int]) -> None:
        acks.extend([data] if data.startswith(b"ACK ") else [])
        if not data.startswith(b"ACK ") or len(acks) > lost:
            hear(data, addr)

    monkeypatch.setattr(endpoint, "datagram_received", receive)
    record = await place(order(endpoint, "answers", talk=4.0))
    assert not record.failure
    assert endpoint.calls[-1].acknowledged
    assert len(acks) == lost + 1, "and not for ever"
    assert len({it.rstrip() for it in acks}) == 1


async def test_the_longest_duration_ends_a_call(endpoint: SipEndpoint) -> None:
    record = await place(order(endpoint, "answers", longest=1.0, talk=60.0))
    assert record.signalling.ended is Ended.CALLER
    assert endpoint.calls[-1].ended_by == "caller"
    assert record.trace[-1].text.startswith("SIP/2.0 200"), "the last message is waited for"


BROKEN = {
    "ends at once": "raise SystemExit(3)",
    "writes nonsense": "print('nonsense')",
    "writes too much": "print('x' * 10_000_000)",
    "segmentation fault": "import ctypes; ctypes.string_at(0)",
}


@pytest.mark.parametrize("code", BROKEN.values(), ids=BROKEN)
async def test_a_broken_engine_costs_the_test_and_nothing_else(
    endpoint: SipEndpoint, code: str
) -> None:
    record = await place(order(endpoint, "answers"), command=(sys.executable, "-c", code))
    assert record.failure
    assert record.signalling.ended is Ended.ENGINE
    assert not endpoint.calls


async def test_an_engine_that_is_not_installed_is_named(endpoint: SipEndpoint) -> None:
    missing = (
        "import sys; sys.modules['baresip'] = None\n"
        "from agent.probing.engine.process import main; main()"
    )
    with pytest.raises(EngineMissingError):
        await place(order(endpoint, "answers"), command=(sys.executable, "-c", missing))


LATE = """\
import asyncio
from baresip import UserAgent
from agent.probing.engine import process

dial = UserAgent.dial

async def dial_late(*args, **options):
    call = await dial(*args, **options)
    await asyncio.sleep(1.0)
    return call

UserAgent.dial = dial_late
process.main()
"""


@pytest.mark.parametrize("number", ["answers", "rejected"])
async def test_a_call_that_is_over_or_answered_before_dialling_returns_is_noticed(
    endpoint: SipEndpoint, number: str
) -> None:
    command = (sys.executable, "-c", LATE)
    record = await place(order(endpoint, number, longest=6.0), command=command)
    assert record.signalling.duration < 5
    assert record.signalling.ended is (Ended.CALLER if number == "answers" else Ended.NETWORK)
    assert bool(record.talk) is (number == "answers")


@pytest.mark.parametrize("number", ["answers", "one_way"])
async def test_as_much_is_heard_as_was_asked_for_or_a_second_is_added(
    endpoint: SipEndpoint, number: str
) -> None:
    record = await place(order(endpoint, number, talk=2.0))
    answered = record.signalling.answered
    assert answered is not None
    assert record.signalling.duration - answered >= (2.0 if number == "answers" else 3.0)
    assert len(record.talk) == 0 or len(record.talk) >= 2.0 * 16_000 * 0.99
