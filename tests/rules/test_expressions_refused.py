"""What the language refuses, at load and with a reason."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.rules.load import RuleFileError, load_rules
from agent.rules.promql.compile import parse
from agent.rules.promql.errors import RefusedError
from agent.rules.promql.lexer import MAX_LENGTH, MAX_NESTING, MAX_OPERATORS, prepare
from agent.rules.promql.nodes import Selector, Semantics, TimeModifier


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("x[5m]", "a range vector is no result"),
        ("rate(x)", "1:1: expected type matrix in call to function 'rate'"),
        ("1 +\n  info(x)", "2:3: function info is experimental in Prometheus and not supported"),
        ("max_over_time(x[1y:1s])", "1:16: a subquery has at most 11000 steps"),
        ("x + (y @ 1..5)", "1:8: @ 1..5 is no time"),
        ("x @ 33y", "1:3: @ 33y is no time"),
        ("x + x@1.5m", "1:6: @ 1.5m is no time"),
        ("x @ 1e20", "1:3: timestamp out of bounds for @ modifier: 1e20"),
        ("x @ NaN", "1:3: timestamp out of bounds for @ modifier: NaN"),
        ("holt_winters(x[5m], .5, .5)", "1:1: Prometheus 3 calls function holt_winters"),
        ("mad_over_time(x[5m])", "1:1: function mad_over_time is experimental"),
        ('x{a="b" or c="d"}', "1:9: 'or' between label matchers is not PromQL"),
        ("limitk(1, x)", "1:1: aggregation limitk is not supported"),
        ('sort_by_label(x, "a")', "function sort_by_label is experimental"),
        ("foo(x)", "unknown function with name 'foo'"),
        ('x{a=~"("}', "illegal regex"),
        ("1 == 1", "comparisons between scalars must use BOOL modifier"),
        ("", "expression is empty"),
        ("x ==", "invalid promql query"),
        ('{a=""}', "must contain at least one non-empty matcher"),
    ],
)
def test_what_is_not_supported_is_named(expression: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason.replace("(", r"\(")):
        parse(expression)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("rate(x[90])", "1:7: 90 needs a unit in Prometheus 2, such as 90s"),
        ("max_over_time(x[5m:30])", "1:16: 30 needs a unit in Prometheus 2"),
        ("x offset 60", "1:3: 60 needs a unit in Prometheus 2"),
        ("x offset -60", "1:3: 60 needs a unit in Prometheus 2"),
        ("x > 5m", "5m is no number in Prometheus 2"),
        ('{"x"}', "1:1: Prometheus 2 has no names in quotes"),
        ('x{a="b", \'c\'="d"}', "1:2: Prometheus 2 has no names in quotes"),
        ("histogram_avg(x)", "1:1: Prometheus 2 has no function histogram_avg"),
    ],
)
def test_what_only_prometheus_3_understands_is_refused_for_2(expression: str, reason: str) -> None:
    parse(expression, Semantics.THREE)
    with pytest.raises(RefusedError, match=reason):
        parse(expression, Semantics.TWO)


@pytest.mark.parametrize(
    "expression",
    [
        "offset5",
        'x{a="5m", b=~`[5]`} offset 1h30m # 5m',
        "max_over_time(x[ 5m : ] offset -1m)",
        'label_replace(x, "a", "offset 5", "b", "{,\'5m\'}")',
        "x:5m > 0x1D",
    ],
)
def test_what_only_looks_newer_is_not_refused(expression: str) -> None:
    assert parse(expression, Semantics.TWO)


@pytest.mark.parametrize(
    ("time", "milliseconds"),
    [("-5", -5000), ("- 5", -5000), ("+1.5", 1500), ("0x10", 16_000), ("-1e12", -(10**15))],
)
def test_any_time_may_be_selected(time: str, milliseconds: int) -> None:
    assert parse(f"x @ {time} offset 1s") == Selector("x", (), TimeModifier(1000, milliseconds))


@pytest.mark.parametrize(
    "expression",
    [
        "(" * 10_000 + "1" + ")" * 10_000,
        "2^" * 5_000 + "1",
        "1+" * 5_000 + "1",
        "-" * 5_000 + "1",
        "abs(" * 5_000 + "x" + ")" * 5_000,
        "x or " * 3_000 + "x",
    ],
    ids=["parentheses", "powers", "sums", "signs", "calls", "words"],
)
def test_what_would_crash_the_parser_never_reaches_it(expression: str) -> None:
    with pytest.raises(RefusedError, match=r"deep|operators|long"):
        parse(expression)


def test_the_parser_does_crash_without_the_guard() -> None:
    """The control: in a process of its own, the same text ends the process."""
    code = "import promql_parser; promql_parser.parse('1+' * 5000 + '1')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ended.returncode != 0


def test_what_is_just_allowed_is_parsed() -> None:
    parse("(" * MAX_NESTING + "1" + ")" * MAX_NESTING)
    parse("1" + "+1" * MAX_OPERATORS)
    parse(" " * (MAX_LENGTH - 1) + "1")


def test_brackets_and_operators_in_texts_do_not_count() -> None:
    text = "(" * 500 + "+" * 500
    assert prepare(f'x{{a="{text}"}}') == f'x{{a="{text}"}}'


def test_raw_strings_are_understood() -> None:
    assert parse(r"x{a=~`\d+\.5`}") == parse(r'x{a=~"\\d+\\.5"}')
    assert parse('x{a=`say "hi"`}') == parse(r'x{a="say \"hi\""}')


@settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with suppress(RefusedError):
        parse(text)


def test_a_rule_that_asks_native_histograms_would_never_fire(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    rule = "{alert: A, expr: 'histogram_count(x) > 5'}"
    path.write_text(f"groups: [{{name: g, rules: [{rule}]}}]", encoding="utf-8")
    with pytest.raises(RuleFileError, match="1:1: function histogram_count needs native histogr"):
        load_rules([path])
    assert load_rules([path], has_past=True)


def test_keys_are_taken_over_from_other_mappings(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(
        "groups: [{name: g, rules: [{alert: A, expr: x, labels: &one {a: b, c: d}}, "
        "{alert: B, expr: x, labels: &other {<<: *one, a: e}}, "
        "{alert: C, expr: x, labels: {<<: [*other, *one], f: g}}]}]",
        encoding="utf-8",
    )
    rules = load_rules([path]).groups[0].rules
    assert [{name: text.source for name, text in rule.labels.items()} for rule in rules] == [
        {"a": "b", "c": "d"},
        {"a": "e", "c": "d"},
        {"a": "e", "c": "d", "f": "g"},
    ]


def test_a_mapping_that_contains_itself_is_refused_as_by_promtool(tmp_path: Path) -> None:
    path = tmp_path / "rules.yml"
    rule = "{alert: A, expr: x, labels: &own {<<: *own, a: b}}"
    path.write_text(f"groups: [{{name: g, rules: [{rule}]}}]", encoding="utf-8")
    with pytest.raises(RuleFileError, match="1: g/A: labels: contains itself through an alias"):
        load_rules([path])


BROKEN = """\
groups:
  - name: one
    intervall: 5m
    rules:
      - alert: A
        expr: info(x) > 1
        for: 5 minutes
      - alert: B
        expr: x > 1
        labels:
          a-b: c
        annotations:
          summary: '{{ if $value }}x'
      - record: c d
        expr: '"text"'
      - record: e
        expr: x
        for: 1m
      - expr: x
  - name: one
    rules: []
"""


def test_everything_that_is_wrong_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yml"
    path.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(RuleFileError) as refused:
        load_rules([path])
    assert [str(problem).removeprefix(f"{path}:") for problem in refused.value.errors] == [
        "3: one: intervall: is not a known key, did you mean interval?",
        "6: one/A: expr: 1:1: function info is experimental in Prometheus and not supported",
        "7: one/A: for: is not a duration, got 5 minutes; expected a duration such as 30s or 1h30m",
        "11: one/B: labels.a-b: is not a label name",
        "13: one/B: annotations.summary: if has no end",
        "14: one/c d: record: 'c d' is not a metric name",
        "15: one/c d: expr: a rule must give a vector or a scalar, not a text",
        "18: one/e: for: is not allowed in a recording rule",
        "19: one/rules[4]: a rule needs either alert or record",
        "20: one: name: group name 'one' is used twice in this file",
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", ":1: (file): is empty, expected keys and values"),
        (b"groups: [", ":1: (file): ends inside a [ or {, add the ] or }"),
        (b"a: b: c", ":1: (file): has a colon where none can be, check the indentation or"),
        (b"\xff\xfe\x00", ":1: (file): is not UTF-8 text, save the file as UTF-8"),
        (b"- 1", ":1: (file): is a list, expected keys and values"),
        (b"groups: 5", ":1: groups: is text, expected a list"),
        (b"groups:\n  - 5", ":2: groups[0]: is text, expected keys and values"),
        (b"groups: []\ngroups: []", ":2: groups: is given twice, first on line 1, again on line 2"),
        (b"groups: " + b"[" * 3000, ":1: (file): is nested too deeply, expected a few levels"),
    ],
)
def test_files_that_are_no_rule_files_are_refused(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "rules.yml"
    path.write_bytes(content)
    with pytest.raises(RuleFileError) as refused:
        load_rules([path])
    assert reason in str(refused.value)


def test_a_file_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RuleFileError, match="cannot be read: No such file"):
        load_rules([tmp_path / "none.yml"])
