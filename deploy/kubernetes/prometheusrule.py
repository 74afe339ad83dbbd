"""Prints ``alert_rules/`` as a PrometheusRule, for a Prometheus that an operator runs."""  # noqa: INP001 - a script for kubectl

import sys
from pathlib import Path

import yaml

RULES = Path(__file__).parents[2] / "alert_rules"


def prometheus_rule() -> dict[str, object]:
    """Every group of every rule file, in order of the files' names."""
    files = sorted(RULES.glob("*.yml"))
    groups = [
        group for file in files for group in yaml.safe_load(file.read_text("utf-8"))["groups"]
    ]
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "numwatch", "labels": {"app.kubernetes.io/name": "numwatch"}},
        "spec": {"groups": groups},
    }


if __name__ == "__main__":
    yaml.safe_dump(prometheus_rule(), sys.stdout, allow_unicode=True, sort_keys=False)
