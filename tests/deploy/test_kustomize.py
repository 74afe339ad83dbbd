"""``kubectl kustomize`` renders the Kubernetes files, with and without the operator's component."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.manifests import FOLDER

pytestmark = pytest.mark.integration

LEAST = (1, 25)
"""The first kubectl whose kustomize knows ``labels`` and components."""


@pytest.fixture
def kubectl() -> str:
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


def render(kubectl: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [kubectl, "kustomize", folder], capture_output=True, text=True, check=False
    )


def rendered(kubectl: str, folder: Path) -> dict[str, Any]:
    """The objects by their kind."""
    done = render(kubectl, folder)
    assert (done.returncode, done.stderr) == (0, "")
    return {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}


def test_the_base_is_rendered_and_valid(kubectl: str) -> None:
    objects = rendered(kubectl, FOLDER)
    assert set(objects) == {"ConfigMap", "StatefulSet", "Service", "NetworkPolicy"}
    for one in objects.values():
        kubernetes_validate.validate(one, "1.32", strict=True)
    pod = objects["StatefulSet"]["spec"]["template"]["spec"]
    names = {one["configMap"]["name"] for one in pod["volumes"] if "configMap" in one}
    assert names == {objects["ConfigMap"]["metadata"]["name"]}
    assert pod["containers"][0]["image"] == "registry.example.com/numwatch:latest"
    assert objects["ConfigMap"]["data"]["config.yaml"] == (FOLDER / "config.yaml").read_text()


def test_it_is_a_base_for_others(kubectl: str, tmp_path: Path) -> None:
    """With the operator's component and a namespace; and, the control, with a file that is not."""
    shutil.copytree(FOLDER, tmp_path / "base")
    own: dict[str, Any] = {"resources": ["base"], "components": ["base/prometheus-operator"]}
    own["namespace"] = "telephony"
    (tmp_path / "kustomization.yaml").write_text(json.dumps(own))
    objects = rendered(kubectl, tmp_path)
    assert "PodMonitor" in objects
    assert {one["metadata"]["namespace"] for one in objects.values()} == {"telephony"}
    (tmp_path / "base/service.yaml").unlink()
    assert render(kubectl, tmp_path).returncode != 0
