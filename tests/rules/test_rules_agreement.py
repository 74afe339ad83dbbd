"""Whole rules against the real promtool: pending, firing, keep-firing, recorded, templated.

Random rule files over random series; both engines must fail the same cases in the same words,
and every case is written to fail, so that both print what they got.
"""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from agent.cli.rules import rules_test
from tests.proof_size import size
from tests.rules.promtool import promtool

pytestmark = pytest.mark.integration

CASES = size(16, 400, "differential")
CONDITIONS = (
    *("m == 1", "m > 0", "m < 2", "m != 0 unless n > 1", "sum by (x) (m) > 1", "absent(m)"),
    *('absent(n{x="zz"})', "rate(m[3m]) > 0", "changes(m[5m]) > 1", "rec > 1", "rec:y == 1"),
    *("m > on (x) n", "count(m) >= 1", "vector(1)", "m offset 2m == 1", "last_over_time(m[7m])"),
    *("avg_over_time(m[4m]) > 0.5", 'ALERTS{alertstate="firing"}', "ALERTS_FOR_STATE > 60"),
    *('m and on (x) ALERTS{alertname="A"}', '{__name__=~"m|n"} > 0', "m > 0 or n > 0", "1"),
    *('label_replace(m > 0, "x", "same", "x", ".*")', "max_over_time((m > 0)[5m:1m])"),
)
RECORDED = (
    *("sum by (x) (m)", "m * 2", "m or n", "n > 0", "count(m)", "rate(m[5m])", "1"),
    'label_replace(m, "x", "", "", "")',
)
# No template here gives nothing: Prometheus then writes the template itself into ALERTS, and
# numwatch, on purpose, leaves the label out there as it does everywhere else.
LABELS: tuple[dict[str, str], ...] = (
    {"severity": "page"},
    {"of": "s{{ $labels.x }}"},
    {"v": "{{ $value }}"},
    {"x": ""},
    {"x": "over", "k": "{{ if gt $value 1.0 }}hi{{ else }}lo{{ end }}"},
    {"alertname": "other"},
    {"t": "r{{ $externalLabels.region }}"},
    {"e": "{{ .Nothing }}"},
)
TEXTS: tuple[dict[str, str], ...] = (
    {"s": "{{ $labels.x }} is {{ $value }}"},
    {"s": "{{ $labels }}", "q": '{{ query "count(m)" | len }}'},
    {"d": "{{ humanizeDuration $value }}"},
    {"e": "{{ index $labels 5 }}"},
)
QUERIES = (
    '{__name__=~"ALERTS|ALERTS_FOR_STATE|rec.*"}',
    'count_over_time({__name__=~"rec.*"}[20m])',
    "sum_over_time(ALERTS[20m])",
)
_FAILED = re.compile(r'error expanding template: .*?(?=", |"\})')


class Writer:
    """Writes one rule file and its unit test."""

    def __init__(self, number: int) -> None:
        self.random = random.Random(number)

    def some(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def maybe(self, share: float) -> bool:
        return self.random.random() < share

    def values(self) -> str:
        return " ".join(self._value() for _ in range(self.random.randint(2, 10)))

    def _value(self) -> str:
        kinds = [self.some("0", "1", "1", "2", "5")] * 4
        kinds += [f"{self.some(0, 1, 2)}x{self.random.randint(1, 6)}"]
        kinds += [f"_x{self.random.randint(1, 7)}", "_", "stale"]
        kinds += [f"0+1x{self.random.randint(1, 5)}"]
        return str(self.some(*kinds))

    def rule(self) -> dict[str, Any]:
        if self.maybe(0.3):
            recorded = {"record": self.some("rec", "rec:y"), "expr": self.some(*RECORDED)}
            return recorded | (
                {"labels": self.some({"k": "v"}, {"x": ""})} if self.maybe(0.4) else {}
            )
        alert: dict[str, Any] = {"alert": self.some(*"ABC"), "expr": self.some(*CONDITIONS)}
        if self.maybe(0.6):
            alert["for"] = self.some("0m", "1m", "2m", "90s", "5m")
        if self.maybe(0.35):
            alert["keep_firing_for"] = self.some("1m", "3m", "10m")
        if self.maybe(0.6):
            alert["labels"] = self.some(*LABELS)
        if self.maybe(0.6):
            alert["annotations"] = self.some(*TEXTS)
        return alert

    def group(self, name: str) -> dict[str, Any]:
        group: dict[str, Any] = {"name": name}
        group["rules"] = [self.rule() for _ in range(self.random.randint(1, 4))]
        if self.maybe(0.25):
            group["interval"] = self.some("1m", "2m", "30s")
        if self.maybe(0.15):
            group["limit"] = self.some(1, 2, 3)
        return group

    def test(self) -> dict[str, Any]:
        names = [("m", x) for x in self._labels()] + [("n", x) for x in self._labels()]
        times = [f"{self.random.randint(0, 18)}m{self.some('', '', '30s')}" for _ in range(5)]
        never = [{"labels": '{never="there"}', "value": 0}]
        return {
            "interval": self.some("1m", "1m", "30s", "2m"),
            "external_labels": {"region": "cn"},
            "input_series": [
                {"series": f'{metric}{{x="{x}"}}' if x else metric, "values": self.values()}
                for metric, x in names
            ],
            "alert_rule_test": [
                {"eval_time": time, "alertname": name, "exp_alerts": []}
                for time in times
                for name in "ABC"
            ],
            "promql_expr_test": [
                {"expr": query, "eval_time": time, "exp_samples": never}
                for time in times[:3]
                for query in QUERIES
            ],
        }

    def _labels(self) -> list[str]:
        return self.random.sample(["a", "b", "c", ""], self.random.randint(1, 3))

    def write(self, folder: Path) -> Path:
        groups = [self.group(f"g{place}") for place in range(self.random.randint(1, 2))]
        (folder / "rules.yml").write_text(json.dumps({"groups": groups}), encoding="utf-8")
        document = {
            "rule_files": ["rules.yml"],
            "evaluation_interval": self.some("1m", "1m", "30s", "2m", "15s"),
            "tests": [self.test()],
        }
        if self.maybe(0.3):
            document["group_eval_order"] = ["g1", "g0"]
        path = folder / "test.yml"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path


@pytest.mark.timeout(900)
def test_random_rules_do_what_they_do_in_prometheus(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fired = 0
    for number in range(CASES):
        path = Writer(number).write(tmp_path)
        theirs = promtool("test", "rules", path)
        code = rules_test([path], 2)
        ours = capsys.readouterr().err
        expected, got = (_FAILED.sub("failed", text) for text in (theirs.stderr, ours))
        # Alerts with the same labels stand in no particular order.
        same = sorted(got.splitlines()) == sorted(expected.splitlines())
        assert (code, same) == (theirs.returncode, True), (number, got, expected)
        fired += "Labels:" in expected
    assert fired > CASES // 4
