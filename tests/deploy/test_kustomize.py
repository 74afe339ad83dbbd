"""``kubectl kustomize`` renders the Kubernetes files, with and without the operator's component."""

import json
import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.deploy.kustomize import render, rendered
from tests.deploy.manifests import FOLDER

pytestmark = pytest.mark.integration


def test_the_base_is_rendered_and_valid() -> None:
    objects = rendered(FOLDER)
    assert set(objects) == {"ConfigMap", "StatefulSet", "Service", "NetworkPolicy"}
    for one in objects.values():
        kubernetes_validate.validate(one, "1.32", strict=True)
    pod = objects["StatefulSet"]["spec"]["template"]["spec"]
    names = {one["configMap"]["name"] for one in pod["volumes"] if "configMap" in one}
    assert names == {objects["ConfigMap"]["metadata"]["name"]}
    assert pod["containers"][0]["image"] == "registry.example.com/numwatch:latest"
    assert objects["ConfigMap"]["data"]["config.yaml"] == (FOLDER / "config.yaml").read_text()


def test_it_is_a_base_for_others(tmp_path: Path) -> None:
    """With the operator's component and a namespace; and, the control, with a file that is not."""
    shutil.copytree(FOLDER, tmp_path / "base")
    own: dict[str, Any] = {"resources": ["base"], "components": ["base/prometheus-operator"]}
    own["namespace"] = "telephony"
    (tmp_path / "kustomization.yaml").write_text(json.dumps(own))
    objects = rendered(tmp_path)
    assert "PodMonitor" in objects
    assert {one["metadata"]["namespace"] for one in objects.values()} == {"telephony"}
    (tmp_path / "base/service.yaml").unlink()
    assert render(tmp_path).returncode != 0
