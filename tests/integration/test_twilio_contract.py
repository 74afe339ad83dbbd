"""The Twilio profile against a mock of Twilio's own published description of its API."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path

import aiohttp
import pytest

from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings
from agent.model import Number
from agent.net.exchange import ProviderError
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.providers.registry import build
from agent.states import NumberState

SPEC = Path(__file__).parents[3] / "shared" / "specs" / "twilio_api_v2010.get.json"
SID = "AC" + "a" * 32
START_SECONDS = 300  # the first run may have to download the mock

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(START_SECONDS + 60),
    pytest.mark.skipif(not SPEC.exists(), reason="Twilio's published description is not beside us"),
    pytest.mark.skipif(shutil.which("npx") is None, reason="npx (Node) is not installed"),
]


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def answers(url: str, mock: asyncio.subprocess.Process) -> bool:
    """Whether the mock answers in time; false when it ended instead."""
    deadline = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline and mock.returncode is None:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url):
                    return True
            await asyncio.sleep(0.2)
    return False


@pytest.fixture
async def mock_url(tmp_path):
    port = free_port()
    log = tmp_path / "mock.log"
    with log.open("wb") as out:
        mock = await asyncio.create_subprocess_exec(
            *("npx", "--yes", "@stoplight/prism-cli@5", "mock"),
            *("-h", "127.0.0.1", "-p", str(port), str(SPEC)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # npx leaves a child: the whole group must end
        )
        try:
            if not await answers(f"http://127.0.0.1:{port}/", mock):
                pytest.skip(f"the mock did not start: {log.read_text(errors='replace')[-300:]}")
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(mock.pid, signal.SIGKILL)
            await mock.wait()


@contextlib.asynccontextmanager
async def twilio(url: str, sid: str = SID):
    settings = ProviderSettings(
        name="west",
        profile="twilio",
        base_url=url,
        accounts=[Account(id="hq", credentials={"sid": Secret(sid), "token": Secret("x")})],
    )
    client = HttpClient(HttpClientLimits(), egress_allow=["127.0.0.0/8"])
    try:
        yield build(settings, settings.accounts[0], client.fetch, Polling())
    finally:
        await client.close()


async def test_what_the_published_contract_says_comes_out_right(mock_url):
    example = json.loads(SPEC.read_text(encoding="utf-8"))
    async with twilio(mock_url) as provider:
        listing = await provider.numbers()
        assert listing.numbers == (
            Number(
                number="+18089255327",
                state=NumberState.ACTIVE,
                native_status="in-use",
                company="(808) 925-5327",
            ),
        )
        assert (listing.account_state, listing.invalid_records) == (None, 0)
        balance = await provider.balance()
        assert (balance.amount, balance.currency) == (0.05, "USD")
        # The example's number points at nothing: nobody would be rung.
        assert await provider.reachability(["+18089255327"]) == {"+18089255327": ()}
        assert "/2010-04-01/Accounts/{AccountSid}/Calls.json" in example["paths"]

        # Every page of calls names a next one, for ever; the mock even refuses its own link.
        started = time.monotonic()
        with pytest.raises(ProviderError) as caught:
            await provider.calls(1_571_400_000)
        assert caught.value.kind == "pagination", caught.value.detail
        assert time.monotonic() - started < 30

    async with twilio(mock_url, sid="not-a-sid") as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.balance()
        assert caught.value.kind == "http_4xx"
        assert "not-a-sid" not in caught.value.detail


async def test_the_poll_command_tells_what_the_contract_says(mock_url, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        f"""
providers:
  - name: west
    profile: twilio
    base_url: {mock_url}
    egress_allow: [127.0.0.0/8]
    polling: {{timeout: 20s}}
    accounts: [{{id: hq, credentials: {{sid: {SID}, token: x}}}}]
"""
    )
    command = (sys.executable, "-m", "agent", "poll", "--config", str(config), "--json")
    poll = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(poll.communicate(), 60)
    assert poll.returncode == 1  # the mock's calls never end
    [account] = json.loads(out)["accounts"]
    [number] = account["numbers"]
    assert (number["number"], number["state"]) == ("+18089255327", "active")
    assert (account["balance"]["amount"], account["balance"]["currency"]) == (0.05, "USD")
    outcomes = account["capabilities"]
    assert outcomes["calls"]["reason"] == "pagination"
    assert all(outcome["ok"] for name, outcome in outcomes.items() if name != "calls")
