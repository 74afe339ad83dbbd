from hypothesis import given
from hypothesis import strategies as st

from agent.polling.schedule import first_delay, next_tick, start_span

CHANCE = st.floats(0, 1)


@given(st.floats(0, 1e6), st.floats(0.05, 1e4), st.floats(0, 1e6))
def test_the_next_tick_is_after_now_on_the_grid_and_at_most_one_interval_away(anchor, step, wait):
    now = anchor + wait
    tick = next_tick(anchor, step, now)
    assert now < tick <= now + step * 1.001 + 1e-6
    turns = (tick - anchor) / step
    assert abs(turns - round(turns)) < 1e-4


@given(st.lists(CHANCE, min_size=200, max_size=200), st.floats(5, 3600))
def test_two_hundred_accounts_start_spread_over_most_of_the_interval(chances, interval):
    delays = [first_delay(i, 200, interval, chance) for i, chance in enumerate(chances)]
    assert max(delays) - min(delays) >= 0.8 * interval
    assert max(delays) <= interval
    crowd = max(sum(d <= other < d + interval / 20 for other in delays) for d in delays)
    assert crowd <= 200 / 20 + 2


@given(st.integers(1, 20), st.data())
def test_a_small_configuration_has_asked_everything_within_two_seconds(accounts, data):
    interval = data.draw(st.floats(0.05, 3600))
    for index in range(accounts):
        assert 0 <= first_delay(index, accounts, interval, data.draw(CHANCE)) <= min(interval, 2)


@given(st.integers(1, 1000), st.floats(5, 3600))
def test_more_accounts_never_start_in_less_time(accounts, interval):
    assert start_span(accounts, interval) <= start_span(accounts + 1, interval) + 1e-9
    assert start_span(accounts, interval) <= interval
