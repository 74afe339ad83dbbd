"""The application under a real server, over a real ledger."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient

from agent.baselines.planned import planned_periods
from agent.baselines.repository import BaselineRepository
from agent.baselines.service import BaselineService
from agent.config.secret import Secret
from agent.health.fleet import FleetHealth
from agent.store.database import Database
from agent.tickets.ledger import Ledger
from agent.tickets.open_faults import OpenFaultsOf
from agent.tickets.outbox.outbox import Outbox
from agent.web.app import make_app
from agent.web.services import WebServices
from agent.webhooks.auth import TokenCheck
from exporters.exposition import Exposition
from exporters.telemetry import Telemetry
from tests.web.facts import Facts, snapshot

OWN_TOKEN = "the-own-token-of-the-agent"
AUTHORIZED = {"Authorization": f"Bearer {OWN_TOKEN}"}


@pytest.fixture
def facts() -> Facts:
    prepared = Facts()
    prepared.show(snapshot())
    return prepared


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def services(facts: Facts, database: Database) -> WebServices:
    telemetry = Telemetry("1.2.3")
    return WebServices(
        fleet=facts.fleet,
        exposition=Exposition(telemetry.render),
        tickets=Ledger(database),
        settings=lambda: facts.settings,
        check_result=lambda provider, account: facts.results.get((provider, account)),
        diagnose=facts.diagnose,
        reload=facts.reload,
        ready=lambda: facts.not_ready,
        replay=lambda ticket: Outbox(database).replay(ticket, facts.now),
        version="1.2.3",
        started_at=facts.now - 7200,
        clock=lambda: facts.now,
        tokens=TokenCheck(lambda: facts.settings.web.token or Secret(OWN_TOKEN), telemetry),
        baselines=BaselineService(
            BaselineRepository(database, facts.baselines),
            lambda: facts.results,
            lambda: planned_periods(facts.settings),
            lambda: facts.now,
        ),
        fleet_health=FleetHealth(OpenFaultsOf(lambda: facts.tickets)),
    )


@pytest.fixture
async def client(services: WebServices, aiohttp_client) -> TestClient:
    return await aiohttp_client(make_app(services), headers=AUTHORIZED)
