"""What rule linters object to, checked offline over alert_rules/ (and deploy/alertmanager.yml)."""

import re
from pathlib import Path

import pytest
import yaml

from agent.rules.load import load_rules
from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.nodes import (
    Aggregate,
    Binary,
    Call,
    Node,
    Number,
    Selector,
    children_of,
)
from agent.rules.rule import AlertingRule, Group, RecordingRule, Rule

ROOT = Path(__file__).parents[2]
GROUPS = load_rules(sorted((ROOT / "alert_rules").glob("*.yml"))).groups
RULES = [rule for group in GROUPS for rule in group.rules]
ALERTS = [rule for rule in RULES if isinstance(rule, AlertingRule)]
RECORDED = {rule.name for rule in RULES if isinstance(rule, RecordingRule)}
COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}
SPECIAL = set(".+*?()[]{}^$\\")
ALWAYS_ONE = re.compile(r"numwatch_(?:number|binding)_(?:network_)?state|.*_info")
"""Metrics whose mere presence is the condition: the state is in the selector."""


def nodes(node: Node) -> list[Node]:
    return [node, *(one for child in children_of(node) for one in nodes(child))]


def every(kind: type, rules: list[Rule] | list[AlertingRule]) -> list[tuple[Rule, Node]]:
    return [(rule, one) for rule in rules for one in nodes(rule.node) if isinstance(one, kind)]


def asks(node: Node) -> bool:
    """Whether an expression can be without a result while its series are there."""
    if isinstance(node, Binary):
        if node.operator == "or":
            return asks(node.left) and asks(node.right)
        if node.operator in COMPARISONS and not node.returns_bool:
            return True
        return asks(node.left) or (node.operator not in {"unless", "or"} and asks(node.right))
    if isinstance(node, Selector):
        chosen = any(matcher.label != METRIC_NAME for matcher in node.matchers)
        return bool(ALWAYS_ONE.fullmatch(node.name)) and chosen
    if isinstance(node, Call) and node.function in {"absent", "absent_over_time"}:
        return True
    return any(asks(child) for child in children_of(node))


def ids(rule: object) -> str:
    return rule.name if isinstance(rule, Rule) else str(rule)


@pytest.mark.parametrize("rule", ALERTS, ids=ids)
class TestEveryAlert:
    def test_alerts_comparison_the_condition_can_be_false(self, rule: AlertingRule) -> None:
        assert asks(rule.node)

    def test_alerts_for_durations_are_given_and_sensible(self, rule: AlertingRule) -> None:
        assert rule.hold == 0 or 60 <= rule.hold <= 86_400
        assert rule.keep_firing == 0

    def test_alerts_template_labels_do_not_change_with_the_value(self, rule: AlertingRule) -> None:
        for text in rule.labels.values():
            assert "{{" not in text.source, "a label that changes is another alert every time"


def test_alerts_comparison_sees_a_condition_that_is_always_true(tmp_path: Path) -> None:
    """The check's own check."""
    for expression in ("numwatch_number_up", "sum(numwatch_number_up) by (number)", "vector(1)"):
        assert not asks(_loaded(tmp_path, expression))
    assert asks(_loaded(tmp_path, "sum(numwatch_number_up) > 1"))


def _loaded(folder: Path, expression: str) -> Node:
    path = folder / "rules.yml"
    rule = {"alert": "Some", "expr": expression}
    path.write_text(yaml.safe_dump({"groups": [{"name": "one", "rules": [rule]}]}))
    return load_rules([path]).groups[0].rules[0].node


def test_promql_fragile_every_aggregation_says_what_it_keeps() -> None:
    for rule, node in every(Aggregate, RULES):
        assert isinstance(node, Aggregate)
        assert not node.without, f"{rule.name}: a new label would change the result"


def test_promql_fragile_nothing_is_matched_on_all_labels() -> None:
    """Both sides must say on what they match, unless both are the very same kind of series."""
    for rule, node in every(Binary, RULES):
        assert isinstance(node, Binary)
        sides = [side for side in (node.left, node.right) if _is_vector(side)]
        if len(sides) == 2 and not node.matching.on:
            assert all(_families(side) for side in sides), rule.name
            assert not any(isinstance(side, Aggregate) for side in sides) or (
                _labels(sides[0]) == _labels(sides[1])
            ), rule.name


def _is_vector(node: Node) -> bool:
    return any(isinstance(one, Selector) for one in nodes(node))


def _families(node: Node) -> set[str]:
    return {one.name for one in nodes(node) if isinstance(one, Selector)}


def _labels(node: Node) -> set[str] | None:
    match = [set(one.labels) for one in nodes(node) if isinstance(one, Aggregate)]
    return match[0] if match else None


def test_promql_impossible_no_label_is_matched_that_is_aggregated_away() -> None:
    for rule, node in every(Binary, RULES):
        assert isinstance(node, Binary)
        for side in (node.left, node.right):
            if isinstance(side, Aggregate) and node.matching.on:
                assert set(node.matching.labels) <= set(side.labels), rule.name


def test_promql_impossible_no_selector_contradicts_itself() -> None:
    for rule, node in every(Selector, RULES):
        assert isinstance(node, Selector)
        equal = [matcher.label for matcher in node.matchers if matcher.is_equality]
        assert len(equal) == len(set(equal)), rule.name


def test_promql_nan_nothing_is_compared_with_nan() -> None:
    for rule, node in every(Number, RULES):
        assert isinstance(node, Number)
        assert node.value == node.value, f"{rule.name}: nothing equals NaN"


def test_promql_regexp_is_used_where_it_is_needed() -> None:
    for rule, node in every(Selector, RULES):
        assert isinstance(node, Selector)
        for matcher in node.matchers:
            if matcher.operator in {"=~", "!~"}:
                assert SPECIAL & set(matcher.value) or "|" in matcher.value, rule.name
                assert not matcher.value.startswith("^"), "it is anchored already"
                assert not matcher.value.endswith("$"), "it is anchored already"


def test_rule_dependency_what_is_recorded_comes_before_what_reads_it() -> None:
    for group in GROUPS:
        known: set[str] = set()
        for rule in group.rules:
            read = {one.name for one in nodes(rule.node) if isinstance(one, Selector)} & RECORDED
            assert read <= known, f"{rule.name} reads {read - known} a round late"
            if isinstance(rule, RecordingRule):
                known.add(rule.name)


def test_rule_dependency_everything_recorded_is_read() -> None:
    read = {one.name for rule in RULES for one in nodes(rule.node) if isinstance(one, Selector)}
    boards = (ROOT / "grafana" / "dashboards" / "en").glob("*.json")
    board = "".join(path.read_text(encoding="utf-8") for path in boards)
    assert [name for name in RECORDED if name not in read and name not in board] == []


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_group_interval_is_that_of_the_agent(group: Group) -> None:
    assert group.interval is None, "the engine and Prometheus each have their own"
    assert re.fullmatch(r"numwatch_[a-z]+", group.name)


def test_names_of_groups_and_rules_are_given_once() -> None:
    names = [group.name for group in GROUPS]
    assert len(names) == len(set(names))
    groups_of: dict[str, set[str]] = {}
    for group in GROUPS:
        for rule in group.rules:
            groups_of.setdefault(rule.name, set()).add(group.name)
    assert [name for name, match in groups_of.items() if len(match) > 1] == []


def test_every_inhibition_is_of_symptoms_and_scopes_that_are_shipped() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "alertmanager.yml").read_text(encoding="utf-8"))
    shipped = {
        label: {rule.labels[label].source for rule in ALERTS}
        for label in ("scope", "symptom", "severity")
    }
    for rule in config["inhibit_rules"]:
        for text in (*rule["source_matchers"], *rule["target_matchers"]):
            match = re.fullmatch(r'(\w+)(?:=|!=|=~|!~)"([^"]*)"', text)
            assert match, text
            assert set(match[2].split("|")) <= shipped[match[1]], text


def test_an_escalation_is_heard_beside_the_fault_it_escalates() -> None:
    config = yaml.safe_load((ROOT / "deploy" / "alertmanager.yml").read_text(encoding="utf-8"))
    below_number_down = [
        rule["target_matchers"]
        for rule in config["inhibit_rules"]
        if 'symptom="number_down"' in rule["source_matchers"]
    ]
    assert all("severe_fault" in " ".join(matchers) for matchers in below_number_down)
