"""Runs unit-test files: the series step by step, the rules at every step, then the cases.

The order is promtool's: samples up to a step are loaded, every group is evaluated, the alert
cases of that step are compared; expression cases come last.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from agent.rules.active import FIRING
from agent.rules.alerting import ALERT_NAME
from agent.rules.engine import RuleEngine
from agent.rules.load import RuleFileError, load_rules
from agent.rules.promql.compile import parse
from agent.rules.promql.errors import EvaluationError, RefusedError
from agent.rules.promql.evaluate import as_vector, evaluate
from agent.rules.promql.nodes import Semantics
from agent.rules.rule import RuleSet
from agent.rules.unittest.files import (
    AlertCase,
    ExpectedAlert,
    ExpressionCase,
    UnitTest,
    UnitTestFile,
    find_rule_files,
    read_tests,
)
from agent.rules.unittest.outcome import AlertOutcome, ExpressionOutcome, Outcome, Sample
from agent.rules.unittest.storage import Storage
from agent.yamlfile.problems import YamlFileError

_FUZZ = 1e-15
_DEFAULT_INTERVAL = 60.0
"""Seconds between evaluations where the file says nothing (promtool's default)."""


def run_file(path: Path, semantics: Semantics) -> tuple[list[Outcome], list[str]]:
    """The outcome of every case of a file, and warnings about the file."""
    try:
        tests = read_tests(path)
    except YamlFileError as error:
        return _failed("", error), []
    rule_files, unmatched = find_rule_files(path, tests.rule_files)
    outcomes: list[Outcome] = []
    for test in tests.tests:
        outcomes.extend(_run_test(test, tests, rule_files, semantics))
    return outcomes, [f"no file match pattern {pattern}" for pattern in unmatched]


def _failed(test: str, error: YamlFileError) -> list[Outcome]:
    return [Outcome(test, 0.0, ok=False, error=str(mistake)) for mistake in error.errors]


def _run_test(
    test: UnitTest, tests: UnitTestFile, rule_files: list[str], semantics: Semantics
) -> list[Outcome]:
    step = tests.evaluation_interval or _DEFAULT_INTERVAL
    try:
        ruleset = load_rules(rule_files, 1.0, semantics, step, has_past=True)
    except RuleFileError as error:
        return _failed(test.name, error)
    return list(_TestRun(test, tests, ruleset, semantics).outcomes())


class _TestRun:
    """One unit test: its series, its rules, and the cases as their time comes."""

    def __init__(
        self, test: UnitTest, tests: UnitTestFile, ruleset: RuleSet, semantics: Semantics
    ) -> None:
        self._test = test
        self._fuzzy = tests.fuzzy_compare == "true"
        self._step = tests.evaluation_interval or _DEFAULT_INTERVAL
        self._semantics = semantics
        self._storage = Storage(semantics)
        self._engine = RuleEngine(ruleset, test.external_labels, external_url=test.external_url)
        order = {name: place for place, name in enumerate(tests.group_eval_order)}
        self._rule_groups = sorted(ruleset.groups, key=lambda group: order.get(group.name, 0))
        for series in test.input_series:
            self._storage.schedule(series.series, test.interval or self._step, series.values)

    def outcomes(self) -> Iterator[Outcome]:
        """The outcome of every case; after a failed evaluation there are no more."""
        pending = sorted(self._test.alert_rule_test, key=lambda case: case.eval_time)
        for place in range(math.floor(self._test.end / self._step) + 1):
            now = place * self._step
            failures = self._evaluate(now)
            yield from failures
            if failures:
                return
            while pending and pending[0].eval_time < now + self._step:
                yield self._alert_outcome(pending.pop(0))
        for case in self._test.promql_expr_test:
            yield self._expression_outcome(case)

    def _evaluate(self, now: float) -> list[Outcome]:
        self._storage.load_until(now)
        snapshot = self._storage.at(now)
        for group in self._rule_groups:
            self._engine.run(group, snapshot, now, snapshot)
        return [
            Outcome(
                self._test.name,
                now,
                ok=False,
                error=f"rule: {health.rule}, time: {_go_duration(now)}, err: {health.error}",
            )
            for health in self._engine.health()
            if health.error
        ]

    def _alert_outcome(self, case: AlertCase) -> Outcome:
        firing = (
            ExpectedAlert({**alert.labels, ALERT_NAME: alert.name}, dict(alert.annotations))
            for alert in self._engine.alerts()
            if alert.name == case.alertname and alert.state == FIRING
        )
        got, expected = _sorted_alerts(firing), _sorted_alerts(case.expected)
        return AlertOutcome(
            self._test.name,
            case.eval_time,
            got == expected,
            name=case.alertname,
            got=got,
            expected=expected,
        )

    def _expression_outcome(self, case: ExpressionCase) -> Outcome:
        samples, error = case.expected()
        got: tuple[Sample, ...] = ()
        try:
            got = self._query(case)
        except (RefusedError, EvaluationError, ValueError) as reason:
            error = error or str(reason)
        expected = _sorted_samples(samples)
        return ExpressionOutcome(
            self._test.name,
            case.eval_time,
            ok=not error and _agree(got, expected, fuzzy=self._fuzzy),
            error=error,
            expression=case.expr,
            got=got,
            expected=expected,
        )

    def _query(self, case: ExpressionCase) -> tuple[Sample, ...]:
        snapshot = self._storage.at(case.eval_time)
        node = parse(case.expr, self._semantics, self._step)
        vector = as_vector(evaluate(node, snapshot, case.eval_time), snapshot)
        return _sorted_samples(zip(vector.label_sets(), vector.values.tolist(), strict=True))


def _sorted_alerts(alerts: Iterable[ExpectedAlert]) -> tuple[ExpectedAlert, ...]:
    def key(alert: ExpectedAlert) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        return sorted(alert.labels.items()), sorted(alert.annotations.items())

    return tuple(sorted(alerts, key=key))


def _sorted_samples(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    return tuple(sorted(samples, key=lambda sample: sorted(sample[0].items())))


def _agree(got: Sequence[Sample], expected: Sequence[Sample], *, fuzzy: bool) -> bool:
    if not fuzzy:
        return tuple(got) == tuple(expected)
    return len(got) == len(expected) and all(
        labels == other_labels and _close(value, other_value)
        for (labels, value), (other_labels, other_value) in zip(got, expected, strict=True)
    )


def _close(left: float, right: float) -> bool:
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return math.isclose(left, right, rel_tol=_FUZZ)


def _go_duration(seconds: float) -> str:
    """``seconds`` as Go prints a ``time.Duration``: ``1m0s``."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    rest = f"{milliseconds:03d}".rstrip("0")
    fraction = f".{rest}" if rest else ""
    if not whole and rest:
        return f"{milliseconds}ms"
    hours, minutes = whole // 3600, whole // 60 % 60
    lead = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{lead}{whole % 60}{fraction}s"
