"""Random expressions over time and the series for them, for comparing with promtool."""

from hypothesis import strategies as st

from tests.rules.expressions import ARITHMETIC, COMPARISONS, LABELS, Case, names, scalar

Draw = st.DrawFn

METRICS = ("c", "g", "h")
VALUES = ("0", "1", "-1", "2", "3", "0.5", "-2.5", "7", "1000", "Inf", "-Inf", "NaN")
RANGES = ("1m", "90s", "2m", "3m", "4m30s", "5m", "10m", "20m")
OFFSETS = ("30s", "1m", "2m", "5m", "-1m", "7m")
SIMPLE = (
    *("rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets"),
    *("sum_over_time", "avg_over_time", "min_over_time", "max_over_time", "count_over_time"),
    *("stddev_over_time", "stdvar_over_time", "last_over_time", "present_over_time"),
    "absent_over_time",
)
DATES = (
    *("minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month"),
    *("month", "year"),
)
MATHS = (
    *("abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "sgn", "sin", "cos", "tan"),
    *("asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg", "rad"),
)
AGGREGATIONS = ("sum", "min", "max", "avg", "count", "group", "stddev", "stdvar")


@st.composite
def values(draw: Draw) -> str:
    """Series notation: counters with resets, gauges, gaps, ends."""
    items = draw(st.lists(_item(), min_size=1, max_size=7))
    return " ".join(items)


@st.composite
def _item(draw: Draw) -> str:
    kind = draw(st.integers(0, 9))
    if kind <= 2:
        return draw(st.sampled_from(VALUES))
    if kind <= 5:
        start, step = draw(st.integers(0, 20)), draw(st.sampled_from(["1", "10", "0.3", "0"]))
        return f"{start}+{step}x{draw(st.integers(1, 6))}"
    if kind == 6:
        return f"{draw(st.integers(0, 50))}-{draw(st.sampled_from(['1', '2.5']))}x3"
    if kind == 7:
        return f"_x{draw(st.integers(1, 7))}"
    return draw(st.sampled_from(["_", "stale", "5x3", "_ _"]))


@st.composite
def series(draw: Draw) -> dict[str, str]:
    values_of: dict[str, str] = {}
    for metric in METRICS:
        for _ in range(draw(st.integers(1, 3))):
            labels = {name: draw(st.sampled_from(texts)) for name, texts in LABELS.items()}
            inner = ", ".join(f'{name}="{text}"' for name, text in labels.items() if text)
            values_of[f"{metric}{{{inner}}}"] = draw(values())
    for job in draw(st.lists(st.sampled_from("pq"), unique=True)):
        count = 0
        for bound in draw(st.lists(st.sampled_from(["0", "0.1", "1", "5", "x"]), unique=True)):
            count += draw(st.integers(-1, 9))
            values_of[f'b{{job="{job}", le="{bound}"}}'] = f"{count}+{draw(st.integers(0, 3))}x12"
        values_of[f'b{{job="{job}", le="+Inf"}}'] = f"{count + draw(st.integers(0, 3))}+3x12"
    return values_of


def shift(draw: Draw) -> str:
    kind = draw(st.integers(0, 11))
    if kind <= 1:
        return f" offset {draw(st.sampled_from(OFFSETS))}"
    at = draw(st.sampled_from(["0", "120", "300", "start()", "end()"]))
    if kind == 2:
        return f" @ {at}"
    if kind == 3:
        return f" @ {at} offset {draw(st.sampled_from(OFFSETS))}"
    return ""


def picked(draw: Draw) -> str:
    metric = draw(st.sampled_from([*METRICS, *METRICS, *METRICS, '{__name__=~"c|g"}']))
    if metric.startswith("{"):
        return metric
    matcher = draw(st.sampled_from(["", "", "", '{x="a"}', '{y!="c"}', '{z=~"d|"}', '{x!~"b"}']))
    return metric + matcher


@st.composite
def ranged(draw: Draw, depth: int) -> str:
    """A range vector."""
    if depth > 0 and not draw(st.integers(0, 3)):
        step = draw(st.sampled_from(["", "30s", "1m", "2m", "45s"]))
        inner = draw(vector(depth - 1))
        return f"({inner})[{draw(st.sampled_from(RANGES))}:{step}]{shift(draw)}"
    return f"{picked(draw)}[{draw(st.sampled_from(RANGES))}]{shift(draw)}"


@st.composite
def vector(draw: Draw, depth: int) -> str:
    if depth <= 0:
        return picked(draw) + shift(draw)
    return draw(st.sampled_from(SHAPES))(draw, depth - 1)


def _over_time(draw: Draw, depth: int) -> str:
    return f"{draw(st.sampled_from(SIMPLE))}({draw(ranged(depth))})"


def _with_parameters(draw: Draw, depth: int) -> str:
    inner = draw(ranged(depth))
    level = draw(st.sampled_from(["0.5", "0", "1", "0.3", "-1", "2", "NaN"]))
    seconds = draw(st.sampled_from(["0", "60", "3600", "-30"]))
    factors = draw(st.sampled_from(["0.5, 0.5", "0.1, 0.9", "0.99, 0.01", "1, 0.5", "0.5, 0"]))
    return draw(
        st.sampled_from(
            [
                f"quantile_over_time({level}, {inner})",
                f"predict_linear({inner}, {seconds})",
                f"holt_winters({inner}, {factors})",
            ]
        )
    )


def _mapped(draw: Draw, depth: int) -> str:
    inner = draw(vector(depth))
    name = draw(st.sampled_from([*DATES, *MATHS, "timestamp", "absent", "sort", "sort_desc"]))
    if name in DATES and draw(st.booleans()):
        # A value with a date of its own; what is beyond all calendars has none.
        return f"{name}(clamp(({inner}) * 86400 * 17, -1e9, 4e9) >= -1e9)"
    if name in DATES:
        return f"{name}()"
    return f"{name}({inner})"


def _relabelled(draw: Draw, depth: int) -> str:
    inner = draw(vector(depth))
    target = draw(st.sampled_from(["x", "y", "w", "x", "__name__"]))
    source = draw(st.sampled_from(["x", "y", "w", "", "__name__"]))
    pattern = draw(st.sampled_from(["(.*)", "(a|b)", "a", "(?P<n>.)", ".+", "", "c"]))
    text = draw(st.sampled_from(["$1", "v-$1", "${n}", "", "q", "$1x", "$$", "${1}x"]))
    if draw(st.booleans()):
        return f'label_replace({inner}, "{target}", "{text}", "{source}", "{pattern}")'
    sources = draw(st.lists(st.sampled_from(["x", "y", "z", "w"]), max_size=3))
    tail = "".join(f', "{name}"' for name in sources)
    return f'label_join({inner}, "{target}", "{draw(st.sampled_from(["-", "", ","]))}"{tail})'


def _aggregated(draw: Draw, depth: int) -> str:
    inner = draw(vector(depth))
    kind = draw(st.sampled_from(["", "by", "without"]))
    grouping = f" {kind} ({names(draw)})" if kind else ""
    name = draw(st.sampled_from([*AGGREGATIONS, "quantile", "count_values", "count_values"]))
    if name == "count_values" and draw(st.integers(0, 9)):
        # A computed value differs in its last digit at times, and then the label does, too.
        inner = picked(draw) + shift(draw)
    first = {"quantile": "0.4, ", "count_values": f'"{draw(st.sampled_from("vx"))}", '}
    return f"{name}{grouping} ({first.get(name, '')}{inner})"


def _matched(draw: Draw, depth: int) -> str:
    left, right = draw(vector(depth)), draw(vector(depth))
    operator = draw(st.sampled_from([*ARITHMETIC, *COMPARISONS, "and", "or", "unless"]))
    matching = draw(st.sampled_from(["", "", " on (x)", " ignoring (z)", " on (x, y)"]))
    return f"({left} {operator}{matching} {right})"


def _with_scalar(draw: Draw, depth: int) -> str:
    operator = draw(st.sampled_from([*ARITHMETIC, *COMPARISONS]))
    return f"({draw(vector(depth))} {operator} {draw(scalar(0))})"


def _histogram(draw: Draw, _depth: int) -> str:
    level = draw(st.sampled_from(["0.5", "0.9", "0", "1", "0.3", "-1", "2", "NaN"]))
    inner = draw(
        st.sampled_from(
            [
                *("b", "rate(b[5m])", "sum by (le) (b)", "sum by (job, le) (increase(b[3m]))"),
                *("c", '{__name__=~"b|c"}', "b offset 2m"),
            ]
        )
    )
    return f"histogram_quantile({level}, {inner})"


SHAPES = (
    *(_over_time, _over_time, _over_time, _with_parameters, _mapped, _relabelled),
    *(_aggregated, _matched, _with_scalar, _histogram),
)


@st.composite
def cases(draw: Draw) -> Case:
    expression = st.integers(1, 3).flatmap(vector)
    return Case(draw(series()), draw(st.lists(expression, min_size=4, max_size=4)))
