"""Within how long a call ends whose engine or agent is gone, by the clock of the far end.

Here the network is no help: the far end confirms nothing, or does not hear the first messages.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable

import pytest

from agent.probing.engine import client
from agent.probing.engine.client import CallRecord, place
from agent.probing.engine.protocol import Order
from agent.simulator.telephony.call import CallLog
from agent.simulator.telephony.endpoint import SipEndpoint
from agent.simulator.telephony.media import Line
from tests.probing.conftest import order
from tests.probing.test_engine import WITHIN, agent_calling, children, lasting, until

pytestmark = pytest.mark.timeout(120)
NUMBERS = {"answered": "answers", "ringing": "rings"}
NOT_HEARD = 0.8
"""Seconds for which the far end hears nothing."""
ENDLESS = """
import asyncio, agent.probing.engine.process as it
async def follow(self): await asyncio.sleep(100)
it._Placed.follow = follow
it.main()
"""
"""An engine that lives and does not hang up."""


NEVER_CLOSED = """
import asyncio, baresip, agent.probing.engine.process as it
async def close(self): await asyncio.sleep(100)
baresip.Runtime.close = close
it.main()
"""


def now() -> float:
    return asyncio.get_running_loop().time()


def confirms_nothing(endpoint: SipEndpoint) -> None:
    """It hears all that is said, and says nothing any more."""
    endpoint._send = lambda *_: None  # type: ignore[method-assign]


def hears_late(endpoint: SipEndpoint) -> None:
    """What is said at first is lost."""
    endpoint.line = Line(signalling_loss=1.0)


Fate = Callable[[asyncio.Task[CallRecord]], Awaitable[object]]


async def killed(one: asyncio.Task[CallRecord]) -> CallRecord:
    os.kill(children()[0], signal.SIGKILL)
    return await one


async def hung(one: asyncio.Task[CallRecord]) -> CallRecord:
    os.kill(children()[0], signal.SIGSTOP)
    return await one


async def hung_and_cancelled(one: asyncio.Task[CallRecord]) -> None:
    os.kill(children()[0], signal.SIGSTOP)
    one.cancel()
    await asyncio.wait([one])


def standing(endpoint: SipEndpoint, state: str, longest: float = 60.0) -> Order:
    return order(endpoint, NUMBERS[state], longest=longest, talk=60.0)


@pytest.mark.parametrize(
    ("state", "fate"),
    [("ringing", killed), ("answered", hung), ("answered", hung_and_cancelled)],
)
async def test_all_is_tried_in_time_though_the_far_end_confirms_nothing(
    endpoint: SipEndpoint, state: str, fate: Fate
) -> None:
    call = asyncio.create_task(place(standing(endpoint, state)))
    log = await heard_of(endpoint, state, call)
    confirms_nothing(endpoint)
    began = now()
    await fate(call)
    assert now() - began < WITHIN
    assert_ended(log, began)
    assert not children()


@pytest.mark.parametrize("fate", [killed, hung])
async def test_what_is_lost_is_said_again(endpoint: SipEndpoint, fate: Fate) -> None:
    call = asyncio.create_task(place(standing(endpoint, "answered")))
    log = await heard_of(endpoint, "answered", call)
    hears_late(endpoint)
    began = now()
    silent_until = (client._SILENCE if fate is hung else 0.0) + NOT_HEARD
    asyncio.get_running_loop().call_later(silent_until, setattr, endpoint, "line", Line())
    await fate(call)
    assert_ended(log, began)
    assert call.result().released is True


@pytest.mark.parametrize("state", NUMBERS)
async def test_an_engine_without_its_agent_ends_the_call_though_nobody_confirms_it(
    endpoint: SipEndpoint, state: str
) -> None:
    with agent_calling(standing(endpoint, state)) as agent:
        log = await lasting(endpoint, state)
        confirms_nothing(endpoint)
        began = now()
        agent.kill()
        await until(lambda: log.ended is not None)
    assert_ended(log, began)


async def test_an_engine_that_lives_and_does_not_hang_up_is_ended(endpoint: SipEndpoint) -> None:
    one, command = standing(endpoint, "answered", 2.0), (sys.executable, "-c", ENDLESS)
    record = await place(one, command=command)
    log = endpoint.calls[-1]
    assert record.failure == "the engine did not end the call in time"
    assert log.ended is not None
    assert log.ended - log.began < one.longest + WITHIN


@pytest.mark.parametrize("confirms", [True, False])
async def test_an_end_that_nobody_confirmed_is_said_again_where_the_stack_hangs_while_it_closes(
    endpoint: SipEndpoint, confirms: bool
) -> None:
    one, command = standing(endpoint, "answered", 2.0), (sys.executable, "-c", NEVER_CLOSED)
    call = asyncio.create_task(place(one, command=command))
    log = await heard_of(endpoint, "answered", call)
    if not confirms:
        confirms_nothing(endpoint)
    record = await call
    assert (record.failure, record.released) == ("", confirms)
    assert log.ended_by == "caller"


async def heard_of(endpoint: SipEndpoint, state: str, call: asyncio.Task[CallRecord]) -> CallLog:
    """The call, once it stands and the agent has read so."""
    log = await lasting(endpoint, state)
    # The trace goes through a pipe.
    await asyncio.wait([call], timeout=0.3)
    return log


def assert_ended(log: CallLog, began: float) -> None:
    assert log.ended is not None
    assert log.ended_by == "caller"
    assert log.ended - began < WITHIN
