"""Nothing is cut: words stay whole, lines fit, and what is too wide stands alone."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from agent.terminal.grid import Column, facts, table
from agent.terminal.times import ago, clock, duration, moment
from agent.terminal.wrapping import wrap

WORDS = st.text(st.sampled_from("ab4006220001 号码停机，。（）-_"), max_size=120)


@given(WORDS, st.integers(6, 80))
def test_a_wrapped_line_fits_and_no_character_is_lost(text: str, width: int) -> None:
    lines = wrap(Text(text), width)
    assert "".join("".join(it.plain for it in lines).split()) == "".join(text.split())
    for line in lines:
        plain = line.plain.strip()
        assert cell_len(line.plain) <= width or " " not in plain


def test_chinese_is_broken_anywhere_but_before_a_mark_that_closes() -> None:
    lines = wrap(Text("号码停机，请缴费。"), 8)
    assert [it.plain for it in lines] == ["号码停", "机，请缴", "费。"]


ROWS = [["4006220001", "suspended_arrears", "what is wrong here, in some more words " * 3, "12"]]
COLUMNS = [Column("number"), Column("state"), Column("what", wraps=True), Column("n", right=True)]


@pytest.mark.parametrize("width", [120, 80, 40, 12])
def test_a_table_becomes_records_where_it_does_not_fit(width: int) -> None:
    lines = [it.plain for it in table(COLUMNS, ROWS, width)]
    text = "\n".join(lines)
    for value in ("4006220001", "suspended_arrears", "12"):
        assert value in text
    for line in lines:
        assert cell_len(line) <= max(width, 4 + len("suspended_arrears"))


def test_an_empty_column_is_left_out() -> None:
    (head, _row) = table([Column("a"), Column("b")], [["1", ""]], 80)
    assert head.plain == "a"


def test_a_value_that_is_too_wide_stands_below_its_label() -> None:
    url = "https://example.com/" + "a" * 60
    assert [it.plain for it in facts([("page", url)], 60)] == ["page", f"  {url}"]


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (45.184, "45 s", "45 秒"),
        (7800, "2 h 10 min", "2 小时 10 分"),
        (90061, "1 d 1 h", "1 天 1 小时"),
        (0, "0 s", "0 秒"),
        (3600, "1 h", "1 小时"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, english: str, chinese: str) -> None:
    assert (duration(seconds, "en"), duration(seconds, "zh-CN")) == (english, chinese)


def test_clocks_say_due_breached_or_paused() -> None:
    assert clock(-45.184, "en", paused=False, breached=True) == "breached 45 s ago"
    assert clock(7800, "en", paused=False, breached=False) == "due in 2 h 10 min"
    assert clock(60, "en", paused=True, breached=False) == "paused, 1 min left"
    assert clock(-45.184, "zh-CN", paused=False, breached=True) == "已超时 45 秒"
    assert ago(-60, "en") == "in 1 min"


def test_times_are_local_with_their_zone() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    assert moment("2026-11-28T13:00:00Z", zone) == "2026-11-28 21:00:00 +08:00"
    assert moment(1_790_000_000.0, zone) == "2026-09-21 22:13:20 +08:00"
    assert moment(0, UTC) == "1970-01-01 00:00:00 +00:00"
    assert moment("never", zone) == "never"


def test_a_heading_goes_over_lines_before_a_table_becomes_records() -> None:
    lines = table([Column("phones lost", right=True), Column("account")], [["3", "north/hq"]], 18)
    assert [it.plain for it in lines] == ["  phones  account", "    lost", "       3  north/hq"]
