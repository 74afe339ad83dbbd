"""Offline checks over alert_rules/: what every rule has to have for tickets to be right."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.rules.load import load_rules
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import Aggregate, Binary, Node, Number, Selector, children_of
from agent.rules.rule import AlertingRule, RecordingRule
from agent.states import (
    BindingState,
    ConfigSection,
    MarkingTag,
    NetworkState,
    NumberState,
    Scope,
    Severity,
)
from exporters.family import FAMILIES

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "alert_rules").glob("*.yml"))
RULES = [rule for group in load_rules(FILES).groups for rule in group.rules]
ALERTS = [rule for rule in RULES if isinstance(rule, AlertingRule)]
IDENTITY: dict[str, tuple[str, ...]] = {
    "agent": (),
    "carrier": ("carrier",),
    "provider": ("provider",),
    "account": ("account", "provider"),
    "number": ("account", "number", "provider"),
    "binding": ("account", "binding", "number", "provider"),
}
FURTHER = {"BalanceLow": {"currency"}, "BalanceStop": {"currency"}, "SpendCapNear": {"currency"}}
FURTHER |= {"ConfigDrift": {"section"}, "OutboxStuck": {"sink"}, "DeadLetters": {"sink"}}
FURTHER |= {"SinkHeld": {"sink"}, "SinkStepRefused": {"sink"}, "NumberMarked": {"tag"}}
FURTHER |= {"ComplaintOverdue": {"step"}, "UnexplainedSpend": {"currency"}}
FURTHER |= {"InspectionOverdue": {"kind"}, "CallsUnusual": {"reason"}}
FURTHER |= {"ProbeFailSome": {"caller"}, "ProbePromptUnexpected": {"prompt"}}
FURTHER |= {it: {"caller"} for it in ("SetupSlow", "OneWayAudio", "ProbeBlind")}
FURTHER |= {"RuleEvaluationsMissed": {"group"}, "TicketStalled": {"id"}}
FURTHER |= {"TicketContactSLA": {"id", "grade"}, "TicketRestoreSLA": {"id", "grade"}}
PARTS = ("_bucket", "_count", "_sum")
RECORDED = {rule.name: rule.node for rule in RULES if isinstance(rule, RecordingRule)}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
CLOSED = {
    "numwatch_number_state": {state.value for state in NumberState},
    "numwatch_number_network_state": {state.value for state in NetworkState},
    "numwatch_binding_state": {state.value for state in BindingState},
    "numwatch_number_config_drift": {section.value for section in ConfigSection},
    "numwatch_number_marked": {tag.value for tag in MarkingTag},
}


def texts(rule: AlertingRule, kind: str) -> dict[str, str]:
    return {name: template.source for name, template in getattr(rule, kind).items()}


def selectors(node: Node) -> list[Selector]:
    labels = [node] if isinstance(node, Selector) else []
    return [*labels, *(one for child in children_of(node) for one in selectors(child))]


def family_labels(name: str) -> set[str]:
    """A metric's labels; a histogram's parts are in the catalogue by its name."""
    family = FAMILIES.get(name)
    if family is not None:
        return set(family.labels)
    part = next(part for part in PARTS if name.endswith(part))
    return {*FAMILIES[name.removesuffix(part)].labels, "le"}


def result_labels(node: Node) -> set[str]:
    """The labels a result can have, where the expression says so."""
    if isinstance(node, Aggregate):
        assert not node.without
        return set(node.labels)
    if isinstance(node, Selector) and node.name in RECORDED:
        return result_labels(RECORDED[node.name])
    if isinstance(node, Binary):
        both = node.operator == "or" or isinstance(node.left, Number)
        sides = [one for one in (node.left, node.right)[: 1 + both] if not isinstance(one, Number)]
        labels = set().union(*(result_labels(side) for side in sides))
        return labels | set(node.matching.include)
    raise AssertionError(f"{node} does not say which labels it gives")


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule.name)
class TestEveryAlert:
    def test_is_named_by_convention(self, rule: AlertingRule) -> None:
        assert re.fullmatch(r"(?:[A-Z][a-z]+)+(?:SLA)?", rule.name)

    def test_says_how_bad_it_is_and_what_is_broken(self, rule: AlertingRule) -> None:
        labels = texts(rule, "labels")
        assert labels["severity"] in set(Severity)
        assert labels["scope"] in set(Scope)
        assert re.fullmatch(r"[a-z_]+", labels["symptom"])
        assert not labels.keys() - {"severity", "scope", "symptom", "ticket"}

    def test_carries_its_scopes_labels_and_no_state(self, rule: AlertingRule) -> None:
        expected = set(IDENTITY[texts(rule, "labels")["scope"]]) | FURTHER.get(rule.name, set())
        assert result_labels(rule.node) == expected

    def test_is_explained_in_both_languages(self, rule: AlertingRule) -> None:
        annotations = texts(rule, "annotations")
        assert set(annotations) == {
            *("summary", "description", "summary_zh", "description_zh", "runbook_url"),
        }
        for name, text in annotations.items():
            assert bool(CHINESE.search(text)) == name.endswith("_zh"), text

    def test_has_no_value_in_its_summary(self, rule: AlertingRule) -> None:
        """A value in the summary would make every evaluation look like news."""
        assert "$value" not in texts(rule, "annotations")["summary"]
        assert "$value" not in texts(rule, "annotations")["summary_zh"]

    def test_speaks_only_of_labels_it_has(self, rule: AlertingRule) -> None:
        mentioned = re.findall(r"\$labels\.(\w+)", "".join(texts(rule, "annotations").values()))
        assert set(mentioned) <= result_labels(rule.node)

    def test_reads_metrics_and_labels_that_exist(self, rule: AlertingRule) -> None:
        for selector in selectors(rule.node):
            labels = {matcher.label for matcher in selector.matchers} - {METRIC_NAME}
            if selector.name in RECORDED:
                assert labels <= result_labels(RECORDED[selector.name]), selector
            else:
                assert labels <= family_labels(selector.name), selector

    def test_asks_for_states_that_exist(self, rule: AlertingRule) -> None:
        for selector in selectors(rule.node):
            for matcher in selector.matchers:
                known = CLOSED.get(selector.name)
                if known and matcher.label in {"state", "section"}:
                    assert matcher.operator in {"=", "=~"}, "negations would let unknown in"
                    assert set(matcher.value.split("|")) <= known


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_metric_is_named_by_level_metric_and_operation(name: str) -> None:
    level, metric, operation = name.split(":")
    assert metric.startswith("numwatch_")
    assert operation
    assert level in result_labels(RECORDED[name])


def test_every_alert_is_unit_tested_firing_and_not_firing() -> None:
    fired: dict[str, set[bool]] = {}
    for path in sorted((ROOT / "alert_rules" / "tests").glob("*.yml")):
        document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in document["tests"]:
            for case in group["alert_rule_test"]:
                fired.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    assert fired == {rule.name: {True, False} for rule in ALERTS}
