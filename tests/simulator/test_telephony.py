"""The SIP endpoint among strangers: it answers what is SIP, and nothing makes it do more."""

import asyncio
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.simulator.telephony import call as calls
from agent.simulator.telephony.behaviour import BEHAVIOURS
from agent.simulator.telephony.endpoint import SipEndpoint, open_endpoint
from agent.simulator.telephony.message import parameter, read, respond
from agent.simulator.telephony.sounds import PACKET, a_law, packets

INVITE = (
    "INVITE sip:{number}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{id}\r\n"
    "From: <sip:100@x>;tag=a\r\nTo: <sip:{number}@x>\r\nCall-ID: {id}\r\nCSeq: 1 INVITE\r\n"
    "Contact: <sip:100@127.0.0.1:9>\r\n\r\n{offer}"
)
RESPONSE = re.compile(
    r"SIP/2\.0 [1-6]\d\d [A-Za-z/ ]+\r\n(?:[A-Za-z-]+: [^\r\n\0]*\r\n)+\r\n", re.ASCII
)
PIECES = st.sampled_from(
    [
        *("\r\n", "\r", "\n", "\r\n\r\n", "\0", " ", ":", ";", "<", ">", "=", "branch", '"'),
        *("INVITE sip:answers@x SIP/2.0", "BYE sip:a SIP/2.0", "Via: a", "v: a", "To: b;tag="),
        *("Call-ID: c", "CSeq: 1 INVITE", "m=audio 99999 RTP/AVP 8", "c=IN IP4 x", "\x85", "é"),
    ]
)
TEXTS = st.lists(PIECES | st.text(max_size=5), max_size=25).map("".join)


@given(TEXTS)
@example("INVITE sip:a SIP/2.0\r\nVia: a\rEvil: 1\r\nTo: b\nEvil: 2\r\nCall-ID: c\r\n\r\n")
@example("INVITE sip:a SIP/2.0\r\n" + "Via: a\r\n" * 5000)
def test_whatever_is_read_is_answered_with_one_well_formed_response(text: str) -> None:
    message = read(text.encode("utf-8", "replace"))
    if message is None:
        return
    assert RESPONSE.fullmatch(respond(message, 404, "tag").decode())
    assert len(message.headers) <= 200
    parameter(message.header("to"), "tag")
    assert isinstance(message.user, str)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_ignored(data: bytes) -> None:
    read(data)


@given(TEXTS)
@example("c=IN IP4 127.0.0.1\nm=audio 99999 RTP/AVP 8")
@example("c=IN IP4 999.1.1.1\nm=audio 99 RTP/AVP 8")
@example("c=IN IP4\nm=audio\n")
@example("c=IN IP4 evil.example\nm=audio 5000 RTP/AVP 8")
def test_sound_goes_to_an_address_or_nowhere(offer: str) -> None:
    host, port = calls._media_address(offer)
    assert all(0 <= int(part) <= 255 for part in host.split("."))
    assert 0 <= port <= 65_535


class Caller(asyncio.DatagramProtocol):
    """Someone who sends what it likes, and records what comes."""

    def __init__(self) -> None:
        self.received: list[str] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, _addr: Any) -> None:
        self.received.append(data.decode())


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the world is looked at
            await asyncio.sleep(0.01)


async def scene() -> tuple[SipEndpoint, Caller]:
    endpoint = await open_endpoint(lambda number, _caller: BEHAVIOURS.get(number))
    _, caller = await asyncio.get_running_loop().create_datagram_endpoint(
        Caller, remote_addr=endpoint.address
    )
    return endpoint, caller


async def test_a_caller_who_never_acknowledges_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "_FIRST_REPEAT", 0.01)
    monkeypatch.setattr(calls, "_LONGEST_REPEAT", 0.02)
    endpoint, caller = await scene()
    caller.transport.sendto(INVITE.format(number="answers", id="one", offer="m=audio x").encode())
    await until(lambda: endpoint.calls and endpoint.calls[-1].ended is not None)
    assert endpoint.calls[-1].ended_by == "called"
    await until(lambda: any(text.startswith("BYE ") for text in caller.received))
    endpoint.close()


async def test_a_caller_who_is_gone_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_LONGEST", 0.1)
    endpoint, caller = await scene()
    invite = INVITE.format(number="answers", id="one", offer="")
    caller.transport.sendto(invite.encode())
    await until(lambda: any("200 OK" in text for text in caller.received))
    caller.transport.sendto(invite.replace("INVITE", "ACK").encode())
    await until(lambda: endpoint.calls[-1].ended is not None)
    assert endpoint.calls[-1].acknowledged
    endpoint.close()


async def test_ringing_ends_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_LONGEST", 0.1)
    endpoint, caller = await scene()
    caller.transport.sendto(INVITE.format(number="rings", id="one", offer="").encode())
    await until(lambda: any(" 408 " in text for text in caller.received))
    assert endpoint.calls[-1].ended_by == "refusal"
    endpoint.close()


async def test_more_calls_than_it_bears_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.simulator.telephony.endpoint.MOST_CALLS", 3)
    endpoint, caller = await scene()
    for number in range(5):
        caller.transport.sendto(INVITE.format(number="rings", id=number, offer="").encode())
    await until(lambda: sum(" 503 " in text for text in caller.received) == 2)
    assert len(endpoint.calls) == 3
    endpoint.close()


def test_a_law_is_that_of_the_recommendation() -> None:
    # ITU-T G.711: the ends of the scale, its middle, and a step of at most a sixteenth between.
    assert a_law(np.array([32_767, -32_768, 0, -1])).tolist() == [0xAA, 0x2A, 0xD5, 0x55]
    samples = np.arange(-32_768, 32_768)
    coded = a_law(samples) ^ 0x55
    segment, step = (coded >> 4) & 7, (coded & 15).astype(int)
    shifted = (2 * step + 33) << np.maximum(segment.astype(int), 1) - 1
    magnitude = 8 * np.where(segment == 0, 2 * step + 1, shifted)
    decoded = np.where(coded & 0x80, magnitude, -magnitude)
    assert np.all(np.abs(decoded - samples) <= np.maximum(16, np.abs(samples) / 30))
    # A louder sample is never coded as a quieter one.
    assert np.all(np.diff(decoded) >= 0)


def test_a_sound_is_the_same_each_time_and_another_for_another_name() -> None:
    assert {len(packet) for packet in packets("off")} == {PACKET}
    packets.cache_clear()
    assert packets("off") == packets("off") != packets("suspended")
