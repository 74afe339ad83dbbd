"""The files for several pods, by kustomize and by Helm: valid, alike, and fitting the agent."""

import copy
import json
import re
import shutil
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from agent import __version__
from agent.config.load import ConfigError, load
from agent.sinks.dispatcher import grace_for
from agent.store.leases import TTL
from tests.deploy import chart, kustomize
from tests.deploy.manifests import FOLDER, check_secret, documents
from tests.deploy.test_kubernetes import VERSIONS, WRONG, dropped
from tests.integration.processes import ROOT

pytestmark = pytest.mark.integration

OVERLAY = FOLDER.parent / "kubernetes-replicas"
OPERATOR = OVERLAY / "prometheus-operator"
WITH_OPERATOR = {"podMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}
KINDS = {"ConfigMap", "Service", "Deployment", "PodDisruptionBudget", "NetworkPolicy"}
LONGEST_TIMEOUT = 120
"""Seconds that a sink may be given at most (agent/config/sinks.py)."""

Objects = dict[str, dict[str, Any]]


@cache
def overlay() -> Objects:
    """The overlay as kustomize renders it."""
    return kustomize.rendered(OVERLAY)


@cache
def charted() -> Objects:
    """The chart as Helm renders it, with what a Prometheus operator reads."""
    return chart.rendered(WITH_OPERATOR)


BOTH = pytest.mark.parametrize("objects", [overlay, charted], ids=["kustomize", "helm"])


@BOTH
@pytest.mark.parametrize("version", [VERSIONS[0], VERSIONS[-1]])
def test_every_object_is_valid_by_the_schema_of_kubernetes(objects: Any, version: str) -> None:
    found = objects()
    assert set(found) >= KINDS
    for kind in KINDS:
        kubernetes_validate.validate(found[kind], version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_files_are_valid_as_they_stand(version: str) -> None:
    """Where there is no kubectl to render them, too."""
    for name in ("deployment.yaml", "poddisruptionbudget.yaml", "secret.example.yaml"):
        for one in documents(OVERLAY / name):
            kubernetes_validate.validate(one, version, strict=True)


@BOTH
@pytest.mark.parametrize(("place", "value"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_name_is_noticed(objects: Any, place: tuple[Any, ...], value: object) -> None:
    """The control: with one mistake the same object is refused."""
    wrong = copy.deepcopy(objects()["Deployment"])
    inner: Any = wrong
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def plain(document: Any) -> Any:
    """``document`` without what only Helm adds: labels of the release, and a default."""
    if isinstance(document, dict):
        added = {"app.kubernetes.io/instance", "app.kubernetes.io/version", "helm.sh/chart"}
        added |= {"app.kubernetes.io/managed-by", "imagePullPolicy"}
        return {key: plain(value) for key, value in document.items() if key not in added}
    return [plain(one) for one in document] if isinstance(document, list) else document


@pytest.mark.parametrize("kind", sorted(KINDS - {"ConfigMap"}))
def test_both_ways_make_the_same(kind: str) -> None:
    one, other = plain(overlay()[kind])["spec"], plain(charted()[kind])["spec"]
    if kind == "NetworkPolicy":
        networks = one["egress"][-1]["to"]
        assert networks.pop() == {
            "ipBlock": {"cidr": "fd00::/8", "except": ["fd00:ec2::254/128", "fd20:ce::254/128"]}
        }, "the chart has no network of version 6 by default"
    assert one == other


def test_both_have_the_same_configuration() -> None:
    one, other = (
        yaml.safe_load(it()["ConfigMap"]["data"]["config.yaml"]) for it in (overlay, charted)
    )
    assert one == other


@BOTH
def test_what_chooses_pods_chooses_these(objects: Any) -> None:
    found = objects()
    spec = found["Deployment"]["spec"]
    labels = spec["template"]["metadata"]["labels"].items()
    for selector in (
        spec["selector"]["matchLabels"],
        found["Service"]["spec"]["selector"],
        found["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        found["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        *(
            it["labelSelector"]["matchLabels"]
            for it in spec["template"]["spec"]["topologySpreadConstraints"]
        ),
    ):
        assert selector
        assert selector.items() <= labels
    assert charted()["PodMonitor"]["spec"]["selector"]["matchLabels"].items() <= (
        charted()["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
    )


@BOTH
def test_a_pod_has_time_to_give_its_leases_back(objects: Any) -> None:
    spec = objects()["Deployment"]["spec"]
    pod = spec["template"]["spec"]
    hook = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][-1]
    (before,) = re.findall(r"sleep\((\d+)\)", hook)

    class Slowest:
        timeout = float(LONGEST_TIMEOUT)

    needed = int(before) + grace_for([Slowest()])  # type: ignore[list-item]
    assert pod["terminationGracePeriodSeconds"] > needed
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][0] in dockerfile
    assert spec["minReadySeconds"] > TTL
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert objects()["PodDisruptionBudget"]["spec"]["maxUnavailable"] < spec["replicas"]


def test_the_pods_are_confined_as_the_only_one_is() -> None:
    (single,) = documents(FOLDER / "statefulset.yaml")
    one, other = (
        single["spec"]["template"]["spec"],
        overlay()["Deployment"]["spec"]["template"]["spec"],
    )
    context = {**one["securityContext"]}
    del context["fsGroupChangePolicy"]  # an empty volume has nothing to change
    assert other["securityContext"] == context
    for key in ("securityContext", "volumeMounts", "ports", "startupProbe", "livenessProbe"):
        assert other["containers"][0][key] == one["containers"][0][key], key


def configuration(folder: Path, text: str) -> Any:
    """The configuration, loaded with the keys of the example secret where the pod has them."""
    (secret,) = documents(OVERLAY / "secret.example.yaml")
    for key, value in secret["stringData"].items():
        (folder / key).write_text(value, encoding="utf-8")
        (folder / key).chmod(0o600)
    text = text.replace("/run/secrets/numwatch", str(folder))
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return load(folder / "config.yaml", {})


@BOTH
def test_the_configuration_loads_with_the_example_secret(objects: Any, tmp_path: Path) -> None:
    text = objects()["ConfigMap"]["data"]["config.yaml"]
    settings = configuration(tmp_path, text)
    assert settings.store.replicas is True
    assert settings.web.hosts == [objects()["Service"]["metadata"]["name"]]
    assert settings.data_dir.startswith("/data/")
    with pytest.raises(ConfigError, match="replicaz"):
        configuration(tmp_path, text.replace("replicas:", "replicaz:"))


def test_the_files_of_the_configuration_are_keys_of_the_secret() -> None:
    check_secret(OVERLAY)


def test_the_operator_knows_everything_that_it_is_told(tmp_path: Path) -> None:
    """By the operator's models; the component is rendered in a base of one's own."""
    for folder in (FOLDER, OVERLAY):
        shutil.copytree(folder, tmp_path / folder.name)
    own = {"resources": [OVERLAY.name], "components": [f"{OVERLAY.name}/{OPERATOR.name}"]}
    (tmp_path / "kustomization.yaml").write_text(json.dumps({**own, "namespace": "telephony"}))
    found = kustomize.rendered(tmp_path)
    assert {one["metadata"]["namespace"] for one in found.values()} == {"telephony"}
    assert {"PodMonitor", "PrometheusRule"} <= set(found)
    for kind in ("PodMonitor", "PrometheusRule"):
        assert not dropped(found[kind])
        assert not dropped(charted()[kind])
        assert found[kind]["spec"] == plain(charted()[kind])["spec"]
    wrong = copy.deepcopy(charted()["PrometheusRule"])
    wrong["spec"]["groups"][0]["rules"][0]["keep_firing"] = "2m"
    assert dropped(wrong), "the control: a key that the operator does not know"


REFUSED = {
    "a value that does not exist": ({"replica": 3}, "replica"),
    "one pod": ({"replicas": 1}, "replicas"),
    "a tag that says no version": ({"image": {"tag": "latest"}}, "image/tag"),
    "one agent's configuration": ({"config": {"store": {"replicas": False}}}, "store/replicas"),
}


@pytest.mark.parametrize(("values", "named"), REFUSED.values(), ids=REFUSED.keys())
def test_the_chart_refuses_wrong_values(values: dict[str, Any], named: str) -> None:
    with pytest.raises(chart.ChartError, match=named):
        chart.rendered(values)


def test_the_chart_takes_values_and_the_name_of_the_release() -> None:
    found = chart.rendered(
        {
            "replicas": 5,
            "image": {"repository": "registry.internal/numwatch", "tag": "0.2.1"},
            "secretName": "telephony",
            "networkPolicy": {"enabled": False},
            "tolerations": [{"key": "telephony", "operator": "Exists"}],
        },
        "hotlines",
    )
    assert {one["metadata"]["name"] for one in found.values()} == {"hotlines"}
    assert set(found) == KINDS - {"NetworkPolicy"}
    spec = found["Deployment"]["spec"]
    assert spec["replicas"] == 5
    assert spec["template"]["spec"]["containers"][0]["image"] == "registry.internal/numwatch:0.2.1"
    volumes = spec["template"]["spec"]["volumes"]
    assert volumes[1]["secret"]["secretName"] == "telephony"
    for one in found.values():
        kubernetes_validate.validate(one, VERSIONS[-1], strict=True)
    config = yaml.safe_load(found["ConfigMap"]["data"]["config.yaml"])
    assert config["web"]["hosts"] == ["hotlines"], "who asks by the service's name is answered"


def test_helm_lint_misses_only_a_picture() -> None:
    assert chart.findings() == ["Chart.yaml: icon is recommended"]


def test_all_name_the_version_of_this_release() -> None:
    (about,) = documents(chart.CHART / "Chart.yaml")
    assert (about["version"], about["appVersion"]) == (__version__, __version__)
    assert overlay()["Deployment"]["spec"]["template"]["spec"]["containers"][0]["image"] == (
        f"registry.example.com/numwatch:{__version__}"
    )
    assert (ROOT / "deploy/helm/numwatch/alert_rules.yml").is_file()
