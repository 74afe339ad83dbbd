"""The webhooks of an agent that watches north/hq, and what Alertmanager posts to them."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from agent.config.secret import Secret
from agent.config.settings import Settings
from agent.inbound import InboundWebhooks
from agent.model import Alert
from agent.store.database import Database
from agent.webhooks.auth import TokenCheck
from exporters.telemetry import Telemetry

OWN_TOKEN = "the-own-token-of-the-agent"
AUTHORIZED = {"Authorization": f"Bearer {OWN_TOKEN}"}
START = 1_790_000_000.0
NO_END = "0001-01-01T00:00:00Z"
OURS = {
    "alertname": "NumberNotActive",
    "severity": "critical",
    "symptom": "number_down",
    "scope": "number",
    "provider": "north",
    "account": "hq",
    "number": "4006220001",
}
FOREIGN = {"alertname": "HostDown", "severity": "critical", "instance": "a:9100", "job": "node"}


def time(at: float) -> str:
    """``at`` as Alertmanager writes it, to the nanosecond."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


def entry(
    labels: Mapping[str, str] = OURS,
    *,
    starts: float = START,
    ends: float | None = None,
    **changed: Any,
) -> dict[str, Any]:
    """One alert of a message; it is resolved when it has an end."""
    return {
        "status": "firing" if ends is None else "resolved",
        "labels": dict(labels),
        "annotations": {"summary": "something is down"},
        "startsAt": time(starts),
        "endsAt": NO_END if ends is None else time(ends),
        "generatorURL": "http://prometheus/graph",
        "fingerprint": "0123456789abcdef",
    } | changed


def message(*alerts: Any, **changed: Any) -> dict[str, Any]:
    """A webhook message as Alertmanager 0.25 posts it."""
    status = "firing" if any(a.get("status") == "firing" for a in alerts if a) else "resolved"
    return {
        "version": "4",
        "groupKey": '{}:{symptom="number_down"}',
        "truncatedAlerts": 0,
        "status": status,
        "receiver": "numwatch",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager:9093",
        "alerts": list(alerts),
    } | changed


def settings(**alertmanager: Any) -> Settings:
    return Settings.model_validate(
        {
            "providers": [{"name": "north", "profile": "generic", "accounts": [{"id": "hq"}]}],
            "intake": {"alertmanager": alertmanager},
        }
    )


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Server:
    """An agent's webhooks over real HTTP and a real ledger; may be restarted with both."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock(START + 60)
        self.folder = folder
        self.telemetry = Telemetry()
        self.settings = settings()
        self.database: Database
        self.webhooks: InboundWebhooks
        self.client: TestClient[web.Request, web.Application]

    async def start(self) -> None:
        """Serve the webhooks over what the ledger has stored."""
        self.telemetry = Telemetry()
        self.database = await Database.open(self.folder)
        self.webhooks = await InboundWebhooks.open(
            self.database,
            self.settings,
            self.telemetry,
            self.clock,
            tokens=TokenCheck(lambda: Secret(OWN_TOKEN), self.telemetry),
        )
        app = web.Application()
        app.add_routes(self.webhooks.routes())
        self.client = TestClient(TestServer(app), headers=AUTHORIZED)
        await self.client.start_server()
        self.webhooks.start()

    async def stop(self) -> None:
        """Stop without saying anything to anyone, as a kill would."""
        await self.webhooks.stop()
        await self.client.close()
        await self.database.close()

    async def restart(self) -> None:
        """A new agent on the same ledger."""
        await self.stop()
        await self.start()

    async def use(self, **alertmanager: Any) -> None:
        """Use another configuration from now on."""
        self.settings = settings(**alertmanager)
        await self.webhooks.reconfigure(self.settings)

    async def use_complaints(self, **complaints: Any) -> None:
        """Use another configuration of the webhook of complaints from now on."""
        intake = {"complaints": complaints}
        self.settings = Settings.model_validate({**self.settings.model_dump(), "intake": intake})
        await self.webhooks.reconfigure(self.settings)

    async def post(self, body: Any, status: int = 200, **headers: str) -> dict[str, Any]:
        """Post ``body`` as JSON, with the agent's own token unless another is given.

        Returns the response, which must have ``status``.
        """
        async with self.client.post("/hooks/alertmanager", json=body, headers=headers) as response:
            text = await response.text()
            assert response.status == status, text
            return await response.json()

    async def answer(self, body: Any, **headers: str) -> ClientResponse:
        """Post ``body`` as JSON; returns the response, whatever its status."""
        response = await self.client.post("/hooks/alertmanager", json=body, headers=headers)
        await response.read()
        return response

    async def send(self, *alerts: Any, **changed: Any) -> dict[str, Any]:
        """Post a message of ``alerts``."""
        return await self.post(message(*alerts, **changed))

    async def firing(self) -> list[Alert]:
        """The alerts that tickets would observe now."""
        return list(await self.webhooks.firing_alerts())

    async def firing_names(self) -> list[str]:
        """Names of the alerts that fire."""
        return sorted(alert.name for alert in await self.firing())

    def sample(self, name: str, **labels: str) -> float:
        """A sample of the agent's own metrics."""
        value = self.telemetry.registry.get_sample_value(name, {"source": "alertmanager", **labels})
        return value or 0.0

    def alert_count(self, outcome: str) -> float:
        """How many alerts had an outcome."""
        return self.sample("numwatch_intake_alerts_total", outcome=outcome)

    def request_count(self, outcome: str) -> float:
        """How many requests had an outcome."""
        return self.sample("numwatch_intake_requests_total", outcome=outcome)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    webhooks = Server(tmp_path)
    await webhooks.start()
    yield webhooks
    await webhooks.stop()


async def until(condition: Any, what: str, deadline: float = 10.0) -> None:
    """Wait for an asynchronous condition; fails the test after ``deadline`` seconds."""
    try:
        async with asyncio.timeout(deadline):
            while not await condition():  # noqa: ASYNC110 - a condition has no event
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"after {deadline} s still not: {what}")
