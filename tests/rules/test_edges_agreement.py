"""The edges of the language, one by one, as the real promtool has them."""

import json
from pathlib import Path

import pytest

from agent.rules.promql.nodes import Semantics
from agent.rules.unittest.outcome import ExpressionOutcome
from agent.rules.unittest.runner import run_file
from tests.rules import recorded
from tests.rules.expressions import Case
from tests.rules.promtool import answers, key, same, write_unit_test

pytestmark = pytest.mark.integration

SERIES = {
    'same{n="1"}': "0.7x20",
    'same{n="2"}': "0.7x20",
    'same{n="3"}': "0.7x20",
    'odd{n="nan"}': "NaN+0x20",
    'odd{n="inf"}': "Inf+0x20",
    'odd{n="minus"}': "-Inf+0x20",
    'odd{n="zero"}': "0x20",
    'odd{n="some"}': "-7.5x20",
    'huge{n="1"}': "9e307x20",
    'huge{n="2"}': "9e307x20",
    'ramp{n="up", kind="a-b"}': "0+3x20",
    'ramp{n="reset", kind="a-c"}': "0+3x4 0+3x15",
    'ramp{n="gap", kind="b"}': "5 _x6 11 stale _x3 2+1x6",
    'ramp{n="one", kind="d"}': "4",
    'twin_one{n="1"}': "1x20",
    'twin_two{n="1"}': "2x20",
    'wait_bucket{le="0"}': "0+0x20",
    'wait_bucket{le="1"}': "0+2x20",
    'wait_bucket{le="1.0"}': "0+1x20",
    'wait_bucket{le="2"}': "0+1x20",
    'wait_bucket{le="+Inf"}': "0+7x20",
    'wait_bucket{le="many"}': "0+9x20",
    'talk_bucket{le="-1"}': "1x20",
    'talk_bucket{le="1"}': "3x20",
    'talk_bucket{le="+Inf"}': "4x20",
}
OVER_TIME = (
    *("rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets"),
    *("avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time"),
    *("stddev_over_time", "stdvar_over_time", "last_over_time", "present_over_time"),
    "absent_over_time",
)
ONE_BY_ONE = (
    *("abs", "ceil", "floor", "round", "sgn", "sqrt", "exp", "ln", "log2", "log10"),
    *("hour", "minute", "month", "year", "day_of_week", "day_of_month", "days_in_month"),
    *("acosh", "asin", "atanh", "cos", "tanh", "deg", "rad"),
)
AGGREGATED = (
    *("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar"),
    *("topk(2,", "bottomk(9e9,", "quantile(0.25,", "quantile(-1,", "quantile(NaN,"),
    'count_values("v",',
)
EXPRESSIONS = (
    *(f"{name}(ramp[{span}])" for name in OVER_TIME for span in ("4m", "30s", "20m")),
    *(f"{name}(odd)" for name in ONE_BY_ONE),
    *(
        f"{name if '(' in name else f'{name}('} {metric})"
        for name in AGGREGATED
        for metric in ("same", "odd", "ramp", "huge", "none")
        if not (name.startswith(("topk", "sum", "avg", "std")) and metric in {"same", "odd"})
    ),
    *("stddev(same)", "stdvar(same)", "avg(same)", "sum(odd)", "stddev(odd)", "topk(1, odd)"),
    *("clamp(odd, 3, -3)", "clamp(odd, NaN, 1)", "clamp_min(odd, NaN)", "clamp_max(odd, -Inf)"),
    *("round(odd / 7, 0.25)", "round(odd, 0)", "odd % 2", "odd ^ 0", "odd atan2 2", "2 ^ odd"),
    *("odd == odd", "odd != bool odd", "odd > bool -Inf", "-odd", "+odd", "odd / 0", "0 / odd"),
    'absent(none{n="1", m=~"x", n="2", o="p"})',
    'absent({__name__="none", n="1"} offset 5m)',
    'absent_over_time(none{n="1"}[5m:1m])',
    'label_replace(ramp, "m", "$2<${1}>$$$x", "kind", "(.*)-(.*)")',
    'label_replace(ramp, "m", "${k}", "kind", "(?P<k>.*)-b")',
    'label_replace(ramp, "n", "", "n", ".*")',
    'label_replace(ramp, "n-m", "", "n", ".*")',
    'label_replace(ramp, "m", "", "n", "(")',
    'label_replace(same, "n", "x", "n", ".*")',
    'label_replace({__name__=~"twin_.*"}, "__name__", "twin", "n", ".*")',
    'label_join(ramp, "m", "/", "n", "none", "kind")',
    'label_join(ramp, "m-n", "/", "n")',
    'label_join(ramp, "kind", "/")',
    *("histogram_quantile(0.5, wait_bucket)", "histogram_quantile(0.2, talk_bucket)"),
    *("histogram_quantile(0.9, talk_bucket)", "histogram_quantile(NaN, wait_bucket)"),
    *("histogram_quantile(0, talk_bucket)", "histogram_quantile(1.5, wait_bucket)"),
    'histogram_quantile(0.5, talk_bucket{le!="+Inf"})',
    'histogram_quantile(0.5, {__name__=~"(wait|talk)_bucket"})',
    *("histogram_count(ramp)", "histogram_sum(ramp) or same", "histogram_fraction(0, 1, odd)"),
    *("holt_winters(ramp[10m], 0.3, 0.6)", "holt_winters(ramp[10m], 1, 0.6)"),
    *("predict_linear(ramp[10m], 600)", "predict_linear(ramp[10m] @ 300, -60)"),
    *("quantile_over_time(0.3, ramp[10m])", "quantile_over_time(2, ramp[10m])"),
    *("timestamp(ramp)", "timestamp(ramp offset 90s)", "timestamp(-ramp)", "time() - 1e-3"),
    *("scalar(ramp)", 'scalar(ramp{n="up"})', "vector(scalar(none))", "day_of_year()"),
    *("ramp @ -60", "ramp @ 0x78", "ramp @ +60 offset -1m", "sum_over_time(ramp[5m] @ -1)"),
    *("ramp @ 1e300", "ramp offset 60", "rate(ramp[300])", "ramp > 5m", '{"ramp"}', "ramp @ NaN"),
    *("sum_over_time(ramp[5m:50s])", "sum_over_time((ramp + 1)[5m:] offset 31s)"),
    'ramp{n="up"} + on (n) {__name__=~"ramp|same"}',
    "same - on () twin_one",
    "same * on (n) group_left (kind) twin_one",
    "twin_one > on (n) group_right () twin_two",
    "same * on (n) group_left (__name__) twin_one",
    "same < bool on (n) group_left (__name__) twin_one",
    "same > on (n) group_left (__name__, kind) (twin_one * -1)",
    "twin_one < on (n) group_right (__name__) twin_two",
    "same + on (n) group_left (__name__) {__name__=~'twin_(one|three)'}",
    '{__name__=~"twin_.*"} * on (__name__) group_left (__name__) {__name__=~"twin_.*"}',
    '{__name__=~"twin_.*"} * on () group_left () vector(1)',
    '{__name__=~"twin_.*"} > on () group_left (__name__) vector(0)',
    'max by (__name__) (twin_one) + on (__name__) {__name__=~"twin_.*"}',
    '{__name__=~"twin_.*"} + 1',
    '{__name__=~"twin_.*"} > 1',
    'max_over_time({__name__=~"twin_.*"}[2m])',
    'last_over_time({__name__=~"twin_.*"}[2m])',
    'count by (__name__) ({__name__=~"twin_.*|ramp"})',
    *("1 + 2 ^ 3 ^ 2 % 7 * -1", "-2 ^ 2", "1 - - - 1", "Inf - Inf", "7 % -3", "-7 % 3", "1 / -0"),
    *('"text"', "1 == 1", "ramp and 1", "sum(1)", "rate(ramp)", "foo(ramp)", "ramp[5m]", "{}"),
)


def ours(path: Path) -> list[dict[str, float] | str]:
    outcomes, _ = run_file(path, Semantics.TWO)
    return [
        outcome.error or {key(labels): value for labels, value in outcome.got}
        for outcome in outcomes
        if isinstance(outcome, ExpressionOutcome)
    ]


def agree(one: dict[str, float] | str, other: dict[str, float] | str) -> bool:
    """Two errors agree whatever their words, because parsers have words of their own."""
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str)
    return same(one, other)


@pytest.mark.parametrize("time", recorded.TIMES)
def test_the_edges_are_where_prometheus_has_them(time: str, tmp_path: Path) -> None:
    path = tmp_path / "edges.json"
    write_unit_test(path, [Case(SERIES, list(EXPRESSIONS))], (time,))
    theirs = answers(path)
    compared = list(zip(EXPRESSIONS, theirs, ours(path), strict=True))
    assert [one for one in compared if not agree(*one[1:])] == []
    kept = list(zip(EXPRESSIONS, theirs, recorded.read()[time], strict=True))
    assert [one for one in kept if not agree(*one[1:])] == [], "python -m tests.rules.recorded"


def test_equal_values_do_not_deviate_at_all(tmp_path: Path) -> None:
    """Where a mean is rounded, a difference to it would be tiny instead of nothing."""
    path = tmp_path / "equal.json"
    series = {f'm{{n="{place}"}}': "0+1.1x9" for place in range(7)}
    write_unit_test(path, [Case(series, ["stdvar(m)", "stddev(m)"])], ("3m", "9m"))
    assert ours(path) == answers(path) == [{json.dumps({}): 0.0}] * 2


@pytest.mark.parametrize(
    "values",
    [
        *("NaNx3", "-Infx3", "Inf+1x3", "stalex3", "INF", "nAn", "STALE", "_x0", "_ _x2 1", "1x0"),
        *("1+1", "+1x2", "1-1x2", "-1-1x2", "1+-1x2", ".5x2", "5.x2", "1e3+1e2x2", "0x3", "1x1.5"),
        *("_1", "-_", "1,2", "1 # 2", "1_000", "x", "1x", "x3", ""),
    ],
)
def test_series_are_written_as_promtool_reads_them(values: str, tmp_path: Path) -> None:
    path = tmp_path / "notation.json"
    expressions = ["count_over_time(m[9m])", "sum_over_time(m[9m])"]
    write_unit_test(path, [Case({"m": values}, expressions)], ("9m",))
    theirs, mine = answers(path), ours(path)
    assert len(theirs) == len(mine)
    assert all(map(agree, theirs, mine)), (theirs, mine)
