"""promtool's unit-test files, series notation included: ``1 2 _ stale 5x3 0+10x4``."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import promql_parser
from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, WithJsonSchema

from agent.rules.document import (
    Duration,
    Section,
    Texts,
    location,
    name_at,
    read_document,
    validate,
)
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.lexer import prepare
from agent.rules.promql.matchers import METRIC_NAME
from agent.yamlfile.paths import KeyPath, key_text
from agent.yamlfile.problems import YamlFileError, locate

MAX_SAMPLES = 1_000_000

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?i:inf|nan)"
_ITEM = re.compile(
    rf"(?:(?P<blank>_)|(?P<stale>stale)|(?P<first>[-+]?(?:{_NUMBER})))"
    rf"(?:(?P<sign>[-+])(?P<step>{_NUMBER}))?(?:x(?P<times>\d+))?",
    re.ASCII,
)
_YAML_NUMBERS = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}


class Sample(NamedTuple):
    """One sample of an input series; a stale marker ends the series."""

    value: float
    is_stale: bool = False


def parse_values(text: str) -> tuple[Sample | None, ...]:
    """The samples of a series, one per interval; ``None`` where there is none.

    Raises:
        ValueError: when ``text`` is not series notation.
    """
    if "{{" in text:
        raise ValueError("native histograms ({{...}}) are not supported, write classic buckets")
    samples: list[Sample | None] = []
    for item in text.split():
        match = _ITEM.fullmatch(item)
        if match is None:
            raise ValueError(f"{item!r} is not a value, expected for example 1, _, stale or 0+1x5")
        samples.extend(_expand(match))
        if len(samples) > MAX_SAMPLES:
            raise ValueError(f"more than {MAX_SAMPLES} samples in one series")
    return tuple(samples)


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


def parse_series(text: str) -> dict[str, str]:
    """The labels of a series written as ``name{label="value"}``, the metric's name among them.

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


def _from_text(parse: Callable[[str], Any], expected: str) -> tuple[PlainValidator, WithJsonSchema]:
    """A field that is a text in the file and what ``parse`` makes of it in the model."""

    def validate_text(value: object) -> Any:
        if not isinstance(value, str):
            raise ValueError("is not text")  # noqa: TRY004 - pydantic expects a ValueError
        return parse(value)

    schema = {"type": "string", "x-expected": expected, "x-private": True}
    return PlainValidator(validate_text), WithJsonSchema(schema)


def _number(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return float(_YAML_NUMBERS.get(value.lower(), value))
    except ValueError:
        raise ValueError("is not a number") from None


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("is empty")
    return text


def _without_repetition(names: list[str]) -> list[str]:
    repeated = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if repeated is not None:
        raise ValueError(f"group name repeated in evaluation order: {repeated}")
    return names


class InputSeries(Section):
    """A series with its samples, one per interval."""

    series: Annotated[dict[str, str], *_from_text(parse_series, 'a series such as up{job="a"}')]
    values: Annotated[
        tuple[Sample | None, ...], *_from_text(parse_values, "values such as 1 _ stale 0+1x5")
    ] = ()


@dataclass(frozen=True, slots=True)
class ExpectedAlert:
    """An alert that must fire."""

    labels: dict[str, str]
    annotations: dict[str, str]


class _AlertSection(Section):
    exp_labels: Texts = Field(default_factory=dict)
    exp_annotations: Texts = Field(default_factory=dict)


class AlertCase(Section):
    """The alerts of one name that must fire at one time."""

    alertname: Annotated[str, AfterValidator(_not_empty)]
    eval_time: Duration = 0.0
    exp_alerts: list[_AlertSection] = Field(default_factory=list)

    @property
    def expected(self) -> tuple[ExpectedAlert, ...]:
        """The alerts that must fire, with the label ``alertname``."""
        return tuple(
            ExpectedAlert({**alert.exp_labels, "alertname": self.alertname}, alert.exp_annotations)
            for alert in self.exp_alerts
        )


class ExpectedSample(Section):
    """A sample that an expression must give; ``labels`` is written as a series."""

    labels: str = ""
    value: Annotated[float, BeforeValidator(_number)] = 0.0


class ExpressionCase(Section):
    """The samples that an expression must give at one time."""

    expr: str = ""
    eval_time: Duration = 0.0
    exp_samples: list[ExpectedSample] = Field(default_factory=list)

    def expected(self) -> tuple[list[tuple[dict[str, str], float]], str]:
        """The samples, and why a label set among them cannot be read, else an empty text."""
        samples, error = [], ""
        for sample in self.exp_samples:
            try:
                samples.append((parse_series(sample.labels), sample.value))
            except ValueError as reason:
                error = str(reason)
        return samples, error


class UnitTest(Section):
    """Input series, and the alerts and samples that must come of them."""

    name: str = ""
    interval: Duration = 0.0
    input_series: list[InputSeries] = Field(default_factory=list)
    alert_rule_test: list[AlertCase] = Field(default_factory=list)
    promql_expr_test: list[ExpressionCase] = Field(default_factory=list)
    external_labels: Texts = Field(default_factory=dict)
    external_url: str = ""

    @property
    def end(self) -> float:
        """The time of the last case, in seconds."""
        times = [case.eval_time for case in self.alert_rule_test]
        times += [case.eval_time for case in self.promql_expr_test]
        return max(times, default=0.0)


class UnitTestFile(Section):
    """One unit-test file."""

    rule_files: list[str] = Field(default_factory=list)
    evaluation_interval: Duration = 0.0
    group_eval_order: Annotated[list[str], AfterValidator(_without_repetition)] = Field(
        default_factory=list
    )
    fuzzy_compare: str = ""
    tests: list[UnitTest] = Field(default_factory=list)


def read_tests(path: Path) -> UnitTestFile:
    """The tests of a file.

    Raises:
        YamlFileError: with every mistake of the file.
    """
    document = read_document(path)
    tests, problems = validate(UnitTestFile, document)
    if tests is None or problems:

        def name(path: KeyPath) -> str:
            if path[:1] == ("tests",) and len(path) > 1:
                return location(name_at(document.data, path[:2], "name"), path[2:])
            return key_text(path)

        raise YamlFileError(locate(str(path), problems, document.lines, name))
    return tests


def find_rule_files(path: Path, patterns: list[str]) -> tuple[list[str], list[str]]:
    """The files that ``patterns`` match, relative to ``path``, and the patterns without a match."""
    files: list[str] = []
    unmatched: list[str] = []
    for pattern in patterns:
        absolute = str(path.parent / pattern)
        matches = sorted(glob(absolute))  # noqa: PTH207 - the pattern may be absolute
        files.extend(matches)
        unmatched.extend([] if matches else [absolute])
    return files, unmatched
