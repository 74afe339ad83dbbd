"""Many test calls to peers that are not ours: each outcome to sipp, and by way of Kamailio.

sipp loses SIP messages on purpose where it sends none that nobody would send again; behind
Kamailio the simulator's endpoint loses messages and RTP.
"""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.probing.engine.protocol import Order
from agent.simulator.telephony.behaviour import BEHAVIOURS
from agent.simulator.telephony.endpoint import open_endpoint
from agent.simulator.telephony.media import Line
from agent.simulator.telephony.sounds import packets
from tests.integration.processes import free_port, needs
from tests.integration.test_dial_peers import kamailio, listening
from tests.probing.conftest import order_at
from tests.probing.many_calls import (
    EXPECTED,
    ONE_OF_EACH,
    Results,
    assert_recognized,
    call_all,
    counts,
)
from tests.probing.test_calls import reliable
from tests.proof_size import share, size

pytestmark = [pytest.mark.integration, pytest.mark.timeout(7200 if share() else 120)]
EACH = size(1, 100)
NAMES = tuple(ONE_OF_EACH.values()) if share() else ("answers", "busy_tone", "barred")
LINE = Line(loss=0.03, jitter=0.02, signalling_loss=0.03)
LOST = 5
"""Percent of sipp's messages."""
Record = Callable[[str, object], None]


@dataclass(frozen=True)
class Scenario:
    """How sipp answers a call."""

    early: str = ""
    """What is played before the answer."""
    seconds: float = 0.0
    status: str = "200 OK"
    cause: int | None = None
    talk: str = ""
    """What is played after the answer; empty for no packets."""


SCENARIOS = {
    "answers": Scenario(talk="greeting"),
    "silence": Scenario(talk="silence"),
    "one_way": Scenario(),
    "rings": Scenario("ringback", 10.6, "480 Temporarily Unavailable"),
    "busy_tone": Scenario("busy", 6.0, "480 Temporarily Unavailable"),
    "congestion_tone": Scenario("congestion", 6.0, "480 Temporarily Unavailable"),
    "suspended_prompt": Scenario("suspended", 7.0, "480 Temporarily Unavailable"),
    "foreign_prompt": Scenario("foreign", 7.0, "480 Temporarily Unavailable"),
    "rejected": Scenario(status="603 Decline", cause=21),
    "barred": Scenario(status="403 Forbidden", cause=57),
    "nonexistent": Scenario(status="404 Not Found", cause=1),
    "unreachable": Scenario(status="480 Temporarily Unavailable", cause=20),
}
HEADERS = """\
[last_Via:]
[last_From:]
[last_To:];tag=[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port]>
"""
OFFER = """\
Content-Type: application/sdp
Content-Length: [len]

v=0
o=- 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio [rtpstream_audio_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""
EMPTY = "Content-Length: 0\n\n"


def sent(status: str, rest: str, *, repeated: bool = False) -> str:
    options = ' retrans="500"' if repeated else ""
    return f"<send{options}><![CDATA[\n\nSIP/2.0 {status}\n{HEADERS}{rest}]]></send>"


def played(folder: Path, sound: str) -> str:
    """Plays ``sound`` until the call ends."""
    file = folder / f"{sound}.alaw"
    file.write_bytes(b"".join(packets(sound)))
    return f'<nop><action><exec rtp_stream="{file},-1,8"/></action></nop>'


def scenario(folder: Path, one: Scenario) -> str:
    """The scenario as sipp reads it."""
    steps = ['<recv request="INVITE"/>']
    if one.early:
        steps += [sent("183 Session Progress", OFFER), played(folder, one.early)]
        steps.append(f'<pause milliseconds="{one.seconds * 1000:.0f}"/>')
    else:
        steps.append(sent("180 Ringing", EMPTY))
    if one.status.startswith("200"):
        steps += [sent(one.status, OFFER, repeated=True), '<recv request="ACK"/>']
        steps += [played(folder, one.talk)] if one.talk else []
        steps += ['<recv request="BYE"/>', sent("200 OK", EMPTY)]
    else:
        reason = "" if one.cause is None else f"Reason: Q.850;cause={one.cause}\n"
        steps += [sent(one.status, reason + EMPTY, repeated=True), '<recv request="ACK"/>']
    head = '<?xml version="1.0" encoding="UTF-8" ?>'
    return "\n".join((head, '<scenario name="called">', *steps, "</scenario>"))


@pytest.fixture(scope="module")
def sipp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    """The port of a sipp for each name."""
    binary, folder, ports = needs("sipp"), tmp_path_factory.mktemp("sipp"), {}
    with ExitStack() as stack:
        for name in NAMES:
            one, ports[name] = SCENARIOS[name], free_port()
            file = folder / f"{name}.xml"
            file.write_text(scenario(folder, one))
            # What is sent before the final response is not sent again.
            lost = ["-lost", str(LOST)] if not one.early else []
            command = [binary, "-sf", file, "-i", "127.0.0.1", "-p", str(ports[name]), "-nostdin"]
            process = subprocess.Popen(
                [*command, *lost],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait, 10)
            stack.callback(process.kill)
        for port in ports.values():
            listening(port)
        yield ports


@pytest.fixture(scope="module")
def results_of_sipp(sipp: dict[str, int]) -> Results:
    def order_of(name: str, _index: int) -> Order:
        return order_at("127.0.0.1", sipp[name], "service", longest=14.0, talk=4.0)

    return asyncio.run(call_all(order_of, NAMES, EACH))


@pytest.fixture(scope="module")
def results_of_kamailio(tmp_path_factory: pytest.TempPathFactory) -> Results:
    behaviours = {name: reliable(BEHAVIOURS[name]) for name in NAMES}

    async def run() -> Results:
        endpoint = await open_endpoint(lambda number, _: behaviours.get(number), line=LINE)
        with kamailio(tmp_path_factory.mktemp("kamailio"), endpoint.address[1]) as port:

            def order_of(name: str, _index: int) -> Order:
                return order_at("127.0.0.1", port, name, longest=11.0, talk=4.0)

            try:
                return await call_all(order_of, NAMES, EACH)
            finally:
                endpoint.close()

    return asyncio.run(run())


def test_there_is_a_scenario_for_each_outcome() -> None:
    assert SCENARIOS.keys() == set(ONE_OF_EACH.values())


@pytest.mark.parametrize("name", NAMES)
def test_what_sipp_does_is_recognized(
    results_of_sipp: Results, name: str, record_property: Record
) -> None:
    record_property(name, counts(results_of_sipp[name]))
    assert_recognized(results_of_sipp[name], EXPECTED[name])


@pytest.mark.parametrize("name", NAMES)
def test_what_happens_behind_kamailio_is_recognized(
    results_of_kamailio: Results, name: str, record_property: Record
) -> None:
    record_property(name, counts(results_of_kamailio[name]))
    assert_recognized(results_of_kamailio[name], EXPECTED[name])
