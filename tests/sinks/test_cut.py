"""Text made to fit, and budgets kept to, whatever comes."""

from hypothesis import given
from hypothesis import strategies as st

from agent.sinks.base import RateLimit
from agent.sinks.chat import fit, size
from agent.sinks.pacing import RateBudget
from agent.sinks.text_limits import cut_bytes, cut_characters, cut_utf16, utf16_length

TEXT = st.text(alphabet=st.sampled_from('a号📵é\u200d"\\\n'), max_size=80)


@given(text=TEXT, limit=st.integers(0, 60))
def test_what_is_cut_fits_and_is_whole_letters_of_its_beginning(text: str, limit: int) -> None:
    assert len(cut_characters(text, limit)) <= limit
    assert utf16_length(cut_utf16(text, limit)) <= limit
    assert len(cut_bytes(text, limit).encode()) <= limit
    for cut in (cut_characters, cut_utf16, cut_bytes):
        made = cut(text, limit)
        assert made == text or text.startswith(made.removesuffix("…"))


@given(text=TEXT)
def test_what_fits_is_not_touched(text: str) -> None:
    assert cut_characters(text, len(text)) == text
    assert cut_utf16(text, utf16_length(text)) == text
    assert cut_bytes(text, len(text.encode())) == text


def test_as_many_letters_stay_as_have_room() -> None:
    assert cut_utf16("x" * 256, 255) == "x" * 254 + "…"
    assert cut_utf16("📵" * 128, 255) == "📵" * 127 + "…"
    assert cut_bytes("号" * 100, 10) == "号号…"


@given(lines=st.lists(TEXT, max_size=8), room=st.integers(0, 200))
def test_lines_fit_as_they_are_sent(lines: list[str], room: int) -> None:
    assert sum(map(size, fit(lines, room))) <= max(room, 2)


@given(
    waits=st.lists(st.floats(0, 30), max_size=80),
    windows=st.lists(st.tuples(st.integers(1, 5), st.sampled_from([1.0, 10.0, 60.0])), min_size=1),
)
def test_no_window_ever_holds_more_than_it_may(
    waits: list[float], windows: list[tuple[int, float]]
) -> None:
    allowed = [RateLimit(*window) for window in windows]
    budget, now, sent = RateBudget(allowed), 1000.0, []
    for wait in waits:
        now += max(wait, budget.wait(now))
        assert budget.wait(now) <= 1e-6
        budget.record(now)
        sent.append(now)
    for window in allowed:
        for end in sent:
            inside = [at for at in sent if end - window.seconds < at <= end]
            assert len(inside) <= window.count


def test_a_clock_that_is_set_back_holds_nothing_up_for_longer_than_a_window() -> None:
    budget = RateBudget([RateLimit(1, 60.0)])
    budget.record(10_000.0)
    assert budget.wait(1000.0) <= 61.0
