"""Backoff and rate limits, whatever comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.sinks.base import RateLimit
from agent.sinks.pacing import RateBudget, backoff
from tests.sinks.sections import webhook_section


def test_waits_double_up_to_the_longest_and_spread_by_a_tenth() -> None:
    policy = webhook_section("http://x/", retry_first=5, retry_longest=60)
    assert [backoff(n, policy, 0.5) for n in (1, 2, 3, 4, 5, 500)] == [5, 10, 20, 40, 60, 60]
    assert backoff(1, policy, 0.0) == pytest.approx(4.5)
    assert backoff(1, policy, 1.0) == pytest.approx(5.5)


@given(
    waits=st.lists(st.floats(0, 30), max_size=80),
    limits=st.lists(st.tuples(st.integers(1, 5), st.sampled_from([1.0, 10.0, 60.0])), min_size=1),
)
def test_no_period_ever_has_more_deliveries_than_its_limit(
    waits: list[float], limits: list[tuple[int, float]]
) -> None:
    allowed = [RateLimit(*limit) for limit in limits]
    budget, now, sent = RateBudget(allowed), 1000.0, []
    for wait in waits:
        now += max(wait, budget.wait(now))
        assert budget.wait(now) <= 1e-6
        budget.record(now)
        sent.append(now)
    for limit in allowed:
        for end in sent:
            inside = [at for at in sent if end - limit.seconds < at <= end]
            assert len(inside) <= limit.count


def test_a_clock_that_is_set_back_holds_nothing_up_for_longer_than_its_period() -> None:
    budget = RateBudget([RateLimit(1, 60.0)])
    budget.record(10_000.0)
    assert budget.wait(1000.0) <= 61.0
