"""What the running engine remembers: as much as its rules look back for."""

from pathlib import Path

import numpy as np
import pytest

from agent.rules.engine import RuleEngine
from agent.rules.history import LOOKBACK, retention_of
from agent.rules.load import RuleFileError, load_rules
from agent.rules.promql.compile import parse
from exporters.block import Block, Frame
from exporters.family import Family
from tests.rules.series import block, up

RULES = """\
groups:
  - name: numbers
    rules:
      - alert: Seen
        expr: {expression}
"""


@pytest.fixture
def make(tmp_path: Path):
    def engine(expression: str, more: str = "") -> RuleEngine:
        path = tmp_path / "rules.yml"
        path.write_text(RULES.format(expression=expression) + more, encoding="utf-8")
        return RuleEngine(load_rules([path]))

    return engine


def values(engine: RuleEngine) -> dict[str, float]:
    assert [health.error for health in engine.health() if health.error] == []
    alerts = (alert for alert in engine.alerts() if alert.name == "Seen")
    return {alert.labels.get("number", ""): alert.value for alert in alerts}


def calls(**counts: float) -> Block:
    return block("calls", ("number",), {(name,): value for name, value in counts.items()})


@pytest.mark.parametrize(
    ("expression", "retention"),
    [
        ("x", {}),
        ("x and y > 1", {}),
        ("rate(x[5m]) + y", {"x": 300_000}),
        ("rate(x[5m] offset 1h)", {"x": 3_900_000}),
        ("x offset 1h", {"x": 3_600_000 + LOOKBACK}),
        ("x offset -1m", {"x": LOOKBACK}),
        ("max_over_time(rate(x[5m])[1h:1m])", {"x": 3_900_000}),
        ("max_over_time(x[1h:1m] offset 1h)", {"x": 7_200_000 + LOOKBACK}),
        ("rate(x[5m]) + rate(x[1m])", {"x": 300_000}),
        ('rate({job="a"}[5m])', {"": 300_000}),
        ("max_over_time((x @ end())[1h:1m])", {"x": LOOKBACK}),
    ],
)
def test_retention_is_what_rules_look_back_for(expression: str, retention: dict[str, int]) -> None:
    assert retention_of([parse(expression)]) == retention


def test_a_counter_rises_over_a_range_through_a_reset(make) -> None:
    engine = make("increase(calls[1m]) > 0")
    for tick, count in enumerate([100, 110, 5, 15, 25]):
        engine.evaluate([calls(a=count, b=7)], 1000 + 15 * tick)
    # Left-open: the first sample is out, and 110 to 25 with a reset is 25 in 45 seconds.
    assert values(engine) == {"a": pytest.approx(25 * 60 / 45)}


def test_what_was_absent_is_a_gap_and_no_zero(make) -> None:
    engine = make("count_over_time(calls[2m]) < 5 or changes(calls[2m]) > 0")
    for tick in range(5):
        blocks = [] if tick == 2 else [calls(a=1, b=tick)] if tick != 3 else [calls(a=1)]
        engine.evaluate(blocks, 1000 + 15 * tick)
    assert values(engine) == {"a": 4.0, "b": 3.0}


def test_a_series_keeps_its_past_when_others_come_and_go(make) -> None:
    """Other frames, other order, other label names: the same label set is the same series."""
    engine = make("sum_over_time(calls[2m])")
    engine.evaluate([calls(a=1)], 1000)
    engine.evaluate([calls(b=10, a=2)], 1015)
    labelled = block("calls", ("number", "kind"), {("a", ""): 4.0, ("b", "x"): 100.0})
    engine.evaluate([labelled], 1030)
    sums = {tuple(alert.labels.values()): alert.value for alert in engine.alerts()}
    assert sums == {("a",): 7.0, ("b",): 10.0, ("x", "b"): 100.0}


def test_an_offset_looks_at_the_tick_of_then(make) -> None:
    engine = make("calls - calls offset 30s")
    for tick in range(4):
        engine.evaluate([calls(a=tick * tick)], 1000 + 15 * tick)
    assert values(engine) == {"a": 8.0}


def test_a_sample_that_was_absent_then_does_not_stand_for_then(make) -> None:
    engine = make("calls offset 15s")
    engine.evaluate([calls(a=1)], 1000)
    engine.evaluate([], 1015)
    engine.evaluate([calls(a=1)], 1030)
    assert values(engine) == {}
    engine.evaluate([calls(a=1)], 1045)
    assert values(engine) == {"a": 1.0}


def test_a_subquery_goes_through_the_past(make) -> None:
    engine = make("max_over_time((calls * 2)[1m:15s])")
    for tick, count in enumerate([50, 9, 3, 1, 1]):
        engine.evaluate([calls(a=count)], 1005 + 15 * tick)
    assert values(engine) == {"a": 18.0}


RECORDED = """\
      - record: calls:total
        expr: sum(calls)
"""


def test_what_rules_record_has_a_past_too(make) -> None:
    engine = make("sum_over_time(calls:total[1m])", RECORDED)
    for tick in range(3):
        engine.evaluate([calls(a=tick, b=10)], 1000 + 15 * tick)
    # The rule comes before the recording: it sees what was recorded up to the tick before.
    assert values(engine) == {"": 21.0}


def test_alerts_are_series_that_rules_read(make, tmp_path: Path) -> None:
    first = RULES.format(expression="up == 0").replace("Seen", "Down")
    rest = """\
      - alert: Seen
        expr: count by (number) (ALERTS{alertname="Down"}) and on (number) ALERTS_FOR_STATE
      - alert: Long
        expr: count_over_time(ALERTS{alertname="Down"}[1m]) >= 3
"""
    path = tmp_path / "alerts.yml"
    path.write_text(first + rest, encoding="utf-8")
    engine = RuleEngine(load_rules([path]))
    for tick in range(3):
        engine.evaluate([up(a=0, b=1)], 1000 + 15 * tick)
        assert values(engine) == {"a": 1.0}
    assert [alert.labels["number"] for alert in engine.alerts() if alert.name == "Long"] == ["a"]


def test_unchanged_series_are_in_memory_once_and_old_ticks_are_let_go(make) -> None:
    engine = make("changes(calls[1m]) > 0")
    numbers = [str(place) for place in range(1000)]
    frame = Frame.of(("number",), [numbers])
    family = Family("calls", "counter", "help", ("number",))
    for tick in range(200):
        same = np.arange(1000.0)
        engine.evaluate([Block(family, frame, same)], 1000 + 15 * tick)
        assert engine.history_bytes() == same.nbytes
    for tick in range(200, 220):
        engine.evaluate([Block(family, frame, np.arange(1000.0) + tick)], 1000 + 15 * tick)
    assert engine.history_bytes() == 5 * 8 * 1000
    assert len(engine.alerts()) == 1000


def test_nothing_is_stored_for_rules_without_ranges_and_offsets(make) -> None:
    engine = make("calls > 0")
    engine.evaluate([calls(a=1)], 1000)
    assert engine.history_bytes() == 0


def test_the_past_outlives_a_reload(make) -> None:
    before, after = make("sum_over_time(calls[1m])"), make("sum_over_time(calls[2m]) > 0")
    before.evaluate([calls(a=1)], 1000)
    before.evaluate([calls(a=2)], 1015)
    after.inherit(before)
    after.evaluate([calls(a=4)], 1030)
    assert values(after) == {"a": 7.0}


def test_the_past_outlives_new_codes_for_texts(make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.rules.engine._SPARE_SYMBOLS", 10)
    engine = make("last_over_time(calls:total[5m]) + 0 * time() > 0", RECORDED)
    for tick in range(30):
        names = {f"n{tick}_{place}": 1.0 for place in range(20)}
        engine.evaluate([calls(**names)], 1000 + 15 * tick)
        if tick:
            assert values(engine) == {"": 20.0}


def test_a_certain_moment_is_refused_in_rules(make) -> None:
    with pytest.raises(RuleFileError, match=r"rules.yml:5: numbers/Seen: expr: 1:7: @ with a time"):
        make("calls @ 1700000000 > 0")
    make("calls @ end() > 0")
