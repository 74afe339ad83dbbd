"""Random instant expressions and series, for comparing the engine with promtool."""

from dataclasses import dataclass

from hypothesis import strategies as st

Draw = st.DrawFn

VALUES = ("0", "1", "-1", "2", "3", "0.5", "-2.5", "7", "1000", "Inf", "-Inf", "NaN")
LABELS = {"x": ("", "a", "b"), "y": ("", "a", "c"), "z": ("", "d")}
METRICS = ("m", "n", "o")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
AGGREGATIONS = ("sum", "min", "max", "avg", "count", "group", "stddev", "stdvar")
FUNCTIONS = ("abs", "ceil", "floor", "round", "sgn", "sqrt", "exp", "ln", "timestamp", "absent")


@dataclass(frozen=True)
class Case:
    """Series (as written, with one value each) and the expressions to evaluate over them."""

    series: dict[str, str]
    expressions: list[str]


@st.composite
def series(draw: Draw) -> dict[str, str]:
    values_of: dict[str, str] = {}
    for metric in METRICS:
        for _ in range(draw(st.integers(0, 4))):
            labels = {name: draw(st.sampled_from(texts)) for name, texts in LABELS.items()}
            inner = ", ".join(f'{name}="{text}"' for name, text in labels.items() if text)
            values_of[f"{metric}{{{inner}}}"] = draw(st.sampled_from(VALUES))
    # topk keeps whichever of equal values comes first, so its metric has none.
    for place, text in enumerate(draw(st.lists(st.sampled_from("abcde"), unique=True))):
        values_of[f'u{{x="{text}", y="{text < "c"}"}}'] = str(place * 3 - 4)
    return values_of or {"m": "1"}


def names(draw: Draw) -> str:
    return ", ".join(draw(st.lists(st.sampled_from([*LABELS, "w"]), unique=True, max_size=3)))


@st.composite
def selector(draw: Draw) -> str:
    operators = st.sampled_from(["=", "!=", "=~", "!~"])
    texts = st.sampled_from(["", "a", "b", "a|b", "a.*", ".+", ".*", "[ab]?", "(?i)A"])
    matchers = draw(
        st.lists(st.tuples(st.sampled_from([*LABELS, "w"]), operators, texts), max_size=2)
    )
    inner = ", ".join(f'{label}{operator}"{text}"' for label, operator, text in matchers)
    metric = draw(st.sampled_from([*METRICS, *METRICS, '{__name__=~"m|n"']))
    if metric.startswith("{"):
        return f"{metric}{', ' if inner else ''}{inner}}}"
    return f"{metric}{{{inner}}}" if inner else metric


@st.composite
def scalar(draw: Draw, depth: int) -> str:
    number = st.sampled_from(["0", "1", "2.5", "-1", "3", "1e3", "Inf", "NaN", "0x10"])
    kind = draw(st.integers(0, 5 if depth else 1))
    if kind <= 1:
        return draw(number)
    if kind == 2:
        return "time()"
    if kind == 3:
        return f"scalar({draw(vector(depth - 1))})"
    left, right = draw(scalar(depth - 1)), draw(scalar(depth - 1))
    if kind == 4:
        return f"({left} {draw(st.sampled_from(ARITHMETIC))} {right})"
    return f"({left} {draw(st.sampled_from(COMPARISONS))} bool {right})"


@st.composite
def vector(draw: Draw, depth: int) -> str:
    if depth <= 0:
        return draw(selector())
    shape = draw(st.sampled_from(SHAPES))
    return shape(draw, depth - 1)


def _selected(draw: Draw, depth: int) -> str:
    return draw(selector())


def _with_scalar(draw: Draw, depth: int) -> str:
    sides = [draw(vector(depth)), draw(scalar(depth))]
    left, right = draw(st.permutations(sides))
    operator = draw(st.sampled_from([*ARITHMETIC, *COMPARISONS]))
    flag = " bool" if operator in COMPARISONS and draw(st.booleans()) else ""
    return f"({left} {operator}{flag} {right})"


def _matched(draw: Draw, depth: int) -> str:
    left, right = draw(vector(depth)), draw(vector(depth))
    operator = draw(st.sampled_from([*ARITHMETIC, *COMPARISONS]))
    flag = " bool" if operator in COMPARISONS and draw(st.booleans()) else ""
    kind = draw(st.sampled_from(["", "on", "ignoring"]))
    matching = f" {kind} ({names(draw)})" if kind else ""
    if kind and draw(st.booleans()):
        side = draw(st.sampled_from(["group_left", "group_right"]))
        # A label cannot be both matched on and taken over.
        matching += f" {side} ({draw(st.sampled_from(['', 'v', 'v', '__name__']))})"
    return f"({left} {operator}{flag}{matching} {right})"


def _combined(draw: Draw, depth: int) -> str:
    left, right = draw(vector(depth)), draw(vector(depth))
    kind = draw(st.sampled_from(["", "on", "ignoring"]))
    matching = f" {kind} ({names(draw)})" if kind else ""
    return f"({left} {draw(st.sampled_from(['and', 'or', 'unless']))}{matching} {right})"


def _aggregated(draw: Draw, depth: int) -> str:
    kind = draw(st.sampled_from(["", "by", "without"]))
    grouping = f" {kind} ({names(draw)})" if kind else ""
    operator = draw(st.sampled_from([*AGGREGATIONS, "quantile", "topk", "bottomk"]))
    if operator == "quantile":
        level = draw(st.sampled_from(["0.5", "0", "1", "0.3", "-1", "2", "NaN"]))
        return f"quantile{grouping} ({level}, {draw(vector(depth))})"
    if operator in {"topk", "bottomk"}:
        return f"{operator}{grouping} ({draw(st.integers(-1, 4))}, u)"
    return f"{operator}{grouping} ({draw(vector(depth))})"


def _called(draw: Draw, depth: int) -> str:
    return f"{draw(st.sampled_from(FUNCTIONS))}({draw(vector(depth))})"


def _clamped(draw: Draw, depth: int) -> str:
    inner, low, high = draw(vector(depth)), draw(scalar(0)), draw(scalar(0))
    return draw(
        st.sampled_from(
            [
                f"clamp({inner}, {low}, {high})",
                f"clamp_min({inner}, {low})",
                f"clamp_max({inner}, {high})",
                f"round({inner}, {low})",
                f"-({inner})",
                f"-{inner}",
                f"vector({low})",
                f"sort_desc({inner})",
            ]
        )
    )


SHAPES = (_selected, _with_scalar, _matched, _combined, _aggregated, _called, _clamped)


@st.composite
def cases(draw: Draw) -> Case:
    expression = st.integers(1, 3).flatmap(vector)
    return Case(draw(series()), draw(st.lists(expression, min_size=4, max_size=4)))
