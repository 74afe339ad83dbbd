"""The running agent tells whoever is on call, by SMS, of a ticket that nobody has accepted."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from agent.sinks import on_call
from tests.app.conftest import Scene, until
from tests.sinks.systems.sms import FIRST, SECOND, AliyunSmsServer

INTERVAL = 0.1


@pytest.fixture(autouse=True)
def climbs_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_call, "INTERVAL", INTERVAL)


@pytest.fixture
async def service() -> AsyncIterator[AliyunSmsServer]:
    server = AliyunSmsServer()
    server.url = await server.start()  # type: ignore[attr-defined]
    yield server
    await server.stop()


def with_ladder(url: str, settings: dict[str, Any]) -> None:
    receivers = [{"name": "li", "phone": FIRST}, {"name": "wang", "phone": SECOND}]
    sms = {"key": "key-1", "secret": "secret-1", "sign_name": "热线", "template": "SMS_1"}
    sink = {"name": "sms", "kind": "aliyun_sms", "url": url, "egress_allow": ["127.0.0.0/8"]}
    told = {**sms, "receivers": receivers, "on_call_only": True}
    settings["sinks"] = [*settings.get("sinks", []), {**sink, "aliyun_sms": told}]
    settings["on_call"] = {
        "rota": {"people": ["li", "wang"], "begins": "2020-01-06T09:00"},
        "ladder": [
            {"after": 0, "sinks": ["sms"]},
            {"after": 1, "sinks": ["sms"], "turn": 1},
            {"after": 86_000, "sinks": ["sms"]},
        ],
    }


async def test_a_running_agent_tells_each_step_once(scene: Scene, service: AliyunSmsServer) -> None:
    await until(lambda: list(scene.agent.tickets.open), "a ticket is open")
    scene.write(lambda settings: with_ladder(service.url, settings))  # type: ignore[attr-defined]
    assert not (await scene.agent.reload()).errors
    tickets = [ticket.id for ticket in scene.agent.tickets.open]
    await until(lambda: len(service.sent) >= 2 * len(tickets), "both people are told")
    for ticket in tickets:
        phones = sorted(it.phone for it in service.sent if ticket in it.texts)
        assert phones == [FIRST, SECOND]
