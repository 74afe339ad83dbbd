"""The Kubernetes files are valid by the published schemas, fit one another and the agent."""

import copy
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from agent.config.load import ConfigError, load
from tests.deploy.manifests import FOLDER, OPERATOR, check_secret, documents, of_kind, resources

VERSIONS = ("1.29", "1.32", "1.35")
"""Releases of Kubernetes whose schemas the objects must satisfy."""
OBJECTS = [*resources(FOLDER), *documents(FOLDER / "secret.example.yaml")]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_valid_by_the_schema_of_kubernetes(version: str) -> None:
    assert {one["kind"] for one in OBJECTS} >= {"StatefulSet", "Service", "NetworkPolicy", "Secret"}
    for one in OBJECTS:
        kubernetes_validate.validate(one, version, strict=True)


WRONG = {
    "a key of the set": (("spec", "replica"), 1),
    "a key of the container": (
        ("spec", "template", "spec", "containers", 0, "securityContext", "readOnlyRootFilesytem"),
        True,
    ),
    "a key of a probe": (
        ("spec", "template", "spec", "containers", 0, "readinessProbe", "httpget"),
        {"port": "http"},
    ),
    "a type": (("spec", "template", "spec", "terminationGracePeriodSeconds"), "150s"),
}


@pytest.mark.parametrize(("place", "value"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_name_is_noticed(place: tuple[Any, ...], value: object) -> None:
    """The control: with one mistake the same object is refused."""
    wrong = copy.deepcopy(of_kind("StatefulSet"))
    inner: Any = wrong
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@cache
def _models() -> Any:
    """The operator's published models; a module of two seconds, so that only its tests load it."""
    from cloudcoil.models.prometheus_operator import v1  # noqa: PLC0415 - as above

    return v1


def dropped(one: dict[str, Any]) -> bool:
    """Whether the operator's model of ``one`` knows less than what stands in it."""
    model = getattr(_models(), one["kind"]).model_validate(one)
    return bool(model.model_dump(by_alias=True, exclude_unset=True, mode="json") != one)


def prometheus_rule() -> dict[str, Any]:
    specification = importlib.util.spec_from_file_location("rule", FOLDER / "prometheusrule.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return dict(module.prometheus_rule())


def test_what_the_prometheus_operator_reads_is_valid_by_its_models() -> None:
    (monitor,) = resources(OPERATOR)
    assert not dropped(monitor)
    assert not dropped(prometheus_rule())
    wrong = copy.deepcopy(monitor)
    wrong["spec"]["podMetricsEndpoints"][0]["intervall"] = "15s"
    assert dropped(wrong), "the control: a name that the operator does not know"
    with pytest.raises(ValueError, match="interval"):
        dropped({**wrong, "spec": {"selector": {}, "podMetricsEndpoints": [{"interval": 15}]}})


def test_the_prometheus_rule_has_every_alert() -> None:
    files = (FOLDER.parents[1] / "alert_rules").glob("*.yml")
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    rules = [rule for group in prometheus_rule()["spec"]["groups"] for rule in group["rules"]]
    assert sorted(rule["alert"] for rule in rules if "alert" in rule) == sorted(
        re.findall(r"- alert: (\S+)", text)
    )


def test_labels_ports_and_names_fit() -> None:
    stateful_set, service, policy = map(of_kind, ("StatefulSet", "Service", "NetworkPolicy"))
    template = stateful_set["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    (monitor,) = resources(OPERATOR)
    for selector in (
        stateful_set["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        policy["spec"]["podSelector"]["matchLabels"],
        monitor["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels
    (container,) = template["spec"]["containers"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    named = [probe["port"] for probe in probes] + [service["spec"]["ports"][0]["targetPort"]]
    named += [policy["spec"]["ingress"][0]["ports"][0]["port"]]
    named += [monitor["spec"]["podMetricsEndpoints"][0]["port"]]
    assert set(named) == set(ports)
    dockerfile = (FOLDER.parents[1] / "Dockerfile").read_text(encoding="utf-8")
    assert f"EXPOSE {ports['http']}" in dockerfile
    assert service["metadata"]["name"] == stateful_set["spec"]["serviceName"]


def test_nothing_says_in_which_namespace_it_is() -> None:
    for one in [*OBJECTS, *resources(OPERATOR)]:
        assert "namespace" not in one["metadata"], one["kind"]


def test_the_pod_is_confined_as_the_image_is() -> None:
    template = of_kind("StatefulSet")["spec"]["template"]["spec"]
    user = re.search(
        r"^USER (\d+):(\d+)$", (FOLDER.parents[1] / "Dockerfile").read_text(), re.MULTILINE
    )
    assert user is not None
    context = template["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"]) == tuple(map(int, user.groups()))
    assert context["runAsNonRoot"] is True
    (container,) = template["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"requests", "limits"} <= set(container["resources"])


def configuration(folder: Path, text: str) -> Any:
    """The configuration, loaded with the keys of the example secret where the pod has them."""
    (secret,) = documents(FOLDER / "secret.example.yaml")
    mounts = of_kind("StatefulSet")["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    (place,) = (one["mountPath"] for one in mounts if one["name"] == "secrets")
    for key, value in secret["stringData"].items():
        (folder / key).write_text(value, encoding="utf-8")
    (folder / "config.yaml").write_text(text.replace(place, str(folder)), encoding="utf-8")
    return load(folder / "config.yaml", {})


def test_the_configuration_loads_with_the_example_secret(tmp_path: Path) -> None:
    text = (FOLDER / "config.yaml").read_text(encoding="utf-8")
    settings = configuration(tmp_path, text)
    assert settings.web.token is not None
    assert settings.web.hosts == [of_kind("Service")["metadata"]["name"]]
    assert settings.data_dir.startswith("/data/")
    with pytest.raises(ConfigError, match="hostz"):
        configuration(tmp_path, text.replace("hosts:", "hostz:"))


def test_the_files_of_the_configuration_are_keys_of_the_secret() -> None:
    check_secret(FOLDER)
    text = (FOLDER / "config.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["providers"]
