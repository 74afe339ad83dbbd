"""promtool's series notation: ``1 2 _ stale 5x3 0+10x4``."""

import re
from typing import NamedTuple

import promql_parser

from agent.rules.promql.matchers import METRIC_NAME
from agent.rules.promql.refusal import RefusedError
from agent.rules.promql.scan import prepare

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
