"""Writes the alert rules for a Prometheus that scrapes several replicas; run by ``make docs``.

They are those of ``alert_rules/``, which the agent evaluates too, with one thing more: an alert
goes on firing for a while after its condition ended. When another replica takes an account over, no
page has the account for a scrape or two, and without this each of its alerts would end and begin
anew.
"""  # noqa: INP001 - a script, run by make

import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
KEEP_FIRING_FOR = "2m"
"""Longer than the end of a lease (15 s), the takeover, a scrape and an evaluation of 30 s each."""
ALERTS = Path(__file__).with_name("alert_rules.yml")
RECORDING = Path(__file__).with_name("recording_rules.yml")
PROMETHEUS_RULE = ROOT / "deploy/kubernetes-replicas/prometheus-operator/prometheusrule.yaml"
_STYLE: dict[str, Any] = {"allow_unicode": True, "sort_keys": False, "width": 10_000}
_HEAD = "# Written by `make docs` from alert_rules/ (deploy/replicas/rules.py); do not edit.\n"

Groups = list[dict[str, Any]]


def groups_of(file: Path) -> Groups:
    """The groups of a rule file."""
    return list(yaml.safe_load(file.read_text(encoding="utf-8"))["groups"])


def alert_groups() -> Groups:
    """The groups of all alert rules, in order of the files' names, for several replicas."""
    files = sorted((ROOT / "alert_rules").glob("*.yml"))
    return [
        {**group, "rules": [_kept(rule) for rule in group["rules"]]}
        for file in files
        for group in groups_of(file)
    ]


def _kept(rule: dict[str, Any]) -> dict[str, Any]:
    if "alert" not in rule or "keep_firing_for" in rule:
        return rule
    # Beside `for`, where a reader looks for it.
    head = {key: rule[key] for key in ("alert", "expr", "for") if key in rule}
    return {**head, "keep_firing_for": KEEP_FIRING_FOR, **rule}


def prometheus_rule() -> dict[str, Any]:
    """All of them, and the recording rules, as the Prometheus operator reads them."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "numwatch", "labels": {"app.kubernetes.io/name": "numwatch"}},
        "spec": {"groups": [*alert_groups(), *groups_of(RECORDING)]},
    }


def files() -> dict[Path, str]:
    """The text of each file that is written here."""
    documents = {ALERTS: {"groups": alert_groups()}, PROMETHEUS_RULE: prometheus_rule()}
    return {
        path: _HEAD + yaml.dump(document, Dumper=_Dumper, **_STYLE)
        for path, document in documents.items()
    }


class _Dumper(yaml.SafeDumper):
    """Writes each value where it stands, and texts of several lines as blocks."""

    def ignore_aliases(self, _data: object) -> bool:
        """Nothing is written as a reference to what stands elsewhere."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)

if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")
