"""One running agent for all rows."""

from collections.abc import Iterator

import pytest

from tests.source_rows.hotlines import Hotlines, hotlines


@pytest.fixture(scope="session", name="hotlines")
def _hotlines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hotlines]:
    """The agent whose world has a hotline for each row; rows run in one process."""
    with hotlines(tmp_path_factory.mktemp("hotlines")) as running:
        yield running
