"""``numwatch rules check`` and ``numwatch rules test``."""

import json
from pathlib import Path

import pytest

from agent.cli.rules import rules_check, rules_test

RULES = """\
groups:
  - name: numbers
    rules:
      - alert: Down
        expr: up == 0
        for: 1m
      - record: down:count
        expr: count(up == 0)
"""
TEST = """\
rule_files: [rules.yml]
tests:
  - name: one number down
    interval: 1m
    input_series:
      - {series: 'up{number="a"}', values: '1 0 0 stale'}
      - {series: 'up{number="b"}', values: '0+1x1 _ _'}
    alert_rule_test:
      - {eval_time: 1m, alertname: Down, exp_alerts: []}
      - {eval_time: 2m, alertname: Down, exp_alerts: [{exp_labels: {number: a}}]}
    promql_expr_test:
      - {expr: 'down:count', eval_time: 1m, exp_samples: [{labels: 'down:count', value: 1}]}
      - {expr: 'up', eval_time: 3m, exp_samples: [{labels: 'up{number="b"}', value: 1}]}
      - {expr: 'up', eval_time: 6m, exp_samples: [{labels: 'up{number="b"}', value: 1}]}
      - expr: ALERTS
        eval_time: 1m
        exp_samples:
          - labels: 'ALERTS{alertname="Down", alertstate="pending", number="a"}'
            value: 1
"""


@pytest.fixture
def unit_test(tmp_path: Path) -> Path:
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    path = tmp_path / "test.yml"
    path.write_text(TEST, encoding="utf-8")
    return path


def test_the_generations_differ_at_the_end_of_the_lookback(
    unit_test: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rules_test([unit_test], 2) == 0
    assert rules_test([unit_test], 3) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"Unit Testing:  {unit_test}\n  SUCCESS\n")
    assert 'expr: "up", time: 6m,\n        exp: {__name__="up", number="b"} 1E+00' in err
    assert "got: nil" in err


def test_json_is_one_document_with_an_object_a_case(
    unit_test: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert rules_test([unit_test], 2, as_json=True) == 0
    cases = json.loads(capsys.readouterr().out)
    assert [case["ok"] for case in cases] == [True] * 6
    assert {case["group"] for case in cases} == {"one number down"}
    assert {case["file"] for case in cases} == {str(unit_test)}
    assert cases[1]["alertname"] == "Down"
    assert cases[1]["got"] == cases[1]["exp"]
    assert cases[2] == {
        "file": str(unit_test),
        "group": "one number down",
        "eval_time": "1m",
        "ok": True,
        "expr": "down:count",
        "got": [{"labels": {"__name__": "down:count"}, "value": 1.0}],
        "exp": [{"labels": {"__name__": "down:count"}, "value": 1.0}],
    }


def test_what_cannot_be_tested_fails_with_the_reason(
    unit_test: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (unit_test.parent / "rules.yml").write_text("groups: [{name: a, rule: []}]", encoding="utf-8")
    assert rules_test([unit_test]) == 1
    assert "1: a: rule: is not a known key, did you mean rules?" in capsys.readouterr().err
    unit_test.write_text(TEST.replace("'1 0 0 stale'", "'1 0 x'"), encoding="utf-8")
    assert rules_test([unit_test]) == 1
    assert "'x' is not a value" in capsys.readouterr().err
    histogram = TEST.replace("'1 0 0 stale'", "'{{schema:0 sum:1 count:1}}x3'")
    unit_test.write_text(histogram, encoding="utf-8")
    assert rules_test([unit_test]) == 1
    assert "native histograms ({{...}}) are not supported" in capsys.readouterr().err


def test_check_counts_rules_or_says_what_is_wrong(
    unit_test: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = unit_test.parent / "rules.yml", unit_test.parent / "bad.yml"
    bad.write_text(RULES.replace("up == 0\n", "histogram_sum(up)\n"), encoding="utf-8")
    assert rules_check([good]) == 0
    assert capsys.readouterr().out == f"Checking {good}\n  SUCCESS: 2 rules found\n\n"
    assert rules_check([good, bad]) == 1
    assert (
        f"{bad}:5: numbers/Down: expr: 1:1: function histogram_sum needs" in capsys.readouterr().err
    )
