"""The real promtool, and what it says."""

import json
import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.rules.expressions import Case

_GOT = re.compile(r"^ +got: (?P<got>.*)$", re.MULTILINE)
_SAMPLE = re.compile(r"(?P<labels>\{[^}]*\}) (?P<value>[-+\w.]+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ENTRY = re.compile(r"^    expr: ", re.MULTILINE)

Answer = dict[str, float] | str
"""Samples by label set as written, or the error."""


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    binary = shutil.which("promtool")
    if binary is None:
        pytest.skip("promtool is not installed (Debian package prometheus)")
    return subprocess.run(
        [binary, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=100
    )


def write_unit_test(path: Path, cases: Sequence[Case], times: Sequence[str]) -> None:
    """Each expression expects a sample that cannot be, so promtool prints what it got.

    The expressions of a case are evaluated at ``times`` in turn.
    """
    tests = [
        {
            "interval": "1m",
            "input_series": [
                {"series": name, "values": value} for name, value in case.series.items()
            ],
            "promql_expr_test": [
                {
                    "expr": expression,
                    "eval_time": times[place % len(times)],
                    "exp_samples": [{"labels": '{never="there"}', "value": 0}],
                }
                for place, expression in enumerate(case.expressions)
            ],
        }
        for case in cases
    ]
    path.write_text(json.dumps({"rule_files": [], "tests": tests}), encoding="utf-8")


def answers(path: Path) -> list[Answer]:
    """What promtool got for every expression of a file, in order."""
    output = promtool("test", "rules", path).stderr
    starts = [match.start() for match in _ENTRY.finditer(output)]
    ends = [*starts[1:], len(output)][: len(starts)]
    entries = [output[start:end] for start, end in zip(starts, ends, strict=True)]
    return [_answer(entry) for entry in entries]


def _answer(entry: str) -> Answer:
    got = _GOT.search(entry)
    if got is None:
        return entry.partition("err: ")[2].strip()
    samples = _SAMPLE.finditer(got["got"])
    return {key(dict(_LABEL.findall(one["labels"]))): float(one["value"]) for one in samples}


def key(labels: dict[str, str]) -> str:
    return json.dumps(dict(sorted(labels.items())))


def same(one: Answer, other: Answer) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str) and one[:40] == other[:40]
    return one.keys() == other.keys() and all(_close(one[name], other[name]) for name in one)


def _close(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return math.isclose(one, other, rel_tol=1e-9)
