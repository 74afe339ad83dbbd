"""The API and the pages of a scene's agent, asked with its token."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from agent.store.access_token import read_token
from agent.web.app import make_app
from tests.testcalls.conftest import CallScene


@asynccontextmanager
async def asking(scene: CallScene) -> AsyncIterator[TestClient]:
    """A client of the agent's API and pages that has the agent's token."""
    server = TestServer(make_app(scene.agent.web_services()))
    client: TestClient = TestClient(server, headers=authorized(scene))
    await client.start_server()
    try:
        yield client
    finally:
        await client.close()


def authorized(scene: CallScene) -> Mapping[str, str]:
    """The headers of whoever may call."""
    token = read_token(scene.agent.database.path.parent)
    return {"Authorization": f"Bearer {token}"}


async def call(api: TestClient, number: str, **body: Any) -> tuple[int, list[dict[str, Any]]]:
    """The status of a test call that was asked for, and the lines of the answer."""
    async with api.post(f"/api/numbers/{number}/test-call", json=body) as answer:
        text = await answer.text()
        return answer.status, [json.loads(line) for line in text.splitlines()]
