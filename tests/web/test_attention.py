"""Checks that waited are made before a page or an answer, and not for who only measures.

Negative control: the very same application says which requests were not attended to.
"""

import dataclasses

import pytest

from agent.web.app import make_app
from agent.web.services import WebServices
from tests.web.conftest import AUTHORIZED


@pytest.mark.parametrize(
    ("path", "is_attended"),
    [
        ("/", True),
        ("/api/numbers", True),
        ("/api/v1/query?query=1", True),
        ("/metrics", False),
        ("/-/healthy", False),
        ("/-/ready", False),
        ("/no/such/page", False),
    ],
)
async def test_who_looks_is_attended_to(
    services: WebServices, aiohttp_client, path: str, is_attended: bool
) -> None:
    attended: list[None] = []

    async def attend() -> None:
        attended.append(None)

    app = make_app(dataclasses.replace(services, attend=attend))
    client = await aiohttp_client(app, headers=AUTHORIZED)
    await client.get(path)
    assert bool(attended) is is_attended
