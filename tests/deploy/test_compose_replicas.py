"""The Compose file of three replicas: valid by the schema, and its services run as processes."""

import copy
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.config.load import load
from tests.deploy.composition import FILE, Composition, resolved
from tests.integration.processes import needs, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ENVIRONMENT = {
    "NUMWATCH_TOKEN": "a-token-of-the-tests",
    "NUMWATCH_STORE_PASSWORD": "0123456789abcdef",
}
DOCUMENT = resolved(FILE.read_text(encoding="utf-8"), ENVIRONMENT)
REPLICAS = ("replica-1", "replica-2", "replica-3")


def check(document: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """What docker-compose says of ``document``; Debian's is older than the key ``name``."""
    file = folder / "compose.yml"
    file.write_text(yaml.safe_dump({k: v for k, v in document.items() if k != "name"}), "utf-8")
    words = [needs("docker-compose"), "--project-directory", FILE.parent, "-f", file, "config"]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_it_is_valid_by_the_schema_and_a_wrong_key_is_refused(tmp_path: Path) -> None:
    done = check(DOCUMENT, tmp_path)
    assert done.returncode == 0, done.stderr
    wrong = copy.deepcopy(DOCUMENT)
    wrong["services"]["replica-2"]["read_onyl"] = True
    done = check(wrong, tmp_path)
    assert done.returncode != 0
    assert "read_onyl" in done.stderr


def test_everything_it_mounts_is_there_and_nothing_else_is_written() -> None:
    for name, service in DOCUMENT["services"].items():
        assert service["read_only"] is True, name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (FILE.parent / source).exists(), (name, source)
                assert volume.endswith(":ro"), volume
            else:
                assert source in DOCUMENT["volumes"], (name, source)


def test_the_replicas_have_one_configuration_and_a_folder_each() -> None:
    services = [DOCUMENT["services"][name] for name in REPLICAS]
    mounts = [
        dict(reversed(it.split(":")[:2]) for it in service["volumes"]) for service in services
    ]
    assert {mount["/etc/numwatch/config.yaml"] for mount in mounts} == {"./config.yaml"}
    assert len({mount["/data"] for mount in mounts}) == len(REPLICAS)
    scraped = yaml.safe_load((FILE.parent / "prometheus.yml").read_text(encoding="utf-8"))
    targets = scraped["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == [service["command"][-1] for service in services]
    for service, target in zip(services, targets, strict=True):
        assert target in service["healthcheck"]["test"][-1], "its own health"
    settings = load(FILE.parent / "config.yaml", services[0]["environment"])
    assert settings.store.replicas is True


@pytest.fixture(scope="module")
def composition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composition]:
    needs("pg_ctlcluster")
    composition = Composition(tmp_path_factory.mktemp("composition"), ENVIRONMENT)
    try:
        composition.start()
        yield composition
    finally:
        composition.close()


def accounts_of(composition: Composition, replica: str) -> list[str]:
    return re.findall(
        r'^numwatch_account_lease_epoch\{.*account="(\w+)"',
        composition.page(replica, "/metrics"),
        re.MULTILINE,
    )


def test_its_services_run_as_processes_and_their_health_checks_pass(
    composition: Composition,
) -> None:
    for name in composition.processes:
        composition.until_healthy(name)
    assert "grafana" in composition.left_out, "no package of Debian has it"
    assert set(REPLICAS) | {"postgresql", "world"} <= set(composition.processes)
    configured = re.findall(r"\{id: (\w+)", (FILE.parent / "config.yaml").read_text("utf-8"))
    wait_until(
        lambda: (
            sorted(it for name in REPLICAS for it in accounts_of(composition, name))
            == sorted(configured)
        ),
        60,
        lambda: "\n".join(composition.log(name) for name in REPLICAS),
    )
    for name in REPLICAS:
        assert "numwatch_replicas 3.0" in composition.page(name, "/metrics")
        assert json.loads(composition.page(name, "/api/accounts"))


def test_prometheus_takes_its_configuration_and_knows_every_replica(
    composition: Composition,
) -> None:
    if "prometheus" in composition.left_out:
        pytest.skip("prometheus is not installed; `make servers` as root installs it")
    wait_until(
        lambda: composition.page("prometheus", "/-/ready"),
        60,
        lambda: composition.log("prometheus"),
    )
    groups = json.loads(composition.page("prometheus", "/api/v1/rules"))["data"]["groups"]
    assert {"numwatch_replicas", "numwatch_fleet"} <= {group["name"] for group in groups}
    expected = {composition.port(composition.services[it]["command"][-1]) for it in REPLICAS}
    wait_until(lambda: scraped(composition) == expected, 60, lambda: composition.log("prometheus"))


def scraped(composition: Composition) -> set[str]:
    """The addresses that Prometheus scrapes."""
    targets = json.loads(composition.page("prometheus", "/api/v1/targets"))["data"]["activeTargets"]
    return {target["labels"]["instance"] for target in targets}
