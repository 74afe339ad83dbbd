"""Test calls to peers that are not ours: sipp as the called side, Kamailio as the trunk between."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.probing.analysis import observe
from agent.probing.engine.client import place
from agent.probing.outcome import CallOutcome, outcome_of
from agent.simulator.telephony.behaviour import BEHAVIOURS
from agent.simulator.telephony.endpoint import SipEndpoint, open_endpoint
from tests.integration.processes import free_port, needs, wait_until
from tests.probing.conftest import order_at
from tests.probing.test_engine import WITHIN, agent_calling, children, lasting, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

# Within a dialog only what names its route is passed on, as at a border of a network.
KAMAILIO = """\
debug=0
log_stderror=yes
fork=no
listen=udp:127.0.0.1:{port}
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
request_route {{
    if (is_method("CANCEL")) {{ t_relay(); exit; }}
    if (is_method("ACK") && t_check_trans()) {{ t_relay(); exit; }}
    if (has_totag()) {{
        if (!loose_route()) {{ if (!is_method("ACK")) sl_send_reply("403", "No route"); exit; }}
        t_relay(); exit;
    }}
    record_route();
    $du = "sip:127.0.0.1:{target}";
    t_relay();
}}
"""


def listening(port: int) -> None:
    """Wait until something listens on the UDP port: a busy machine starts it late."""

    def is_taken() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return True
        return False

    wait_until(is_taken, 60.0, f"a server on port {port}")


def ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait(10)


@pytest.fixture
def sipp(tmp_path: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    port = free_port()
    command = [needs("sipp"), "-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-m", "1"]
    process = subprocess.Popen(
        [*command, "-nostdin", "-timeout", "60"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        listening(port)
        yield port, process
    finally:
        ended(process)


async def test_sipp_answers_without_sound(sipp: tuple[int, subprocess.Popen[bytes]]) -> None:
    port, process = sipp
    record = await place(order_at("127.0.0.1", port, "service", talk=4.0))
    judgement = outcome_of(observe(record, {}))
    assert judgement.outcome is CallOutcome.ONE_WAY, record
    assert record.signalling.provisional == (180,)
    # sipp is content: INVITE, ACK and BYE came as they should.
    assert await asyncio.to_thread(process.wait, 30) == 0


@contextmanager
def kamailio(folder: Path, target: int) -> Iterator[int]:
    """The port of a Kamailio that sends every call to ``target`` and stays in its way."""
    port = free_port()
    config = folder / "kamailio.cfg"
    config.write_text(KAMAILIO.format(port=port, target=target))
    process = subprocess.Popen(
        [needs("kamailio"), "-f", config, "-Y", folder, "-DD", "-E", "-m", "64"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        listening(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
async def trunk(tmp_path: Path) -> AsyncIterator[tuple[int, SipEndpoint]]:
    """A Kamailio before the simulator's endpoint."""
    endpoint = await open_endpoint(lambda number, _caller: BEHAVIOURS.get(number))
    with kamailio(tmp_path, endpoint.address[1]) as port:
        yield port, endpoint
    endpoint.close()


async def test_calls_by_way_of_kamailio(trunk: tuple[int, SipEndpoint]) -> None:
    port, _endpoint = trunk
    outcomes = {}
    for number in ("answers", "busy", "rejected"):
        record = await place(order_at("127.0.0.1", port, number))
        outcomes[number] = outcome_of(observe(record, {})).outcome
    assert outcomes == {
        "answers": CallOutcome.ANSWERED,
        "busy": CallOutcome.BUSY,
        "rejected": CallOutcome.REJECTED,
    }


@pytest.mark.parametrize("state", ["answered", "ringing"])
async def test_a_killed_engines_call_ends_by_way_of_kamailio(
    trunk: tuple[int, SipEndpoint], state: str
) -> None:
    port, endpoint = trunk
    number = {"answered": "answers", "ringing": "rings"}[state]
    one = order_at("127.0.0.1", port, number, longest=60.0, talk=60.0)
    call = asyncio.create_task(place(one))
    log = await lasting(endpoint, state)
    await asyncio.sleep(0.5)
    killed = asyncio.get_running_loop().time()
    os.kill(children()[0], signal.SIGKILL)
    record = await call
    await until(lambda: log.ended is not None)
    assert log.ended is not None
    assert log.ended_by == "caller"
    assert log.ended - killed < WITHIN
    assert record.released is True


async def test_without_its_route_nothing_ends_a_call_behind_kamailio(
    trunk: tuple[int, SipEndpoint], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.probing.engine.release.route_set", lambda _answer: ())
    port, endpoint = trunk
    one = order_at("127.0.0.1", port, "answers", longest=60.0, talk=60.0)
    call = asyncio.create_task(place(one))
    log = await lasting(endpoint, "answered")
    await asyncio.sleep(0.5)
    os.kill(children()[0], signal.SIGKILL)
    record = await call
    assert record.released is False
    assert log.ended is None


@pytest.mark.parametrize("state", ["answered", "ringing"])
async def test_a_killed_agents_call_ends_by_way_of_kamailio(
    trunk: tuple[int, SipEndpoint], state: str
) -> None:
    port, endpoint = trunk
    number = {"answered": "answers", "ringing": "rings"}[state]
    one = order_at("127.0.0.1", port, number, longest=60.0, talk=60.0)
    with agent_calling(one) as agent:
        log = await lasting(endpoint, state)
        killed = asyncio.get_running_loop().time()
        agent.kill()
        await until(lambda: log.ended is not None)
    assert log.ended is not None
    assert log.ended_by == "caller"
    assert log.ended - killed < WITHIN
