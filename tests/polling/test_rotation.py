from hypothesis import given
from hypothesis import strategies as st

from agent.polling.rotation import Rotation, batches, slice_size

NUMBERS = st.sets(st.text("0123456789", min_size=1, max_size=4), min_size=1).map(sorted)


@given(NUMBERS, st.integers(1, 30))
def test_every_number_has_its_turn_once_before_any_comes_again(numbers, count):
    rotation, turns = Rotation(), []
    while len(turns) < len(numbers):
        taken = rotation.take(numbers, count)
        assert len(taken) == min(count, len(numbers))
        turns += taken
        rotation.done(taken[-1])
    assert sorted(turns[: len(numbers)]) == numbers


@given(NUMBERS, st.integers(1, 5), st.data())
def test_it_keeps_its_place_when_numbers_come_and_go(numbers, count, data):
    rotation = Rotation()
    taken = rotation.take(numbers, count)
    rotation.done(taken[-1])
    kept = sorted(data.draw(st.sets(st.sampled_from(numbers), min_size=1)))
    following = [number for number in kept if number > taken[-1]] or kept
    assert rotation.take(kept, 1)[0] == (following[0] if len(kept) > 1 else kept[0])


@given(st.lists(st.integers()), st.integers(1, 10))
def test_batches_are_the_whole_in_order(items, size):
    assert [item for batch in batches(items, size) for item in batch] == items


def test_a_slice_is_what_half_of_the_rate_can_do_in_the_time():
    assert slice_size(rate=50, timeout=30) == 750
    assert slice_size(rate=0.1, timeout=1) == 1
