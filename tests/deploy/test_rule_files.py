"""The rules for a Prometheus that scrapes replicas are those of the agent, and no others."""

import importlib.util
import subprocess
from functools import cache
from typing import Any

import pytest
import yaml

from tests.integration.processes import ROOT, needs

FOLDER = ROOT / "deploy" / "replicas"
FILES = [FOLDER / "alert_rules.yml", FOLDER / "recording_rules.yml"]


@cache
def writer() -> Any:
    """The script of ``make docs``."""
    found = importlib.util.spec_from_file_location("rules", FOLDER / "rules.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def rules_of(*groups: dict[str, Any]) -> list[dict[str, Any]]:
    return [rule for group in groups for rule in group["rules"]]


def test_the_files_are_what_the_script_writes() -> None:
    for path, text in writer().files().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.relative_to(ROOT)}: make docs"


def test_they_differ_from_the_agents_only_in_how_long_they_fire() -> None:
    shipped = [
        group
        for file in sorted((ROOT / "alert_rules").glob("*.yml"))
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]
    ]
    found = yaml.safe_load(FILES[0].read_text(encoding="utf-8"))["groups"]
    alerts = [rule for rule in rules_of(*found) if "alert" in rule]
    assert {rule["keep_firing_for"] for rule in alerts} == {"2m"}
    for rule in alerts:
        del rule["keep_firing_for"]
    assert found == shipped
    rule = yaml.safe_load(writer().PROMETHEUS_RULE.read_text(encoding="utf-8"))
    recording = yaml.safe_load(FILES[1].read_text(encoding="utf-8"))["groups"]
    assert len(rule["spec"]["groups"]) == len(found) + len(recording)


def test_recorded_sums_count_an_account_once() -> None:
    groups = yaml.safe_load(FILES[1].read_text(encoding="utf-8"))["groups"]
    once = "max without (instance, pod) ("
    exceptions = {
        "account:numwatch_number_calls:increase5m": "sum by (provider, account, result) (increase(",
        "provider:numwatch_number_up:sum": "sum by (provider) (account:",
        "instance:numwatch_account_lease_epoch:count": "count by (instance) (",
    }
    for rule in rules_of(*groups):
        assert exceptions.get(rule["record"], once) in rule["expr"], rule["record"]


@pytest.mark.integration
def test_promtool_finds_nothing_wrong_with_them_nor_with_the_configuration() -> None:
    tool = needs("promtool")
    for words in (
        ["check", "rules", "--lint=all", "--lint-fatal", *FILES],
        ["check", "config", FOLDER / "prometheus.yml"],
    ):
        done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
