"""Where a test's configuration is written."""

from pathlib import Path

import pytest

from tests.config.samples import Writer


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Writes a configuration and gives its path."""

    def written(content: str | bytes) -> Path:
        path = tmp_path / "config.yaml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written
