from collections.abc import AsyncIterator

import pytest

from tests.net.http_bench import Bench, open_client


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with open_client() as client:
        yield Bench(client)


@pytest.fixture
async def hasty_bench() -> AsyncIterator[Bench]:
    """For servers that hang: gives up after half a second."""
    async with open_client(request_timeout=0.5) as client:
        yield Bench(client)
