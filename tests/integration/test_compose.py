"""The Compose file: valid by docker-compose's schema, and everything that it mounts is there."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.processes import ROOT, needs

pytestmark = pytest.mark.integration

FILE = ROOT / "deploy" / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))


def check(document: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """What docker-compose says of ``document``; Debian's is older than the key ``name``."""
    copy = folder / "compose.yml"
    copy.write_text(yaml.safe_dump({k: v for k, v in document.items() if k != "name"}), "utf-8")
    return subprocess.run(
        [needs("docker-compose"), "--project-directory", FILE.parent, "-f", copy, "config"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NUMWATCH_TOKEN": "any"},
    )


def test_it_is_valid_by_the_schema(tmp_path: Path) -> None:
    done = check(COMPOSE, tmp_path)
    assert done.returncode == 0, done.stderr
    services = yaml.safe_load(done.stdout)["services"]
    assert set(services) == {"numwatch", "prometheus", "alertmanager", "grafana"}


def test_a_key_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    services = {**COMPOSE["services"]}
    services["numwatch"] = {**services["numwatch"], "read_onyl": True}
    done = check({**COMPOSE, "services": services}, tmp_path)
    assert done.returncode != 0
    assert "read_onyl" in done.stderr


def test_everything_it_mounts_is_there() -> None:
    for name, service in COMPOSE["services"].items():
        assert service["read_only"] is True, name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (FILE.parent / source).exists(), (name, source)
            else:
                assert source in COMPOSE["volumes"], (name, source)


def test_grafana_finds_the_dashboards_of_both_languages() -> None:
    mounts = dict(
        reversed(volume.split(":")[:2]) for volume in COMPOSE["services"]["grafana"]["volumes"]
    )
    provisioning = ROOT / "grafana" / "provisioning" / "dashboards" / "numwatch.yml"
    for provider in yaml.safe_load(provisioning.read_text(encoding="utf-8"))["providers"]:
        path = Path(provider["options"]["path"])
        folder = FILE.parent / mounts[str(path.parent)] / path.name
        assert len(list(folder.glob("*.json"))) == 6
