"""The end of a call whose engine is dead, to a byte, whatever the network had said."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.probing.engine import release as module
from agent.probing.engine.protocol import Sip
from agent.probing.engine.release import release
from agent.probing.engine.trace import CallTrace, Dialog
from tests.proof_size import size

ANSWER = (
    "SIP/2.0 200 OK\r\n{via}From: <sip:100@x>;tag=ours\r\nTo: {to}\r\nCall-ID: ours\r\n"
    "CSeq: 7 INVITE\r\n{extra}\r\n"
)
INVITE = (
    "INVITE sip:400@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bKone\r\n"
    "From: <sip:100@x>;tag=ours\r\nTo: <sip:400@x>\r\nCall-ID: ours\r\nCSeq: 7 INVITE\r\n\r\n"
)
WITHIN = 4.0
"""Seconds in which a far end here must have confirmed."""
REQUEST = re.compile(
    r"(?:CANCEL|ACK|BYE) sips?:[^\s<>]+ SIP/2\.0\r\n"
    r"(?:(?:Via|Route|Max-Forwards|From|To|Call-ID|CSeq): [^\r\n\0]*\r\n)+"
    r"Content-Length: 0\r\n\r\n"
)


class Peer(asyncio.DatagramProtocol):
    """The far end: it records what it receives and answers as ``answering`` says."""

    def __init__(self, answering: Callable[[str], str]) -> None:
        self.received: list[str] = []
        self._answering = answering

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        text = data.decode()
        self.received.append(text)
        if answer := self._answering(text):
            self.transport.sendto(answer.encode(), addr)

    @property
    def methods(self) -> list[str]:
        return [text.partition(" ")[0] for text in self.received]


def confirming(text: str, status: str = "200 OK") -> str:
    """What a good far end answers; an ACK has no answer."""
    method = text.partition(" ")[0]
    if method == "ACK":
        return ""
    return f"SIP/2.0 {status}\r\nCall-ID: ours\r\nCSeq: 107 {method}\r\n\r\n"


@asynccontextmanager
async def peer(answering: Callable[[str], str] = confirming) -> AsyncIterator[Peer]:
    loop = asyncio.get_running_loop()
    transport, one = await loop.create_datagram_endpoint(
        lambda: Peer(answering), local_addr=("127.0.0.1", 0)
    )
    try:
        yield one
    finally:
        transport.close()


def dialog_with(one: Peer, *answers: str, local: str = "127.0.0.1:0") -> Dialog:
    host, port = one.transport.get_extra_info("sockname")
    trace, remote = CallTrace(), f"{host}:{port}"
    trace.add(Sip(True, local, remote, INVITE, 0.0))
    for answer in answers:
        trace.add(Sip(False, local, remote, answer, 1.0))
    return trace.dialog


def answer(to: str = "<sip:400@x>;tag=theirs", extra: str = "", via: str = "") -> str:
    return ANSWER.format(to=to, extra=extra, via=via)


async def test_an_answered_call_is_acknowledged_and_ended_by_its_route() -> None:
    routes = "Contact: <sip:here@192.0.2.9:5070>\r\nRecord-Route: <sip:b;lr>, <sip:a;lr>\r\n"
    async with peer() as one:
        assert await release(dialog_with(one, answer(extra=routes)), WITHIN)
    ack, bye = one.received
    assert ack.startswith("ACK sip:here@192.0.2.9:5070 SIP/2.0\r\n")
    assert bye.startswith("BYE sip:here@192.0.2.9:5070 SIP/2.0\r\n")
    assert re.findall(r"Route: (.*)\r\n", bye) == ["<sip:a;lr>", "<sip:b;lr>"]
    assert "To: <sip:400@x>;tag=theirs\r\n" in bye
    assert "CSeq: 107 BYE\r\n" in bye


async def test_a_ringing_call_is_cancelled_and_its_end_acknowledged() -> None:
    def answering(text: str) -> str:
        if not text.startswith("CANCEL"):
            return ""
        to = "To: <sip:400@x>;tag=theirs"
        return f"SIP/2.0 487 No\r\n{to}\r\nCall-ID: ours\r\nCSeq: 7 INVITE\r\n\r\n"

    async with peer(answering) as one:
        assert await release(
            dialog_with(one, "SIP/2.0 180 Ringing\r\nCall-ID: ours\r\n\r\n"), WITHIN
        )
        async with asyncio.timeout(5):
            while "ACK" not in one.methods:  # noqa: ASYNC110 - the peer is looked at
                await asyncio.sleep(0.01)
    cancel = one.received[0]
    assert "Via: SIP/2.0/UDP 127.0.0.1:5;branch=z9hG4bKone\r\n" in cancel
    assert "CSeq: 7 CANCEL\r\n" in cancel


@pytest.mark.parametrize(
    ("status", "is_confirmed"),
    [("200 OK", True), ("481 No such call", True), ("407 Who are you", False)],
)
async def test_what_confirms_the_end(status: str, is_confirmed: bool) -> None:
    async with peer(lambda text: confirming(text, status)) as one:
        assert await release(dialog_with(one, answer()), WITHIN) is is_confirmed


async def test_a_far_end_that_says_nothing_or_other_things_confirms_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_REPEAT", 0.05)
    for says in ("", "\0" * 100, confirming("BYE ").replace("ours", "others"), INVITE):
        async with peer(lambda _, says=says: says) as one:
            assert await release(dialog_with(one, answer()), 0.3) is False
        assert one.methods.count("BYE") > 1


async def test_a_far_end_that_answers_without_end_is_not_answered_without_end() -> None:
    async with peer(lambda text: answer() if text.startswith("ACK") else "") as one:
        assert await release(dialog_with(one, answer()), 2.0) is False
    assert len(one.received) < 300


async def test_a_message_too_large_to_send_is_no_end() -> None:
    # Twelve kilobytes of routes: each header for itself is short enough.
    routes = "".join(f"Record-Route: <sip:{'r' * 900}{n};lr>\r\n" for n in range(12))
    async with peer() as one:
        assert await release(dialog_with(one, answer(extra=routes)), 0.2) is False
    assert one.received == []


@pytest.mark.parametrize(
    "local", ["", "x", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:" + "9" * 50, "h.example:5060"]
)
async def test_an_address_that_is_none_ends_nothing(local: str) -> None:
    async with peer() as one:
        assert await release(dialog_with(one, answer(), local=local), WITHIN) is False


TEXT = st.lists(
    st.sampled_from(
        [
            *("\r", "\n", "\r\n", "\r\n\r\n", "\0", "\t", " ", "<", ">", '"', ";", ",", "\x85"),
            *("sip:a@b", "BYE sip:evil SIP/2.0", "Route: <sip:evil>", ";tag=", "tag", "Evil: 1"),
            *("é", "\u2028", "%0d%0a", "x" * 400),
        ]
    )
    | st.text(max_size=6),
    max_size=8,
).map("".join)


@given(TEXT, TEXT, TEXT, st.booleans())
@example("<sip:x>\r\rBYE sip:evil SIP/2.0\r\r", "<sip:a>\rEvil: 1", "<sip:b>\nEvil: 1", True)
@example("<sip:x>", "<sip:a b SIP/2.0>", "", True)
@settings(max_examples=size(40, 2000), deadline=None)
def test_nothing_of_the_network_becomes_a_header_of_ours(
    to: str, contact: str, route: str, is_answered: bool
) -> None:
    extra = f"Contact: {contact}\r\nRecord-Route: {route}\r\n"
    answers = [answer(to, extra)] if is_answered else []

    def answering(text: str) -> str:
        return confirming(text).replace("107 CANCEL", "7 INVITE").replace("200 OK", "487 No")

    async def run() -> list[str]:
        async with peer(confirming if is_answered else answering) as one:
            await release(dialog_with(one, *answers), WITHIN)
            return one.received

    sent = asyncio.run(run())
    assert sent
    for text in sent:
        assert REQUEST.fullmatch(text), text
        assert len(text) <= 8192
