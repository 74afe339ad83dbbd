"""The Twilio profile against a mock of Twilio's own published description of its API."""

import json
import time

import pytest

from agent.model import Number
from agent.net.exchange import ProviderError
from agent.states import NumberState
from tests.forks import numwatch_ended
from tests.integration.contract_mock import (
    START_SECONDS,
    read_description,
    reading_mock,
    serving_description,
)

SPEC = "twilio_api_v2010.get.json"
SID = "AC" + "a" * 32

pytestmark = [pytest.mark.integration, pytest.mark.timeout(START_SECONDS + 60)]


@pytest.fixture(scope="module")
def description():
    return read_description(SPEC)


@pytest.fixture(scope="module")
def mock_url(description, tmp_path_factory):
    with serving_description(description, tmp_path_factory.mktemp("mock")) as url:
        yield url


def twilio(url: str, sid: str = SID):
    return reading_mock(url, "twilio", {"sid": sid, "token": "x"})


async def test_what_the_published_contract_says_comes_out_right(mock_url, description):
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
        assert "/2010-04-01/Accounts/{AccountSid}/Calls.json" in description["paths"]

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
    status, out, _ = await numwatch_ended("poll", "--config", str(config), "--json")
    assert status == 1  # the mock's calls never end
    [account] = json.loads(out)["accounts"]
    [number] = account["numbers"]
    assert (number["number"], number["state"]) == ("+18089255327", "active")
    assert (account["balance"]["amount"], account["balance"]["currency"]) == (0.05, "USD")
    outcomes = account["capabilities"]
    assert outcomes["calls"]["reason"] == "pagination"
    assert all(outcome["ok"] for name, outcome in outcomes.items() if name != "calls")
