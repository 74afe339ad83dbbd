"""A dispatcher in simulated time and a writer of ticket changes, for every test of sinks."""

from collections.abc import AsyncIterator

import pytest

from agent.store.database import Database
from exporters.telemetry import Telemetry
from tests.sinks.change_writer import ChangeWriter
from tests.sinks.dispatcher_harness import DispatcherHarness


@pytest.fixture
def telemetry() -> Telemetry:
    return Telemetry()


@pytest.fixture
async def harness(database: Database, telemetry: Telemetry) -> AsyncIterator[DispatcherHarness]:
    made = DispatcherHarness(database, telemetry)
    yield made
    await made.stop()


@pytest.fixture
def writer(harness: DispatcherHarness) -> ChangeWriter:
    return ChangeWriter(harness.database, "desk")
