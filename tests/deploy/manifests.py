"""The Kubernetes files of ``deploy/``, read as they stand."""

import re
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
OPERATOR = FOLDER / "prometheus-operator"


def documents(file: Path) -> list[dict[str, Any]]:
    """The objects in a file."""
    return [one for one in yaml.safe_load_all(file.read_text(encoding="utf-8")) if one]


def resources(folder: Path) -> list[dict[str, Any]]:
    """The objects that the kustomization of ``folder`` lists."""
    listed = documents(folder / "kustomization.yaml")[0]["resources"]
    return [one for name in listed for one in documents(folder / name)]


def of_kind(kind: str) -> dict[str, Any]:
    """The only object of a kind."""
    (one,) = (one for one in resources(FOLDER) if one["kind"] == kind)
    return one


def check_secret(folder: Path) -> None:
    """The files that the configuration of ``folder`` names are keys of its secret and recipe."""
    (secret,) = documents(folder / "secret.example.yaml")
    text = (folder / "config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"_file: /run/secrets/numwatch/(\S+)", text)) == set(secret["stringData"])
    recipe = (folder / "kustomization.yaml").read_text(encoding="utf-8")
    for key in secret["stringData"]:
        assert re.search(rf"--from-(literal|file)={key}\b", recipe), key
