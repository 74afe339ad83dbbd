"""Reading promtool's unit-test files, series notation included: ``1 2 _ stale 5x3 0+10x4``."""

import re
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path
from typing import NamedTuple

import promql_parser

from agent.rules.document import Report, Section, read
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.lexer import prepare
from agent.rules.promql.matchers import METRIC_NAME

MAX_SAMPLES = 1_000_000

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?i:inf|nan)"
_ITEM = re.compile(
    rf"(?:(?P<blank>_)|(?P<stale>stale)|(?P<first>[-+]?(?:{_NUMBER})))"
    rf"(?:(?P<sign>[-+])(?P<step>{_NUMBER}))?(?:x(?P<times>\d+))?",
    re.ASCII,
)


class Sample(NamedTuple):
    """One written value; a stale marker says that the series ends here."""

    value: float
    is_stale: bool = False


def parse_values(text: str) -> list[Sample | None]:
    """The samples of a series, one per interval; ``None`` where there is none.

    Raises:
        ValueError: when ``text`` is not series notation.
    """
    if "{{" in text:
        raise ValueError("native histograms ({{...}}) are not supported, write classic buckets")
    samples: list[Sample | None] = []
    for item in text.split():
        found = _ITEM.fullmatch(item)
        if found is None:
            raise ValueError(f"{item!r} is not a value, expected for example 1, _, stale or 0+1x5")
        samples.extend(_expand(found))
        if len(samples) > MAX_SAMPLES:
            raise ValueError(f"more than {MAX_SAMPLES} samples in one series")
    return samples


def _expand(item: re.Match[str]) -> list[Sample | None]:
    times = item["times"]
    if times is not None and not item["step"] and item.group()[-len(times) - 2].isalpha():
        raise ValueError(f"{item.group()!r}: only numbers and _ are repeated, write it out")
    if times is not None and int(times) > MAX_SAMPLES:
        raise ValueError(f"more than {MAX_SAMPLES} samples in one series")
    if item["blank"]:
        if item["step"]:
            raise ValueError("a missing sample cannot be stepped")
        return [None] * (1 if times is None else int(times))
    if item["step"] and times is None:
        raise ValueError(f"{item.group()!r} needs a count, for example {item.group()}x5")
    count = 1 if times is None else int(times) + 1
    if item["stale"]:
        return [Sample(0.0, is_stale=True)] * count
    step = float(item["step"]) if item["step"] else 0.0
    step = -step if item["sign"] == "-" else step
    value, values = float(item["first"]), []
    for _ in range(count):
        values.append(Sample(value))
        value += step
    return list(values)


def parse_metric(text: str) -> dict[str, str]:
    """The labels of a series written as ``name{label="value"}``, the name among them.

    Raises:
        ValueError: when ``text`` is not one series.
    """
    if re.fullmatch(r"\s*\{\s*\}\s*", text):
        return {}
    try:
        tree = promql_parser.parse(prepare(text))
    except (ValueError, RefusedError) as error:
        raise ValueError(f"{text!r} is not a series: {error}") from None
    if not isinstance(tree, promql_parser.VectorSelector):
        raise ValueError(f"{text!r} is not a series")  # noqa: TRY004 - a value, not a type
    labels = {METRIC_NAME: tree.name} if tree.name else {}
    for matcher in tree.matchers.matchers:
        if str(matcher.op) != "MatchOp.Equal":
            raise ValueError(f"{text!r} is not a series: label {matcher.name} needs one value")
        labels[matcher.name] = matcher.value
    return dict(sorted(labels.items()))


_FILE_KEYS = ("rule_files", "evaluation_interval", "group_eval_order", "tests", "fuzzy_compare")
_TEST_KEYS = (
    *("interval", "name", "input_series", "alert_rule_test", "promql_expr_test"),
    *("external_labels", "external_url"),
)
_NUMBERS = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert that has to fire."""

    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass(frozen=True, slots=True)
class AlertCase:
    """What of one alert has to fire at one time."""

    name: str
    time: float
    expected: tuple[ExpectedAlert, ...]


@dataclass(frozen=True, slots=True)
class ExpressionCase:
    """What an expression has to give at one time. ``error`` says what is wrong with the case."""

    expression: str
    time: float
    expected: tuple[tuple[dict[str, str], float], ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class InputSeries:
    """A series with its samples, one per interval."""

    labels: dict[str, str]
    values: tuple[Sample | None, ...]


@dataclass(frozen=True, slots=True)
class TestGroup:
    """Series, and what has to come of them."""

    __test__ = False

    name: str
    interval: float
    series: tuple[InputSeries, ...]
    alerts: tuple[AlertCase, ...]
    expressions: tuple[ExpressionCase, ...]
    external_labels: dict[str, str]
    external_url: str = ""

    @property
    def end(self) -> float:
        """The time of the last case."""
        times = [case.time for case in self.alerts] + [case.time for case in self.expressions]
        return max(times, default=0.0)


@dataclass(frozen=True, slots=True)
class TestFile:
    """One unit-test file."""

    __test__ = False

    rule_files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    """Patterns of rule files that match nothing."""
    evaluation_interval: float = 60.0
    group_order: dict[str, int] = field(default_factory=dict)
    fuzzy: bool = False
    tests: tuple[TestGroup, ...] = ()


def read_tests(path: Path, report: Report) -> TestFile:
    """The tests of a file; what is wrong is in ``report``."""
    document = read(path, report)
    if document is None:
        return TestFile()
    document.expect(_FILE_KEYS)
    interval = document.duration("evaluation_interval", 60.0) or 60.0
    files, missing = _rule_files(path, document.list_of_texts("rule_files"))
    return TestFile(
        rule_files=files,
        missing=missing,
        evaluation_interval=interval,
        group_order=_order(document),
        fuzzy=document.text("fuzzy_compare") == "true",
        tests=tuple(_test(section, interval) for section in document.sections("tests")),
    )


def _rule_files(path: Path, patterns: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found: list[str] = []
    missing: list[str] = []
    for pattern in patterns:
        place = str(path.parent / pattern)
        matches = sorted(glob(place))  # noqa: PTH207 - the pattern may be absolute
        found.extend(matches)
        missing.extend([] if matches else [place])
    return tuple(found), tuple(missing)


def _order(document: Section) -> dict[str, int]:
    order: dict[str, int] = {}
    for place, name in enumerate(document.list_of_texts("group_eval_order")):
        if name in order:
            document.tell(f"group name repeated in evaluation order: {name}", "group_eval_order")
        order[name] = place
    return order


def _test(section: Section, interval: float) -> TestGroup:
    section.where = section.text("name")
    section.expect(_TEST_KEYS)
    return TestGroup(
        name=section.where,
        interval=section.duration("interval", interval) or interval,
        series=tuple(_series(one) for one in section.sections("input_series")),
        alerts=tuple(_alert(one) for one in section.sections("alert_rule_test")),
        expressions=tuple(_expression(one) for one in section.sections("promql_expr_test")),
        external_labels=section.texts("external_labels"),
        external_url=section.text("external_url"),
    )


def _series(section: Section) -> InputSeries:
    section.expect(("series", "values"))
    try:
        labels = parse_metric(section.text("series"))
        return InputSeries(labels, tuple(parse_values(section.text("values"))))
    except ValueError as error:
        section.tell(str(error))
        return InputSeries({}, ())


def _alert(section: Section) -> AlertCase:
    section.expect(("eval_time", "alertname", "exp_alerts"))
    name = section.text("alertname")
    if not name:
        section.tell("an alert_rule_test needs an alertname")
    expected = []
    for one in section.sections("exp_alerts"):
        one.expect(("exp_labels", "exp_annotations"))
        labels = {**one.texts("exp_labels"), "alertname": name}
        expected.append(ExpectedAlert(labels, one.texts("exp_annotations")))
    return AlertCase(name, section.duration("eval_time"), tuple(expected))


def _expression(section: Section) -> ExpressionCase:
    section.expect(("expr", "eval_time", "exp_samples"))
    expected: list[tuple[dict[str, str], float]] = []
    error = ""
    for one in section.sections("exp_samples"):
        one.expect(("labels", "value"))
        try:
            expected.append((parse_metric(one.text("labels")), _value(one)))
        except ValueError as wrong:
            error = str(wrong)
    time = section.duration("eval_time")
    return ExpressionCase(section.text("expr"), time, tuple(expected), error)


def _value(section: Section) -> float:
    text = section.text("value", "0")
    try:
        return float(_NUMBERS.get(text.lower(), text))
    except ValueError:
        section.tell(f"value: {text!r} is not a number", "value")
        return 0.0
