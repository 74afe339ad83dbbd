"""Test calls to peers that are not ours: sipp as the called side, Kamailio as the trunk between."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agent.probing.analysis import observe
from agent.probing.engine.client import place
from agent.probing.outcome import CallOutcome, outcome_of
from agent.simulator.telephony.behaviour import BEHAVIOURS
from agent.simulator.telephony.endpoint import SipEndpoint, open_endpoint
from tests.integration.processes import free_port, needs
from tests.probing.conftest import order_at
from tests.probing.test_engine import WITHIN, children, lasting, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

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
    if (has_totag()) {{ loose_route(); t_relay(); exit; }}
    record_route();
    $du = "sip:127.0.0.1:{target}";
    t_relay();
}}
"""


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
        yield port, process
    finally:
        ended(process)


async def test_sipp_answers_without_sound(sipp: tuple[int, subprocess.Popen[bytes]]) -> None:
    port, process = sipp
    record = await place(order_at("127.0.0.1", port, "service", talk=2.0))
    judgement = outcome_of(observe(record, {}))
    assert judgement.outcome is CallOutcome.ONE_WAY, record
    assert record.signalling.provisional == (180,)
    # sipp is content: INVITE, ACK and BYE came as they should.
    assert await asyncio.to_thread(process.wait, 30) == 0


@pytest.fixture
async def trunk(tmp_path: Path) -> AsyncIterator[tuple[int, SipEndpoint]]:
    """A Kamailio before the simulator's endpoint, that stays in the way of every message."""
    endpoint = await open_endpoint(lambda number, _caller: BEHAVIOURS.get(number))
    port = free_port()
    config = tmp_path / "kamailio.cfg"
    config.write_text(KAMAILIO.format(port=port, target=endpoint.address[1]))
    process = subprocess.Popen(  # noqa: ASYNC220 - it is started, not waited for
        [needs("kamailio"), "-f", config, "-Y", tmp_path, "-DD", "-E", "-m", "64"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield port, endpoint
    finally:
        endpoint.close()
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


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
