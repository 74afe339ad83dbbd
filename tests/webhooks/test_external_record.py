"""A source's words are ordered by their own times, whatever order they arrive in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.webhooks.alertmanager.record import LATE, Outcome, Record, Standing, Trust, merge
from agent.webhooks.alertmanager.source_alert import SourceAlert
from tests.webhooks.conftest import FOREIGN, START

CONFIRMED = Trust(confirmed_later=True)


def word(start: float, end: float | None = None) -> SourceAlert:
    return SourceAlert("f", FOREIGN, {}, firing=end is None, starts_at=start, ends_at=end)


def heard(words: list[tuple[SourceAlert, float]], trust: Trust = Trust()) -> Record | None:  # noqa: B008 - it is frozen
    record: Record | None = None
    for one, now in words:
        record, _outcome = merge(record, one, trust, now)
    return record


EPISODES = st.lists(st.tuples(st.floats(1, 100), st.floats(1, 100)), min_size=1, max_size=4)


def story(episodes: list[tuple[float, float]], *, ends: bool) -> list[SourceAlert]:
    """Firings and resolves one after the other; the last one stands or not."""
    now, words = START, []
    for lasts, pause in episodes:
        words += [word(now), word(now, now + lasts)]
        now += lasts + pause
    return words if ends else words[:-1]


@settings(deadline=None)
@given(EPISODES, st.booleans(), st.data())
def test_repeats_and_late_words_change_nothing(
    episodes: list[tuple[float, float]], ends: bool, data: st.DataObject
) -> None:
    words = story(episodes, ends=ends)
    now = START + 1000.0
    record: Record | None = None
    for place, one in enumerate(words):
        record, _outcome = merge(record, one, Trust(), now)
        for again in data.draw(st.lists(st.sampled_from(words[: place + 1]), max_size=3)):
            record, outcome = merge(record, again, Trust(), now)
            assert outcome not in (Outcome.FIRED, Outcome.RESOLVED)
    assert record is not None
    assert record.counts is not ends


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e4), st.booleans()), max_size=20))
def test_no_words_ever_break_a_record(told: list[tuple[float, bool]]) -> None:
    words = [(word(START + at, START + at + 1 if over else None), START + at) for at, over in told]
    record = heard(words)
    if record is not None:
        assert record.started_at <= record.newest_start <= max(at for _one, at in words)


def test_a_late_firing_is_believed_once_it_can_be_no_repeat() -> None:
    over = heard([(word(START), START), (word(START, START + 9), START + 10)])
    assert over is not None
    late, outcome = merge(over, word(START), Trust(), START + 10 + LATE - 1)
    assert (late, outcome) == (over, Outcome.LATE)
    again, outcome = merge(over, word(START), Trust(), START + 10 + LATE)
    assert outcome is Outcome.FIRED
    assert again is not None
    assert again.counts


def test_a_foreign_resolve_counts_as_firing_until_it_is_confirmed() -> None:
    words = [(word(START), START), (word(START, START + 9), START + 10)]
    ending = heard(words, CONFIRMED)
    assert ending is not None
    assert (ending.standing, ending.counts) == (Standing.ENDING, True)
    back, outcome = merge(ending, word(START + 11), CONFIRMED, START + 12)
    assert outcome is Outcome.FIRED
    assert back is not None
    assert (back.standing, back.started_at) == (Standing.FIRING, START)
