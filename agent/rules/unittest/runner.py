"""Runs unit-test files: the series step by step, the rules at every step, then the cases.

The order of things is promtool's own: samples up to a step are loaded, every group is
evaluated, alert cases of that step are judged; expressions come last.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from agent.rules.active import FIRING
from agent.rules.alerting import ALERT_NAME
from agent.rules.document import Report
from agent.rules.engine import RuleEngine
from agent.rules.load import RuleFileError, load_rules
from agent.rules.promql.compile import parse
from agent.rules.promql.errors import EvaluationError, RefusedError
from agent.rules.promql.evaluate import as_vector, evaluate
from agent.rules.promql.nodes import Node, Semantics
from agent.rules.rule import RuleSet
from agent.rules.unittest.files import (
    AlertCase,
    ExpectedAlert,
    ExpressionCase,
    TestFile,
    TestGroup,
    read_tests,
)
from agent.rules.unittest.outcome import AlertOutcome, ExpressionOutcome, Outcome, Sample
from agent.rules.unittest.store import Store

_FUZZ = 1e-15


def run_file(path: Path, semantics: Semantics) -> tuple[list[Outcome], list[str]]:
    """The outcome of every case of a file, and warnings about the file."""
    report = Report(str(path))
    tests = read_tests(path, report)
    warnings = [f"no file match pattern {pattern}" for pattern in tests.missing]
    if report.problems:
        return [Outcome("", 0.0, ok=False, error=str(one)) for one in report.problems], warnings
    outcomes: list[Outcome] = []
    for group in tests.tests:
        outcomes.extend(_run_group(group, tests, semantics))
    return outcomes, warnings


def _run_group(group: TestGroup, tests: TestFile, semantics: Semantics) -> list[Outcome]:
    try:
        ruleset = load_rules(
            tests.rule_files, 1.0, semantics, tests.evaluation_interval, has_past=True
        )
    except RuleFileError as error:
        return [Outcome(group.name, 0.0, ok=False, error=str(one)) for one in error.problems]
    return list(_GroupRun(group, tests, ruleset, semantics).outcomes())


class _GroupRun:
    def __init__(
        self, group: TestGroup, tests: TestFile, ruleset: RuleSet, semantics: Semantics
    ) -> None:
        self._group = group
        self._tests = tests
        self._semantics = semantics
        self._store = Store(semantics)
        self._engine = RuleEngine(ruleset, group.external_labels, external_url=group.external_url)
        self._rule_groups = sorted(
            ruleset.groups, key=lambda one: tests.group_order.get(one.name, 0)
        )
        for series in group.series:
            self._store.plan(series.labels, group.interval, series.values)

    def outcomes(self) -> Iterator[Outcome]:
        waiting = sorted(self._group.alerts, key=lambda case: case.time)
        step = self._tests.evaluation_interval
        for place in range(math.floor(self._group.end / step) + 1):
            now = place * step
            failures = self._evaluate(now)
            yield from failures
            if failures:
                return
            while waiting and waiting[0].time < now + step:
                yield self._judge_alert(waiting.pop(0))
        for case in self._group.expressions:
            yield self._judge_expression(case)

    def _evaluate(self, now: float) -> list[Outcome]:
        self._store.load_until(now)
        moment = self._store.at(now)
        for group in self._rule_groups:
            self._engine.run(group, moment, now, moment)
        return [
            Outcome(
                self._group.name,
                now,
                ok=False,
                error=f"rule: {health.rule}, time: {_go_duration(now)}, err: {health.error}",
            )
            for health in self._engine.health()
            if health.error
        ]

    def _judge_alert(self, case: AlertCase) -> Outcome:
        firing = (
            ExpectedAlert({**alert.labels, ALERT_NAME: alert.name}, dict(alert.annotations))
            for alert in self._engine.alerts()
            if alert.name == case.name and alert.state == FIRING
        )
        got, expected = _sorted_alerts(firing), _sorted_alerts(case.expected)
        group, ok = self._group.name, got == expected
        return AlertOutcome(group, case.time, ok, name=case.name, got=got, expected=expected)

    def _judge_expression(self, case: ExpressionCase) -> Outcome:
        error = case.error
        got: tuple[Sample, ...] = ()
        try:
            got = self._query(case)
        except (RefusedError, EvaluationError, ValueError) as wrong:
            error = error or str(wrong)
        expected = _sorted_samples(case.expected)
        return ExpressionOutcome(
            self._group.name,
            case.time,
            ok=not error and _agree(got, expected, fuzzy=self._tests.fuzzy),
            error=error,
            expression=case.expression,
            got=got,
            expected=expected,
        )

    def _parse(self, expression: str) -> Node:
        return parse(expression, self._semantics, self._tests.evaluation_interval)

    def _query(self, case: ExpressionCase) -> tuple[Sample, ...]:
        moment = self._store.at(case.time)
        value = evaluate(self._parse(case.expression), moment, case.time)
        vector = as_vector(value, moment)
        return _sorted_samples(zip(vector.label_sets(), vector.values.tolist(), strict=True))


def _sorted_alerts(alerts: Iterable[ExpectedAlert]) -> tuple[ExpectedAlert, ...]:
    def place(alert: ExpectedAlert) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        return sorted(alert.labels.items()), sorted(alert.annotations.items())

    return tuple(sorted(alerts, key=place))


def _sorted_samples(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    return tuple(sorted(samples, key=lambda sample: sorted(sample[0].items())))


def _agree(got: Sequence[Sample], expected: Sequence[Sample], *, fuzzy: bool) -> bool:
    if not fuzzy:
        return tuple(got) == tuple(expected)
    return len(got) == len(expected) and all(
        one[0] == other[0] and _close(one[1], other[1])
        for one, other in zip(got, expected, strict=True)
    )


def _close(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=_FUZZ)


def _go_duration(seconds: float) -> str:
    """As Go prints a ``time.Duration``: ``1m0s``."""
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    rest = f"{milliseconds:03d}".rstrip("0")
    fraction = f".{rest}" if rest else ""
    if not whole and rest:
        return f"{milliseconds}ms"
    hours, minutes = whole // 3600, whole // 60 % 60
    lead = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return f"{lead}{whole % 60}{fraction}s"
