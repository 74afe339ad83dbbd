from hypothesis import given
from hypothesis import strategies as st

from agent.polling.schedule import (
    Rotation,
    batches,
    first_delay,
    next_tick,
    resumed_delay,
    slice_size,
    start_span,
)

JITTER = st.floats(0, 1)
NUMBERS = st.sets(st.text("0123456789", min_size=1, max_size=4), min_size=1).map(sorted)


@given(st.floats(0, 1e6), st.floats(0.05, 1e4), st.floats(0, 1e6))
def test_the_next_tick_is_after_now_on_the_grid_and_at_most_one_interval_away(anchor, step, wait):
    now = anchor + wait
    tick = next_tick(anchor, step, now)
    assert now < tick <= now + step * 1.001 + 1e-6
    steps = (tick - anchor) / step
    assert abs(steps - round(steps)) < 1e-4


@given(st.floats(0.05, 1e5), JITTER, JITTER, st.floats(0, 1e5))
def test_after_a_change_of_hands_polls_are_at_most_two_intervals_apart(interval, part, away, first):
    """Unless whoever had it was away for longer than half of one."""
    given_back = part * interval
    taken = given_back + away * interval / 2
    next_poll = taken + resumed_delay(0.0, interval, taken, min(first, interval))
    assert next_poll <= 2 * interval * (1 + 1e-9)
    if taken < interval:
        assert abs(next_poll - interval) < 1e-6 * interval, "it keeps the rhythm"


def test_what_nobody_has_polled_begins_as_if_it_were_new():
    assert resumed_delay(None, 60.0, 1000.0, 3.0) == 3.0
    assert resumed_delay(5000.0, 60.0, 1000.0, 3.0) == 3.0, "a time that cannot be"


@given(st.lists(JITTER, min_size=200, max_size=200), st.floats(5, 3600))
def test_two_hundred_accounts_start_spread_over_most_of_the_interval(jitters, interval):
    delays = [first_delay(i, 200, interval, jitter) for i, jitter in enumerate(jitters)]
    assert crowding(delays, interval) == ""


def crowding(delays, interval):
    """What is wrong with the first polls of two hundred accounts; empty where they are spread."""
    if max(delays) - min(delays) < 0.8 * interval:
        return "in a part of the interval"
    if max(delays) > interval:
        return "later than the interval"
    crowd = max(sum(d <= other < d + interval / 20 for other in delays) for d in delays)
    return "many at once" if crowd > 200 / 20 + 2 else ""


def test_accounts_that_start_at_once_would_be_noticed():
    assert crowding([0.0] * 200, 60) == "in a part of the interval"
    assert crowding([0.0] * 199 + [60.0], 60) == "many at once"
    assert crowding([place * 0.6 for place in range(200)], 60) == "later than the interval"


@given(st.integers(1, 20), st.data())
def test_a_small_configuration_has_polled_everything_within_two_seconds(accounts, data):
    interval = data.draw(st.floats(0.05, 3600))
    for index in range(accounts):
        assert 0 <= first_delay(index, accounts, interval, data.draw(JITTER)) <= min(interval, 2)


@given(st.integers(1, 1000), st.floats(5, 3600))
def test_more_accounts_never_start_in_less_time(accounts, interval):
    assert start_span(accounts, interval) <= start_span(accounts + 1, interval) + 1e-9
    assert start_span(accounts, interval) <= interval


@given(NUMBERS, st.integers(1, 30))
def test_every_number_is_polled_once_before_any_is_polled_again(numbers, count):
    rotation, polled = Rotation(), []
    while len(polled) < len(numbers):
        portion = rotation.next_numbers(numbers, count)
        assert len(portion) == min(count, len(numbers))
        polled += portion
        rotation.advance(portion[-1])
    assert sorted(polled[: len(numbers)]) == numbers


@given(NUMBERS, st.integers(1, 5), st.data())
def test_the_position_survives_when_numbers_come_and_go(numbers, count, data):
    rotation = Rotation()
    portion = rotation.next_numbers(numbers, count)
    rotation.advance(portion[-1])
    listed = sorted(data.draw(st.sets(st.sampled_from(numbers), min_size=1)))
    following = [number for number in listed if number > portion[-1]] or listed
    first = following[0] if len(listed) > 1 else listed[0]
    assert rotation.next_numbers(listed, 1)[0] == first


@given(st.lists(st.integers()), st.integers(1, 10))
def test_batches_are_the_whole_in_order(items, size):
    assert [item for batch in batches(items, size) for item in batch] == items


def test_a_slice_is_what_half_of_the_rate_can_do_in_the_time():
    assert slice_size(rate=50, timeout=30) == 750
    assert slice_size(rate=0.1, timeout=1) == 1
