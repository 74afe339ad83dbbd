"""Stacked bars and the picture of a week: what is not known is never drawn as nothing."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.web.plots.bars import MOST_BARS, BarPlot, Part
from agent.web.plots.series import Period
from agent.web.plots.week import week_plot
from tests.web.plots.markup import Plot, assert_drawable, assert_fits, assert_harmless, places

NOON = 1_795_838_400.0
DAY = Period(NOON - 86400, NOON, "Asia/Shanghai")
PARTS = (Part("answered", "answered", "plot-ok"), Part("busy", "busy", "plot-degraded"))


def hourly(period: Period, counts):
    first = period.since // 3600 * 3600
    return {first + 3600 * place: each for place, each in enumerate(counts)}


counted = st.one_of(
    st.none(),
    st.dictionaries(st.sampled_from(["answered", "busy", "x"]), st.floats(allow_nan=True)),
    st.fixed_dictionaries({"answered": st.integers(0, 900), "busy": st.integers(0, 9)}),
)


@settings(max_examples=60, deadline=None)
@given(
    st.floats(1_600_000_000, 2_000_000_000),
    st.floats(0, 400 * 86400),
    st.lists(counted, max_size=50),
    st.text(max_size=9),
    st.sampled_from(["en", "zh-CN"]),
)
def test_whatever_is_counted_is_harmless_drawable_and_fits(
    since, length, counts, text, locale
) -> None:
    period = Period(since, since + length, "Asia/Shanghai")
    parts = [*PARTS, Part("x", text, "plot-other")]
    drawn = Plot(BarPlot(text, period, hourly(period, counts), parts).draw(locale))
    assert_harmless(drawn)
    assert_drawable(drawn)
    for screen in (390, 1280):
        assert_fits(drawn, screen)
    assert len(drawn.all("tr")) <= 49
    for path in drawn.paths():
        assert path.count("z") <= MOST_BARS


def test_the_parts_stand_on_one_another() -> None:
    counts = [{"answered": 30, "busy": 10}] * 24
    drawn = Plot(BarPlot("Calls", DAY, hourly(DAY, counts), PARTS).draw("en"))
    assert drawn.paths("plot-unknown") == []
    answered, busy = drawn.paths("plot-ok"), drawn.paths("plot-degraded")
    assert answered[0].count("z") == busy[0].count("z") == 24
    top_of_answered = min(y for _, y in places(answered[0]))
    assert max(y for _, y in places(busy[0])) == top_of_answered
    assert drawn.text_of("desc")[0].endswith("answered 720, busy 240.")
    assert drawn.text_of("td")[:2] == ["30", "10"]


def test_an_hour_without_calls_is_empty_and_an_unknown_hour_is_marked() -> None:
    counts = [{}] * 10 + [None] * 2 + [{"answered": 1}] * 12
    drawn = Plot(BarPlot("Calls", DAY, hourly(DAY, counts), PARTS).draw("en"))
    (band,) = drawn.paths("plot-unknown")
    assert band.count("z") == 1
    assert "Some hours are not known." in drawn.text_of("desc")[0]
    cells = drawn.text_of("td")
    assert cells[18:26] == ["0", "0", "unknown", "unknown", "unknown", "unknown", "1", "0"]
    nothing = Plot(BarPlot("Calls", DAY, {}, PARTS).draw("en"))
    assert nothing.text_of("p") == ["Nothing is known of this time."]
    assert nothing.text_of("td") == nothing.paths("plot-unknown") == []


def test_hours_added_up_with_an_unknown_one_are_at_least_so_many() -> None:
    period = Period(NOON - 20 * 86400, NOON, "Asia/Shanghai")
    counts = [{"answered": 2, "busy": 0}] * 479 + [None]
    drawn = Plot(BarPlot("Calls", period, hourly(period, counts), PARTS).draw("en"))
    assert drawn.text_of("td")[0] == "20"
    assert drawn.text_of("td")[-2:] == ["at least 18", "at least 0"]
    assert len(drawn.paths("plot-unknown")) == 1


WEEK = "·" * 17 + "█" * 7 + "▒" * 3 + "█" * 8 + "▒" * 13


def test_a_week_in_picture_and_words() -> None:
    days = [(name, WEEK) for name in ("Mon", "Tue")] + [("Sat", "·" * 48), ("Sun", "")]
    drawn = Plot(week_plot("Week", days, "en"))
    assert_harmless(drawn)
    (text,) = drawn.text_of("desc")
    assert text == (
        "Mon, Tue: phones ring 08:30–12:00, 13:30–17:30. Sat: no phone rings. Sun: not known."
    )
    ringing = [r for r in drawn.all("rect", "plot-phones") if r["width"].endswith("%")]
    assert [rect["width"] for rect in ringing] == ["14.6%", "16.7%"] * 2
    assert drawn.text_of("td")[:4] == ["08:30–12:00, 13:30–17:30", "12:00–13:30, 17:30–24:00",
                                       "00:00–08:30", "–"]  # fmt: skip
    assert drawn.text_of("td")[-4:] == ["–", "–", "–", "00:00–24:00"]
    # A state is told by its height as well as by its colour.
    heights = {(r["class"], r["height"]) for r in drawn.all("rect") if r["width"].endswith("%")}
    assert len({height for _, height in heights}) == 3


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=6), st.text("█▒·?x<", max_size=60)), max_size=16),
    st.text(max_size=9),
    st.sampled_from(["en", "zh-CN"]),
)
def test_whatever_a_week_is_it_is_harmless(days, title, locale) -> None:
    drawn = Plot(week_plot(title, days, locale))
    assert_harmless(drawn)
    for rect in drawn.all("rect"):
        if rect["width"].endswith("%"):
            assert float(rect["x"][:-1]) + float(rect["width"][:-1]) <= 100.2
    for name in ("", *(name for name, _ in days[:14])):
        assert name in "".join(drawn.text_of("th"))
