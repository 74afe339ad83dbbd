"""``kubectl kustomize``, where it is installed and new enough."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

LEAST = (1, 25)
"""The first kubectl whose kustomize knows ``labels`` and components."""


def installed() -> str:
    """The path of kubectl; skips the test with the reason where there is none that serves."""
    path = shutil.which("kubectl")
    if path is None:
        pytest.skip("kubectl is not installed, and no package of Debian 12 is new enough")
    told = subprocess.run(
        [path, "version", "--client", "-o", "json"], capture_output=True, check=False
    )
    version = json.loads(told.stdout or "{}").get("clientVersion", {})
    found = tuple(int(re.sub(r"\D", "", version.get(part, "0"))) for part in ("major", "minor"))
    if found < LEAST:
        pytest.skip(f"kubectl {found} is older than {LEAST}")
    return path


def render(folder: Path) -> subprocess.CompletedProcess[str]:
    """What kustomize makes of ``folder``."""
    kubectl = installed()
    return subprocess.run(
        [kubectl, "kustomize", folder], capture_output=True, text=True, check=False
    )


def rendered(folder: Path) -> dict[str, Any]:
    """The objects by their kind."""
    done = render(folder)
    assert (done.returncode, done.stderr) == (0, "")
    return {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}
