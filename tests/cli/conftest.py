"""Commands that talk to a running agent are tested against the pages' own fixtures."""

import json
from pathlib import Path

import pytest

from tests.web.conftest import database, facts, services

__all__ = ["database", "facts", "services"]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The configuration of an agent that need not run; its data folder is ``data``."""
    path = tmp_path / "config.yaml"
    provider = {
        "name": "north",
        "profile": "generic",
        "base_url": "https://north.example",
        "accounts": [{"id": "hq", "credentials": {"key": "k-demo", "secret": "demo-secret-1"}}],
    }
    path.write_text(json.dumps({"data_dir": str(tmp_path / "data"), "providers": [provider]}))
    return path
