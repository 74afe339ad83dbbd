"""Text that is cut fits its limit, whatever it is."""

from hypothesis import given
from hypothesis import strategies as st

from agent.sinks.chat import fit, size
from agent.sinks.text_limits import cut_bytes, cut_characters, cut_utf16, utf16_length

TEXT = st.text(alphabet=st.sampled_from('a号📵é\u200d"\\\n'), max_size=80)


@given(text=TEXT, limit=st.integers(0, 60))
def test_a_cut_text_fits_and_is_whole_letters_of_its_beginning(text: str, limit: int) -> None:
    assert len(cut_characters(text, limit)) <= limit
    assert utf16_length(cut_utf16(text, limit)) <= limit
    assert len(cut_bytes(text, limit).encode()) <= limit
    for cut_text in (cut_characters, cut_utf16, cut_bytes):
        shorter = cut_text(text, limit)
        assert shorter == text or text.startswith(shorter.removesuffix("…"))


@given(text=TEXT)
def test_what_fits_is_not_touched(text: str) -> None:
    assert cut_characters(text, len(text)) == text
    assert cut_utf16(text, utf16_length(text)) == text
    assert cut_bytes(text, len(text.encode())) == text


def test_as_many_letters_stay_as_have_available() -> None:
    assert cut_utf16("x" * 256, 255) == "x" * 254 + "…"
    assert cut_utf16("📵" * 128, 255) == "📵" * 127 + "…"
    assert cut_bytes("号" * 100, 10) == "号号…"


@given(lines=st.lists(TEXT, max_size=8), available=st.integers(0, 200))
def test_lines_fit_as_they_are_sent(lines: list[str], available: int) -> None:
    assert sum(map(size, fit(lines, available))) <= max(available, 2)
