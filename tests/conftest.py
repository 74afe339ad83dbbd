"""Fixtures for the tests of several packages."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from agent.event_loop import shorten_switch_interval
from agent.store.database import Database
from tests.proof_size import size
from tests.sinks.receiver import Receiver

# A busy machine must not decide a test: hypothesis measures wall time.
settings.register_profile(
    "numwatch",
    deadline=None,
    max_examples=size(40, 400),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("numwatch")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where tests run side by side: those of one file, and all that share the story, together."""
    for item in items:
        shares = "story" in getattr(item, "fixturenames", ())
        group = "story" if shares else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


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


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command run in one test does not decide how the next one logs, nor where to."""
    yield
    structlog.reset_defaults()


@pytest.fixture(autouse=True, scope="session")
def turns() -> None:
    """Threads and event loop share the interpreter as they do in the agent."""
    shorten_switch_interval()
