"""Other providers' messages and proofs, described in profiles, end to end."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from agent.providers.profile.load import BUNDLED
from agent.simulator.server import start
from agent.simulator.world import World
from agent.states import Capability
from agent.webhooks import limits
from tests.app.conftest import WORLD
from tests.webhooks.pushes.conftest import (
    PATH,
    SECRET,
    WELL,
    Site,
    message,
    settings_for,
    signed,
    stamp,
)

Change = Callable[[dict[str, Any]], None]

MAXVOX = """
auth: {field: key}
format: form
kinds:
  calls:
    fields:
      id: call_sn
      number: tel
      started_at: {path: start_time, zone: "+08:00"}
      result: {path: state, values: {"1": answered, "0": no_answer}, default: unknown}
      talk_seconds: call_duration
reply: {code: "200"}
"""
"""The records of 400 calls that 易企通 posts, as open.maxvox.com.cn/tel-push-api.htm lists them."""


@asynccontextmanager
async def site_with(
    folder: Path, change: Change = lambda _: None, **pushes: Any
) -> AsyncIterator[Site]:
    """An agent whose profile is the generic one after ``change``."""
    profile = yaml.safe_load((BUNDLED / "generic.yaml").read_text(encoding="utf-8"))
    change(profile)
    file = folder / "changed.yaml"
    file.write_text(yaml.safe_dump(profile, allow_unicode=True), encoding="utf-8")
    async with await start(World.parse(WORLD)) as world:
        settings = settings_for(world, folder, **pushes)
        settings["providers"][0]["profile"] = str(file)
        config = folder / "config.yaml"
        config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        site = Site(config, world)
        await site.start()
        try:
            yield site
        finally:
            await site.stop()


def with_pushes(section: dict[str, Any]) -> Change:
    return lambda profile: profile.update(pushes=section)


def volcengine() -> Change:
    content = yaml.safe_load((BUNDLED / "volcengine.yaml").read_text(encoding="utf-8"))
    return with_pushes(content["pushes"])


def volcengine_message(status: int) -> bytes:
    """A message as the vendor's page 6358/148197 shows it."""
    return json.dumps(
        {
            "accountId": "2000001090",
            "number": WELL,
            "numberPoolNo": "NP161268484610904878",
            "numberStatus": status,
            "numberType": 1,
            "reason": "欠费停用",
            "serviceType": 100,
            "subServiceType": 101,
        }
    ).encode()


async def test_volcengine_pushes_states_without_time_and_id(tmp_path: Path) -> None:
    async with site_with(tmp_path, volcengine()) as site:
        path, plain = f"{PATH}?token={SECRET}", {"Content-Type": "application/json"}
        await site.post(volcengine_message(2), path=path, headers=plain)
        assert site.state(WELL) == "suspended_requested"
        await site.post(volcengine_message(2), path=path, headers=plain)
        assert site.messages("duplicate") == 1, "its next attempt"
        await site.post(volcengine_message(1), path=path, headers=plain)
        assert site.state(WELL) == "active"
        await site.post(volcengine_message(2), path=path, headers=plain)
        assert site.state(WELL) == "suspended_requested", "the same again is news after another"
        await site.post(volcengine_message(1), 401, f"{PATH}?token={SECRET}x", headers=plain)
        await site.post(volcengine_message(1), 401, headers=plain)
        assert site.state(WELL) == "suspended_requested"


async def test_call_records_in_forms_with_the_answer_that_the_provider_wants(
    tmp_path: Path,
) -> None:
    change = with_pushes(yaml.safe_load(MAXVOX))
    async with site_with(tmp_path, change) as site:
        started = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 1 + 8 * 3600))
        fields = {"call_sn": "s-1", "tel": WELL, "caller_id": "13912340002", "state": "1"}
        fields |= {"start_time": started, "call_duration": "32", "key": SECRET}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
        assert await site.post(body, headers=form) == {"code": "200"}
        assert await site.post(body, headers=form) == {"code": "200"}
        assert sum(site.snapshot.call_totals.values()) == 1
        await site.post(urlencode(fields | {"key": "x" * 20}).encode(), 401, headers=form)
        await site.post(body + b"&tel=1", 401, headers=form)


@pytest.mark.parametrize(
    ("auth", "good", "bad"),
    [
        ({"header": "X-Token"}, {"X-Token": SECRET}, {"X-Token": SECRET[:-1]}),
        (
            {"basic": True},
            {"Authorization": "Basic " + base64.b64encode(f"vendor:{SECRET}".encode()).decode()},
            {"Authorization": "Basic " + base64.b64encode(f"other:{SECRET}".encode()).decode()},
        ),
        (
            {"header": "Authorization", "expected": "Bearer {secret}"},
            {"Authorization": f"Bearer {SECRET}"},
            {"Authorization": f"Bearer {SECRET} "[1:]},
        ),
    ],
    ids=["token", "basic", "bearer"],
)
async def test_proofs_in_headers(
    tmp_path: Path, auth: dict[str, Any], good: dict[str, str], bad: dict[str, str]
) -> None:
    def change(profile: dict[str, Any]) -> None:
        profile["pushes"]["auth"] = auth

    async with site_with(tmp_path, change, user="vendor") as site:
        item = {"number": WELL, "state": "frozen", "at": stamp(time.time())}
        body = message("numbers", item)
        await site.post(body, 401, headers=bad)
        assert site.state(WELL) == "active"
        await site.post(body, headers=good)
        assert site.state(WELL) == "frozen"


def without_calls(profile: dict[str, Any]) -> None:
    del profile["calls"]


async def push_call(site: Site) -> None:
    call = {"id": "c-1", "number": WELL, "started_at": stamp(time.time()), "result": "answered"}
    await site.post(message("calls", call))


async def test_calls_that_are_only_pushed_are_counted_and_nothing_is_concluded(
    tmp_path: Path,
) -> None:
    async with site_with(tmp_path, without_calls) as site:
        await push_call(site)
        assert not site.snapshot.is_fresh(Capability.CALLS, time.time())
        deadline = time.monotonic() + 10
        while True:
            async with site.client.get("/metrics") as answer:
                page = await answer.text()
            if f'number="{WELL}",result="answered"}} 1' in page:
                break
            assert time.monotonic() < deadline, "the counter is not shown"
            await asyncio.sleep(0.05)


async def test_they_are_complete_for_as_long_as_the_configuration_says(tmp_path: Path) -> None:
    async with site_with(tmp_path, without_calls, max_silence="1h") as site:
        assert not site.snapshot.is_fresh(Capability.CALLS, time.time())
        await push_call(site)
        assert site.snapshot.is_fresh(Capability.CALLS, time.time() + 3500)
        assert not site.snapshot.is_fresh(Capability.CALLS, time.time() + 3700)
        await site.poll()
        assert not site.snapshot.is_fresh(Capability.CALLS, time.time() + 3700)


async def test_a_slow_body_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_TIMEOUT", 0.3)
    async with site_with(tmp_path) as site:
        body = message("numbers", {"number": WELL, "state": "frozen"})

        async def slowly() -> AsyncIterator[bytes]:
            yield body[:10]
            await asyncio.sleep(5)
            yield body[10:]

        async with site.client.post(PATH, data=slowly(), headers=signed(body)) as answer:
            assert answer.status == 408
        assert (site.state(WELL), site.messages("too_slow")) == ("active", 1)
