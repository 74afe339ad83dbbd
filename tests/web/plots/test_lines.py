"""Plots of lines: what is known is joined, what is not known is a gap, whatever the figures are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.web.plots.lines import LinePlot
from agent.web.plots.series import MOST_POINTS, Period, Series, Threshold, runs, thinned
from agent.web.plots.sparkline import sparkline
from agent.web.plots.ticks import MOST_TICKS, axis_of, time_ticks
from tests.web.plots.markup import Plot, assert_drawable, assert_fits, assert_harmless, places

NOON = 1_795_838_400.0  # 2026-11-28 12:00 in Shanghai
DAY = Period(NOON - 86400, NOON, "Asia/Shanghai")
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "UTC")

anything = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-1e6, 1e6),
    st.integers(-5, 5).map(float),
)
periods = st.builds(
    lambda since, length, zone: Period(since, since + length, zone),
    st.floats(1_500_000_000, 2_500_000_000),
    st.one_of(st.floats(0, 86400), st.floats(86400, 450 * 86400)),
    st.sampled_from(ZONES),
)


@st.composite
def series(draw, period):
    values = draw(st.lists(anything, max_size=40))
    length = period.seconds / max(1, len(values))
    points = [(period.since + place * length, value) for place, value in enumerate(values)]
    return Series(draw(st.text(max_size=8)), points)


@st.composite
def plots(draw):
    period = draw(periods)
    return LinePlot(
        title=draw(st.text(max_size=20)),
        period=period,
        series=draw(st.lists(series(period), max_size=8)),
        thresholds=draw(st.lists(st.builds(Threshold, st.text(max_size=5), st.floats()))),
        steps=draw(st.booleans()),
        from_zero=draw(st.booleans()),
        unit=draw(st.text(max_size=4)),
    )


@settings(max_examples=80, deadline=None)
@given(plots(), st.sampled_from(["en", "zh-CN"]))
def test_whatever_is_plotted_is_harmless_drawable_and_fits(plot: LinePlot, locale: str) -> None:
    drawn = Plot(plot.draw(locale))
    assert_harmless(drawn)
    assert_drawable(drawn)
    for screen in (390, 768, 1280):
        assert_fits(drawn, screen)
    assert len(drawn.all("tr")) <= 49


def test_a_fault_of_each_kind_would_be_noticed() -> None:
    with pytest.raises(AssertionError):
        assert_harmless(Plot("<svg><script></script></svg>"))
    with pytest.raises(AssertionError):
        assert_harmless(Plot('<svg style="fill:red"></svg>'))
    for path in ("M0 nan", "M0 0L1001 5", "M0 0L5 -3"):
        with pytest.raises((AssertionError, ValueError)):
            assert_drawable(Plot(f'<svg><path d="{path}"></path></svg>'))
    text = '<text x="{}%" text-anchor="middle">11-28</text>'
    with pytest.raises(AssertionError):
        assert_fits(Plot(f"<svg>{text.format(50)}{text.format(52)}</svg>"), 390)


def test_texts_are_escaped_everywhere() -> None:
    hostile = "<script>alert(1)</script>\"'&"
    points = [(NOON - 3600, 1.0), (NOON, None)]
    plot = LinePlot(
        hostile, DAY, [Series(hostile, points)], [Threshold(hostile, 2.0)], unit=hostile
    )
    text = str(plot.draw("en")) + str(sparkline(hostile, DAY, points))
    assert "<script" not in text
    drawn = Plot(text)
    assert_harmless(drawn)
    assert drawn.text_of("title") == [hostile, hostile]
    assert hostile in drawn.text_of("figcaption")


def test_an_unknown_hour_is_a_gap_in_the_line() -> None:
    values = [5.0, 6.0, None, 7.0, 8.0, math.nan, 9.0]
    points = [(NOON - 3600 * (7 - place), value) for place, value in enumerate(values)]
    for steps in (False, True):
        plot = LinePlot("t", DAY, [Series("s", points)], steps=steps)
        path, _of_the_legend = Plot(plot.draw("en")).paths("plot-line")
        assert path.count("M") == 3
    # The lone figure after the second gap is a dot.
    assert path.endswith("h.1")


def test_a_plot_of_nothing_says_so_and_draws_no_line() -> None:
    drawn = Plot(LinePlot("t", DAY, [Series("s", [(NOON - 60, None)])]).draw("en"))
    assert drawn.text_of("p") == ["Nothing is known of this time."]
    assert drawn.paths("plot-line plot-1") == drawn.text_of("td") == []


def test_a_line_to_compare_with_is_drawn_though_nothing_else_is_known() -> None:
    lines = [Threshold("stop line", 5.0)]
    drawn = Plot(LinePlot("t", DAY, [Series("s", [])], lines).draw("en"))
    assert "Nothing is known of this time." in drawn.text_of("p")
    assert "s: nothing is known." in drawn.text_of("desc")[0]
    assert drawn.paths("plot-threshold plot-threshold-1")


def test_the_words_say_what_the_picture_shows_in_both_languages() -> None:
    points = [(NOON - 7200, 10.0), (NOON - 3600, 2.5), (NOON, 30.0)]
    plot = LinePlot("Balance", DAY, [Series("balance", points)], unit="CNY")
    english = Plot(plot.draw("en"))
    (text,) = english.text_of("desc")
    assert text.startswith("From 2026-11-27 12:00 to 2026-11-28 12:00 (Asia/Shanghai).")
    assert text.endswith(" balance: lowest 2.50 CNY, highest 30 CNY, last 30 CNY.")
    assert english.text_of("td") == ["10 CNY", "2.50 CNY", "30 CNY"]
    chinese = Plot(plot.draw("zh-CN"))
    assert "最低 2.50 CNY" in chinese.text_of("desc")[0]
    assert "时间" in chinese.text_of("th")
    assert (english.all("svg", "plot-area")[0]["role"]) == "img"


def test_a_figure_that_is_unknown_now_is_not_called_the_last() -> None:
    points = [(NOON - 7200, 10.0), (NOON - 3600, None)]
    (text,) = Plot(LinePlot("t", DAY, [Series("s", points)]).draw("en")).text_of("desc")
    assert text.endswith("last known 10, unknown since.")


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), min_size=1, max_size=30),
    st.integers(1, 2000),
)
def test_thinning_keeps_extremes_and_gaps(pattern, count) -> None:
    values = (pattern * count)[:count]
    points = [(float(place), value) for place, value in enumerate(values)]
    thin = thinned(points)
    assert len(thin) <= MOST_POINTS
    assert [time for time, _ in thin] == sorted({time for time, _ in thin})
    assert set(thin) <= set(points)
    known = [value for value in values if value is not None]
    thin_known = [value for _, value in thin if value is not None]
    assert (min(known, default=0), max(known, default=0)) == (
        min(thin_known, default=0),
        max(thin_known, default=0),
    )
    assert (thin[0], thin[-1]) == (points[0], points[-1])
    for run in runs(thin):
        start, end = int(run[0][0]), int(run[-1][0])
        assert None not in values[start : end + 1]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-1e15, 1e15), max_size=5), st.booleans())
def test_an_axis_holds_its_figures_in_a_few_steps(values, from_zero) -> None:
    axis = axis_of(values, from_zero=from_zero)
    ticks = axis.ticks("en")
    assert 2 <= len(ticks) <= MOST_TICKS + 3
    assert len({tick.label for tick in ticks}) == len(ticks)
    slack = axis.step * 1e-6
    assert all(axis.low - slack <= value <= axis.high + slack for value in values)
    assert max(len(tick.label) for tick in ticks) <= 12
    if from_zero:
        assert axis.low <= 0 <= axis.high


@settings(max_examples=200, deadline=None)
@given(periods)
def test_times_stand_at_full_local_times(period: Period) -> None:
    ticks = time_ticks(period)
    assert len(ticks) <= MOST_TICKS + 1
    shares = [tick.share for tick in ticks]
    assert shares == sorted(set(shares))
    if period.seconds > 300:
        assert ticks


def test_times_are_those_of_the_zone() -> None:
    labels = [tick.label for tick in time_ticks(Period(NOON - 86400, NOON, "Asia/Shanghai"))]
    assert labels == ["12:00", "18:00", "11-28", "06:00", "12:00"]
    labels = [tick.label for tick in time_ticks(Period(NOON - 86400, NOON, "Europe/Berlin"))]
    assert labels == ["06:00", "12:00", "18:00", "11-28"]


def test_a_year_fits_its_bounds() -> None:
    hours = 400 * 24
    period = Period(NOON - hours * 3600, NOON, "Asia/Shanghai")
    points = [(period.since + hour * 3600, math.sin(hour / 9) * 500) for hour in range(hours)]
    text = LinePlot("t", period, [Series("s", points)]).draw("en")
    (path,) = Plot(text).paths("plot-line plot-1")[:1]
    assert len(places(path)) <= MOST_POINTS
    assert len(text) < 16_000


def test_a_sparkline_has_the_gap_too() -> None:
    points = [(NOON - 7200, 1.0), (NOON - 5000, 2.0), (NOON - 3600, None), (NOON, 4.0)]
    drawn = Plot(sparkline("Balance", DAY, points))
    assert drawn.paths()[0].count("M") == 2
    assert drawn.text_of("title") == ["Balance"]
