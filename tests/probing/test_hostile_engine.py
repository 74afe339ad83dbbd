"""An engine that lies, floods, hangs or never ends costs the test, never more than is allowed."""

import asyncio
import json
import sys
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.probing.engine import client
from agent.probing.engine.client import CallRecord, place
from agent.probing.engine.protocol import (
    Alive,
    Audio,
    Closed,
    Failed,
    InvalidEventError,
    Order,
    Ready,
    Sip,
    decode_event,
    encode,
)
from agent.probing.observation import Ended

pytestmark = pytest.mark.timeout(90)
WRITE = """
import base64, json, os, sys, time
def write(**event):
    os.write(1, json.dumps(event).encode() + b"\\n")
def sound(seconds):
    return base64.b64encode(bytes(int(seconds * 16000))).decode()
"""
READ = "sys.stdin.buffer.readline()\n"
CLOSED = 'write(event="closed", by_us=True, at=1.0, counters={})\n'


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an engine is allowed is what it needs to start here, and little more."""
    monkeypatch.setattr(client, "_START", 8.0)
    monkeypatch.setattr(client, "_SILENCE", 1.5)
    monkeypatch.setattr(client, "_GRACE", 1.0)


def order(**changed: object) -> Order:
    values = {"uri": "sip:1@127.0.0.1:9", "user": "100", "domain": "127.0.0.1", "talk": 1.0}
    return Order(**{**values, "longest": 2.0, **changed})


async def engine(code: str, one: Order | None = None) -> CallRecord:
    """The record of a call by an engine that runs ``code``."""
    return await place(one or order(), command=(sys.executable, "-c", WRITE + code))


FAILING = {
    "floods with signs of life": (
        'while True: os.write(1, b\'{"event":"alive"}\\n\' * 2000)',
        "the engine wrote too much",
    ),
    "floods with sound": (
        'data = sound(5.0)\nwhile True: write(event="audio", answered=True, pcm=data)',
        "the engine wrote too much",
    ),
    "floods with messages": (
        "while True: write(event='sip', sent=True, local='', remote='', text='x' * 8000, at=1)",
        "the engine wrote too much",
    ),
    "lives and never ends": (
        'while True: write(event="alive"); time.sleep(0.1)',
        "the engine did not end the call in time",
    ),
    "starts and says nothing more": (
        'write(event="ready")\ntime.sleep(100)',
        "the engine gave no sign of life",
    ),
    "never ends a line": (
        "while True: os.write(1, b'x' * 60000)",
        "the engine wrote a line that is too long",
    ),
    "ends within a line": (
        "os.write(1, b'{\"event\":')",
        "the engine wrote what cannot be read",
    ),
    "invalid UTF-8": (
        'os.write(1, b\'{"event":"\\xff\\xfe"}\\n\')',
        "the engine wrote what cannot be read",
    ),
    "nested without end": (
        "os.write(1, b'{\"event\":\"alive\",\"x\":' + b'[' * 50000 + b'\\n')",
        "the engine wrote what cannot be read",
    ),
    "a time that is no number": (
        'os.write(1, b\'{"event":"closed","by_us":true,"at":NaN,"counters":{}}\\n\')',
        "the engine wrote what cannot be read",
    ),
    "a call before its beginning": (
        'write(event="closed", by_us=True, at=-1.0, counters={})',
        "the engine wrote what cannot be read",
    ),
    "fewer packets than none": (
        'write(event="closed", by_us=True, at=1.0, counters={"received": -5})',
        "the engine wrote what cannot be read",
    ),
    "a message that is too long": (
        'write(event="sip", sent=False, local="", remote="", text="x" * 9000, at=1.0)',
        "the engine wrote what cannot be read",
    ),
    "leaves somebody behind who holds its pipes": (
        "import subprocess\nsubprocess.Popen(['sleep', '20'])\nos._exit(0)",
        "the engine gave no sign of life",
    ),
}


@pytest.mark.parametrize(("code", "failure"), FAILING.values(), ids=FAILING)
async def test_a_hostile_engine_fails_and_is_ended(code: str, failure: str) -> None:
    async with asyncio.timeout(30):
        record = await engine(code)
    assert record.failure == failure
    assert record.signalling.ended is Ended.ENGINE
    assert len(record.early) + len(record.talk) <= 2 * (2.0 + 1.0) * 16_000


async def test_an_engine_that_never_reads_its_order_is_not_waited_for() -> None:
    # More than a pipe and what is buffered before it hold.
    async with asyncio.timeout(30):
        record = await engine("time.sleep(100)", order(prompt=bytes(2_000_000)))
    assert record.failure == "the engine gave no sign of life"


async def test_the_agent_goes_on_beside_an_engine_that_floods() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    seen: list[int] = []

    def on_event(_: object) -> None:
        seen.append(ticks)

    line = encode(Audio(True, b"")) + b"\n"
    code = f"{WRITE}while True: os.write(1, {line!r} * 9000)"
    try:
        await place(order(), on_event, (sys.executable, "-c", code))
    finally:
        ticking.cancel()
    # Events that are there already are taken one after the other: so many, and no more.
    assert max(map(seen.count, seen)) <= 2000 + 50 * 11


async def test_an_agent_that_stood_still_does_not_take_its_engine_for_hung() -> None:
    loop = asyncio.get_running_loop()

    def on_event(event: object) -> None:
        if isinstance(event, Ready):
            # While it waits for the next line, and the engine goes on writing.
            loop.call_later(0.02, time.sleep, 1.3 * client._SILENCE)

    code = f'write(event="ready")\ntime.sleep(0.5)\nwrite(event="alive")\n{CLOSED}'
    record = await place(order(), on_event, (sys.executable, "-c", WRITE + code))
    assert not record.failure


async def test_more_sound_than_a_call_can_have_is_left_out() -> None:
    code = (
        f'{READ}write(event="ready")\nfor _ in range(8):\n'
        f'    write(event="audio", answered=True, pcm=sound(1.0))\n{CLOSED}'
    )
    record = await engine(code)
    assert not record.failure
    assert len(record.talk) == (2.0 + 1.0) * 16_000


@pytest.mark.parametrize("ending", ["os.abort()", "time.sleep(60)", 'write(event="traced")'])
async def test_how_an_engine_ends_after_the_call_says_nothing_of_it(ending: str) -> None:
    begun = time.monotonic()
    record = await engine(f'{READ}write(event="ready")\n{CLOSED}{ending}')
    assert (record.failure, record.signalling.ended) == ("", Ended.CALLER)
    assert time.monotonic() - begun < 30


async def test_what_comes_after_the_end_is_not_taken() -> None:
    code = (
        f'{READ}write(event="ready")\n{CLOSED}'
        'write(event="audio", answered=True, pcm=sound(1.0))\n'
        'write(event="closed", by_us=False, at=9.0, counters={"received": 9})\n'
        "while True: os.write(1, b'nonsense' * 1000)"
    )
    record = await engine(code)
    assert not record.failure
    assert record.talk == b""
    assert record.signalling.ended is Ended.CALLER
    assert record.reception.packets == 0


async def test_what_a_failing_engine_says_can_be_shown() -> None:
    record = await engine('write(event="failed", reason="broken", text="\\x1b[31m\\nno\\u202e")')
    assert record.failure.isprintable()
    assert "no" in record.failure


async def test_a_password_is_in_no_failure_of_the_engine() -> None:
    secret = 'CANARY"\\secret'
    code = (
        "import agent.probing.engine.process as it\n"
        "async def broken(order, out, reader): raise ValueError('bad ' + order.password)\n"
        "it._carry_out = broken\nit.main()"
    )
    record = await place(order(password=secret), command=(sys.executable, "-c", code))
    assert record.failure == "bad <secret>"


LINES = st.one_of(
    st.binary(max_size=60),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
        lambda it: (
            st.lists(it, max_size=3)
            | st.dictionaries(
                st.sampled_from(["event", "at", "text", "pcm", "counters", "by_us", "received"]), it
            )
        ),
        max_leaves=8,
    ).map(lambda it: json.dumps(it).encode()),
    st.fixed_dictionaries(
        {"event": st.sampled_from(["sip", "audio", "closed", "failed", "ready", "alive"])},
        optional={
            "sent": st.booleans() | st.none(),
            "local": st.text(max_size=120),
            "remote": st.text(max_size=120),
            "text": st.text(max_size=20),
            "at": st.floats() | st.integers(),
            "answered": st.booleans(),
            "pcm": st.text(max_size=8),
            "by_us": st.booleans(),
            "counters": st.dictionaries(
                st.sampled_from(["received", "lost", "sent", "jitter"]), st.integers() | st.floats()
            ),
            "reason": st.sampled_from(["missing", "x"]),
        },
    ).map(lambda it: json.dumps(it).encode()),
)


@given(LINES)
@example(b'{"event":"alive","x":' + b"[" * 50_000)
@example(b'{"event":"closed","by_us":true,"at":1e308,"counters":{}}')
@example(b'{"event":"closed","by_us":true,"at":1,"counters":{"received":1e99}}')
@example(b'{"\xff":1,"event":"alive"}')
def test_a_line_is_an_event_within_bounds_or_none(line: bytes) -> None:
    try:
        event = decode_event(line)
    except InvalidEventError:
        return
    assert isinstance(event, Ready | Alive | Sip | Audio | Closed | Failed)
    assert decode_event(encode(event)) == event
    if isinstance(event, Closed | Sip):
        assert 0 <= event.at <= 86_400
    if isinstance(event, Closed):
        assert 0 <= event.counters.received < 1 << 31
