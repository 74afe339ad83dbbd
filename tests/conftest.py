"""What tests of several rooms are given."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.loop_lag import give_turns_often
from agent.store.database import Database
from tests.sinks.receiver import Receiver


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "data")
    yield opened
    await opened.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    yield made
    await made.stop()


@pytest.fixture(autouse=True, scope="session")
def turns() -> None:
    """Threads and event loop share the interpreter as they do in the agent."""
    give_turns_often()
