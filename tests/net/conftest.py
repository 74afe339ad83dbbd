from collections.abc import AsyncIterator

import pytest

from tests.net.http_bench import Bench, open_door


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    async with open_door() as door:
        yield Bench(door)


@pytest.fixture
async def hasty_bench() -> AsyncIterator[Bench]:
    """For servers that hang: gives up after half a second."""
    async with open_door(request_timeout=0.5) as door:
        yield Bench(door)
