"""The embedded engine against the real promtool: the same verdicts, labels and values."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from agent.cli.rules import rules_test
from agent.rules.promql.nodes import Semantics
from agent.rules.unittest.outcome import ExpressionOutcome
from agent.rules.unittest.runner import run_file
from tests.proof_size import is_full
from tests.rules import range_expressions
from tests.rules.expressions import Case, cases
from tests.rules.promtool import Answer, answers, key, promtool, same, write_unit_test

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
RULES = sorted((ROOT / "alert_rules").glob("*.yml"))
UNIT_TESTS = sorted((ROOT / "alert_rules" / "tests").glob("*.yml"))
EVERYTHING = is_full("differential")
"""Whether 4,800 cases and all files run instead of 500 and the three shortest."""
FAILING = UNIT_TESTS if EVERYTHING else sorted(UNIT_TESTS, key=lambda it: it.stat().st_size)[:3]


def test_promtool_finds_nothing_wrong_with_the_rule_files() -> None:
    checked = promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("path", UNIT_TESTS, ids=lambda path: path.name)
def test_both_engines_pass_the_projects_unit_tests(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs = promtool("test", "rules", path)
    assert theirs.returncode == 0, theirs.stderr
    assert rules_test([path], 2) == 0
    assert rules_test([path], 3) == 0
    assert capsys.readouterr().out.startswith(theirs.stdout)


@pytest.mark.parametrize("path", FAILING, ids=lambda path: path.name)
def test_both_engines_fail_the_same_cases_in_the_same_words(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rules that are not there: every case that expects an alert fails, and no other."""
    for rules in RULES:
        text = rules.read_text(encoding="utf-8").replace("4", "5")
        (tmp_path / rules.name).write_text(text, encoding="utf-8")
    broken = tmp_path / "tests" / path.name
    broken.parent.mkdir()
    text = re.sub("critical|warning", "trivial", path.read_text(encoding="utf-8"))
    broken.write_text(text, encoding="utf-8")
    theirs = promtool("test", "rules", broken)
    code = rules_test([broken], 2)
    ours = capsys.readouterr()
    assert (code, ours.out, ours.err) == (theirs.returncode, theirs.stdout, theirs.stderr)
    assert code == 1


def ours(path: Path) -> list[Answer]:
    outcomes, _ = run_file(path, Semantics.TWO)
    return [_answer(outcome) for outcome in outcomes if isinstance(outcome, ExpressionOutcome)]


def _answer(outcome: ExpressionOutcome) -> Answer:
    return outcome.error or {key(labels): value for labels, value in outcome.got}


KNOWN_DIFFERENCES: list[str] = []
"""Cases that differ for a reason in ``DISAGREEMENTS``."""
DISAGREEMENTS = (
    (
        r"count_values by \([^)]*\bx\b[^)]*\) \(\"x\".*\[[^\]]*:",
        "Prometheus 2 loses grouping labels where a subquery counts values into one of them",
    ),
    (
        r"count_values.*[a-z0-9]\(",
        "a computed value as a label shows the last of its digits, which libraries round apart",
    ),
)


def at_random(few: int, many: int) -> settings:
    return settings(
        max_examples=many if EVERYTHING else few,
        deadline=None,
        suppress_health_check=[*HealthCheck],
        database=None,
        derandomize=True,
        phases=(Phase.generate,),  # a batch of a hundred cases shrinks for ever
    )


def compare(batch: list[Case], path: Path, times: tuple[str, ...]) -> None:
    write_unit_test(path, batch, times)
    queries = [(case, expression) for case in batch for expression in case.expressions]
    theirs, mine = answers(path), ours(path)
    assert len(theirs) == len(mine) == len(queries)
    for (case, expression), expected, got in zip(queries, theirs, mine, strict=True):
        if same(expected, got):
            continue
        known = [reason for pattern, reason in DISAGREEMENTS if re.search(pattern, expression)]
        assert known, json.dumps(
            {"series": case.series, "expr": expression, "promtool": expected, "numwatch": got}
        )
        KNOWN_DIFFERENCES.append(expression)


@pytest.mark.timeout(600)
@at_random(2, 12)
@given(batch=st.lists(cases(), min_size=25, max_size=25))
def test_random_expressions_give_what_prometheus_gives(
    batch: list[Case], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "cases.json"
    compare(batch, path, ("0m", "1m", "2m"))


@pytest.mark.timeout(1200)
@at_random(3, 36)
@given(batch=st.lists(range_expressions.cases(), min_size=25, max_size=25))
def test_random_expressions_over_time_give_what_prometheus_gives(
    batch: list[Case], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "cases.json"
    compare(batch, path, ("0m", "3m", "7m", "11m", "5m", "20m30s"))


def test_the_engines_disagree_on_no_more_than_a_handful_of_cases() -> None:
    assert len(DISAGREEMENTS) <= 5
    assert len(set(KNOWN_DIFFERENCES)) <= 5, KNOWN_DIFFERENCES


@pytest.mark.parametrize(
    "query",
    [
        'count_values by (x, y) ("x", c)',
        'sum(c) + count_values ("v", c)',
    ],
)
def test_a_known_disagreement_covers_no_more_than_it_says(query: str) -> None:
    assert not any(re.search(pattern, query) for pattern, _ in DISAGREEMENTS)


def test_the_comparison_notices_a_difference(tmp_path: Path) -> None:
    """The control: other series on one side must not pass as the same."""
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    write_unit_test(one, [Case({"m": "1"}, ["m"])], ("0m",))
    write_unit_test(other, [Case({"m": "2"}, ["m"])], ("0m",))
    assert same(answers(one)[0], ours(one)[0])
    assert not same(answers(one)[0], ours(other)[0])
