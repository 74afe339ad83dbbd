"""One running agent for all rows."""

from collections.abc import Iterator

import pytest

from tests.source_rows.command import Command, command
from tests.source_rows.hotlines import Hotlines, hotlines


@pytest.fixture(scope="package", name="hotlines")
def _hotlines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotlines]:
    """The agent whose world has a hotline for each row; rows run in one process."""
    with hotlines(tmp_path_factory.mktemp("hotlines")) as running:
        yield running


@pytest.fixture(autouse=True)
def _repaired(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a row broke is repaired behind it: hotlines that are down together are an outage."""
    yield
    if "hotlines" in request.fixturenames:
        everything = {"account": "north/hq", "numbers": "all", "set": {"state": "active"}}
        request.getfixturevalue("hotlines").world(everything)


@pytest.fixture(scope="package", name="command")
def _command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """The agent that tells people, for the rows about who is told."""
    with command(tmp_path_factory.mktemp("command")) as running:
        yield running
