"""The edges of the language as promtool answered them once; runs without promtool."""

from pathlib import Path

import pytest

from tests.rules import recorded
from tests.rules.expressions import Case
from tests.rules.promtool import write_unit_test
from tests.rules.test_edges_agreement import EXPRESSIONS, SERIES, agree, ours


@pytest.mark.parametrize("time", recorded.TIMES)
def test_the_edges_are_where_prometheus_had_them(time: str, tmp_path: Path) -> None:
    path = tmp_path / "edges.json"
    write_unit_test(path, [Case(SERIES, list(EXPRESSIONS))], (time,))
    compared = list(zip(EXPRESSIONS, recorded.read()[time], ours(path), strict=True))
    assert [one for one in compared if not agree(*one[1:])] == []
    # Parsers have words of their own; errors of the evaluation are Prometheus'.
    failed = [it for it in compared if isinstance(it[1], str) and "parse error" not in it[1]]
    reworded = [one for one, theirs, mine in failed if mine != theirs]
    assert reworded == ["ramp[5m]"]
    assert len(failed) > len(reworded)
