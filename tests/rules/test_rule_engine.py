"""Alerts from evaluation to evaluation, and over restarts."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import Alert
from agent.rules.alert_state import ROOT
from agent.rules.engine import GRACE, RuleEngine
from agent.rules.load import load_rules
from agent.rules.rule import RuleSet
from tests.rules.series import block, up

RULES = """\
groups:
  - name: numbers
    rules:
      - alert: Down
        expr: up == 0
        for: 1m
        labels: {severity: critical}
        annotations: {summary: 'Number {{ $labels.number }} is {{ $value }}'}
"""


@pytest.fixture
def make(tmp_path: Path):
    def engine(text: str = RULES, pace: float = 1.0) -> RuleEngine:
        path = tmp_path / "rules.yml"
        path.write_text(text, encoding="utf-8")
        return RuleEngine(load_rules([path], pace))

    return engine


def states_of(alerts: tuple[Alert, ...]) -> dict[str, tuple[str, float]]:
    return {alert.labels.get("number", ""): (alert.state, alert.active_at) for alert in alerts}


def test_an_alert_is_pending_then_firing_then_gone(make) -> None:
    engine = make()
    assert states_of(engine.evaluate([up(a=0, b=1)], 100)) == {"a": ("pending", 100)}
    assert states_of(engine.evaluate([up(a=0, b=1)], 159)) == {"a": ("pending", 100)}
    (alert,) = engine.evaluate([up(a=0, b=1)], 160)
    assert (alert.state, alert.active_at, alert.fired_at) == ("firing", 100, 160)
    assert alert.labels == {"number": "a", "severity": "critical"}
    assert alert.annotations == {"summary": "Number a is 0"}
    assert engine.evaluate([up(a=1, b=1)], 175) == ()


def test_a_pending_alert_that_vanishes_begins_anew(make) -> None:
    engine = make()
    engine.evaluate([up(a=0)], 100)
    engine.evaluate([up(a=1)], 130)
    assert states_of(engine.evaluate([up(a=0)], 160)) == {"a": ("pending", 160)}


def test_the_pace_divides_every_for(make) -> None:
    engine = make(pace=10)
    engine.evaluate([up(a=0)], 100)
    assert states_of(engine.evaluate([up(a=0)], 106)) == {"a": ("firing", 100)}


def test_an_alert_fires_on_for_as_long_as_keep_firing_for_says(make) -> None:
    engine = make(RULES.replace("for: 1m", "keep_firing_for: 2m"))
    assert states_of(engine.evaluate([up(a=0)], 100)) == {"a": ("firing", 100)}
    assert states_of(engine.evaluate([up(a=1)], 115)) == {"a": ("firing", 100)}
    assert states_of(engine.evaluate([up(a=1)], 234)) == {"a": ("firing", 100)}
    assert engine.evaluate([up(a=1)], 235) == ()


def test_pending_and_firing_survive_a_restart(make) -> None:
    engine = make()
    engine.evaluate([up(a=0)], 100)
    engine.evaluate([up(a=0, b=0)], 160)
    after = make()
    assert after.restore(engine.state()) == 2
    assert states_of(after.alerts()) == {"a": ("firing", 100), "b": ("pending", 160)}
    assert states_of(after.evaluate([up(a=0, b=0)], 220)) == {
        "a": ("firing", 100),
        "b": ("pending", 220),
    }


@pytest.mark.parametrize("moved", [0, 180, 59 * 60, 61 * 60, -180, -59 * 60, -61 * 60])
def test_only_time_with_evaluations_counts_whatever_the_clock_says(make, moved: float) -> None:
    engine, after = make(), make()
    for now in (100, 115, 130):
        engine.evaluate([up(a=0)], now)
    after.restore(engine.state())
    begin = 130 + 15 + moved
    assert states_of(after.evaluate([up(a=0)], begin)) == {"a": ("pending", begin - 30)}
    assert states_of(after.evaluate([up(a=0)], begin + 15))["a"][0] == "pending"
    assert states_of(after.evaluate([up(a=0)], begin + 30))["a"][0] == "firing"


def test_keep_firing_for_counts_the_same_through_a_restart(make) -> None:
    rules = RULES.replace("for: 1m", "keep_firing_for: 2m")
    engine, after = make(rules), make(rules)
    engine.evaluate([up(a=0)], 100)
    engine.evaluate([up(a=1)], 115)
    after.restore(engine.state())
    begin = 130 + 61 * 60
    assert states_of(after.evaluate([up(a=0)], begin)) == {"a": ("firing", 100)}
    assert states_of(after.evaluate([up(a=1)], begin + 15)) == {"a": ("firing", 100)}
    assert states_of(after.evaluate([up(a=1)], begin + 15 + 119)) == {"a": ("firing", 100)}
    assert after.evaluate([up(a=1)], begin + 15 + 120) == ()


def test_other_rules_inherit_the_alerts_of_the_former_ones(make) -> None:
    engine, after = make(), make()
    engine.evaluate([up(a=0)], 100)
    after.inherit(engine)
    assert states_of(after.evaluate([up(a=0)], 160)) == {"a": ("firing", 100)}


def test_no_data_after_a_restart_ends_nothing_for_a_while(make) -> None:
    before, after = make(), make()
    before.evaluate([up(a=0)], 100)
    before.evaluate([up(a=0)], 160)
    after.restore(before.state())
    assert states_of(after.evaluate([], 200)) == {"a": ("firing", 100)}
    assert states_of(after.evaluate([], 200 + GRACE - 1)) == {"a": ("firing", 100)}
    assert after.evaluate([], 200 + GRACE) == ()


def test_an_alert_active_again_after_a_restart_ends_like_any_other(make) -> None:
    before, after = make(), make()
    before.evaluate([up(a=0)], 100)
    after.restore(before.state())
    after.evaluate([up(a=0)], 130)
    assert after.evaluate([up(a=1)], 145) == ()


def test_a_pending_alert_does_not_fire_on_no_data(make) -> None:
    before, after = make(), make()
    before.evaluate([up(a=0)], 100)
    after.restore(before.state())
    assert states_of(after.evaluate([], 200))["a"][0] == "pending"


@pytest.mark.parametrize(
    "content", [b"", b"\x80", b"nonsense", b"\x82\xa7version\x63\xa5rules\x80"]
)
def test_a_state_that_cannot_be_read_is_refused(make, content: bytes) -> None:
    engine = make()
    with pytest.raises(ValueError, match="saved rule state"):
        engine.restore({ROOT: content})
    assert engine.alerts() == ()


@settings(deadline=None)
@given(st.binary(max_size=64))
def test_any_bytes_as_state_are_refused_in_words(content: bytes) -> None:
    with pytest.raises(ValueError, match="saved rule state"):
        RuleEngine(RuleSet(())).restore({ROOT: content})


FAILING = """\
groups:
  - name: numbers
    rules:
      - alert: Broken
        expr: up / on () up == 1
      - alert: Down
        expr: up == 0
"""


def test_a_rule_that_fails_is_reported_keeps_its_alerts_and_stops_no_other(make) -> None:
    engine = make(FAILING)
    assert [alert.name for alert in engine.evaluate([up(a=1)], 100)] == ["Broken"]
    alerts = engine.evaluate([up(a=1, b=0)], 115)
    assert [alert.name for alert in alerts] == ["Broken", "Down"]
    broken, down = engine.health()
    assert broken.error.startswith("found duplicate series for the match group {} on the right")
    assert (broken.ok, down.ok) == (False, True)
    engine.evaluate([up(a=1)], 130)
    assert all(health.ok for health in engine.health())


def test_series_that_become_the_same_alert_fail_the_rule(make) -> None:
    engine = make(RULES.replace("severity: critical", "number: '{{ $value }}'"))
    assert states_of(engine.evaluate([up(a=0)], 100)) == {"0": ("pending", 100)}
    assert states_of(engine.evaluate([up(a=0, b=0)], 115)) == {"0": ("pending", 100)}
    assert "same labelset after applying alert labels" in engine.health()[0].error


def test_labels_are_rendered_before_alerts_are_identified(make) -> None:
    engine = make(RULES.replace("up == 0", "up < 3").replace("critical", "'s{{ $value }}'"))
    engine.evaluate([up(a=0)], 100)
    (alert,) = engine.evaluate([up(a=2)], 115)
    assert (alert.labels["severity"], alert.active_at) == ("s2", 115)


def test_more_alerts_than_the_limit_fail_the_rule(make) -> None:
    engine = make(RULES.replace("name: numbers", "name: numbers\n    limit: 1"))
    assert engine.evaluate([up(a=0, b=0)], 100) == ()
    assert engine.health()[0].error == "exceeded limit of 1 with 2 alerts"


RECORDING = """\
groups:
  - name: numbers
    rules:
      - record: number:down:count
        expr: count(up == 0)
        labels: {team: hotline}
      - alert: Many
        expr: number:down:count{team="hotline"} > 1
"""


def test_a_rule_reads_what_the_rule_before_it_recorded(make) -> None:
    engine = make(RECORDING)
    assert engine.evaluate([up(a=0)], 100) == ()
    (alert,) = engine.evaluate([up(a=0, b=0)], 115)
    assert (alert.labels, alert.value) == ({"team": "hotline"}, 2.0)
    assert engine.evaluate([up(a=1, b=1)], 130) == ()


def test_a_group_with_an_interval_is_evaluated_that_often(make) -> None:
    engine = make(RULES.replace("name: numbers", "name: numbers\n    interval: 1m"))
    engine.evaluate([up(a=0)], 60)
    assert states_of(engine.evaluate([up(a=1)], 75)) == {"a": ("pending", 60)}
    assert engine.evaluate([up(a=1)], 120) == ()


def test_frames_that_differ_but_say_the_same_series_are_one(make) -> None:
    """Two frames of the same labels must meet although they are different objects."""
    engine = make(RULES.replace("up == 0", "up == 0 and other > 5"))
    other = block("other", ("number",), {("b",): 9, ("a",): 7})
    assert states_of(engine.evaluate([up(a=0, c=0), other], 100)) == {"a": ("pending", 100)}


def test_texts_of_series_that_are_gone_are_given_up(make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.rules.engine._SPARE_SYMBOLS", 100)
    engine = make()
    for turn in range(20):
        engine.evaluate([up(**{f"n{turn}_{place}": 0 for place in range(50)})], 100 + turn)
    assert len(engine._live.columns.symbols) < 400
    assert len(engine.alerts()) == 50


TWICE = """\
groups:
  - name: twice
    rules:
      - {record: copied, expr: up}
      - {record: copied, expr: up * 2 or vector(7)}
      - {record: copied, expr: up + 0}
      - {alert: Sum, expr: sum(copied) > 0}
      - {alert: Range, expr: 'sum(sum_over_time(copied[1m])) > 0'}
"""


def test_where_two_rules_record_one_series_the_first_holds(make) -> None:
    engine = make(TWICE)
    for now in (100, 115):
        alerts = engine.evaluate([up(a=1, b=3)], now)
        # 1 and 3 of the first rule, and 7 of the second, which nobody else gives.
        assert [alert.value for alert in alerts] == [11, 11 * (2 if now > 100 else 1)]
    assert [health.error for health in engine.health()] == [
        *("", "duplicate sample for timestamp", "", "", "")
    ]
    assert [alert.value for alert in engine.evaluate([up(b=3)], 130)] == [10, 32]


STEPS = pytest.mark.parametrize("step", [3600.0, -3600.0, 86400.0, -86400.0])


@STEPS
def test_a_wait_goes_on_when_the_clock_is_set(make, step: float) -> None:
    engine = make()
    engine.evaluate([up(a=0)], 200_000)
    engine.evaluate([up(a=0)], 200_030)
    engine.clock_was_set(step)
    now = 200_031 + step
    assert states_of(engine.evaluate([up(a=0)], now)) == {"a": ("pending", 200_000 + step)}
    assert states_of(engine.evaluate([up(a=0)], now + 28)) == {"a": ("pending", 200_000 + step)}
    (alert,) = engine.evaluate([up(a=0)], now + 29)
    assert alert.state == "firing"


@STEPS
def test_what_happened_before_the_clock_was_set_is_not_forgotten(make, step: float) -> None:
    engine = make(
        RULES.replace("up == 0", "sum_over_time(up[1m]) > 2").replace("for: 1m", "for: 0s")
    )
    for second in range(0, 31, 10):
        engine.evaluate([up(a=1)], 200_000 + second)
    engine.clock_was_set(step)
    (alert,) = engine.evaluate([up(a=0)], 200_035 + step)
    assert alert.value == 4
    engine.evaluate([up(a=0)], 200_100 + step)
    assert engine.evaluate([up(a=0)], 200_160 + step) == ()
