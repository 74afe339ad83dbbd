"""Durations and labels in both languages."""

import pytest

from agent.web.texts import PageTexts

ENGLISH, CHINESE = PageTexts("en"), PageTexts("zh-CN")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (None, "never", "从未"),
        (-1.0, "0 s", "0 秒"),
        (119.0, "119 s", "119 秒"),
        (120.0, "2 min", "2 分钟"),
        (7200.0, "2 h", "2 小时"),
        (172800.0, "2 d", "2 天"),
    ],
)
def test_durations(seconds, english, chinese):
    assert (ENGLISH.duration(seconds), CHINESE.duration(seconds)) == (english, chinese)


def test_how_long_ago():
    assert (ENGLISH.ago(60.0), CHINESE.ago(60.0)) == ("60 s ago", "60 秒前")
    assert (ENGLISH.ago(None), CHINESE.ago(None)) == ("never", "从未")


def test_a_label_may_differ_by_group():
    assert (CHINESE.label("rejected"), CHINESE.label("rejected", "stage")) == ("拒接", "已退单")
    assert CHINESE.label("active", "stage") == CHINESE.label("active")


def test_a_code_without_a_label_is_shown_as_it_is():
    assert CHINESE.label("{no} such code") == "{no} such code"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.25, "0.25 s"), (0.0, "0 s"), (1.0, "1 s"), (300.0, "5 min")]
)
def test_a_period_below_a_second_is_not_none_at_all(seconds, shown):
    assert ENGLISH.interval(seconds) == shown
    assert CHINESE.interval(seconds) == shown.replace("s", "秒").replace("min", "分钟")


def test_one_thing_and_many():
    alerts = "{count} alert of this name is active", "{count} alerts of this name are active"
    assert ENGLISH.plural(*alerts, 1) == "1 alert of this name is active"
    assert ENGLISH.plural(*alerts, 1234) == "1,234 alerts of this name are active"
    assert CHINESE.plural(*alerts, 1234) == "该名称的告警有 1,234 条未结束"


def test_a_mistake_of_a_file_and_a_failure_are_said_in_the_readers_language():
    line = "a.yaml:3: locale: is empty, expected text"
    assert ENGLISH.problem(line) == line
    assert CHINESE.problem(line) == "a.yaml:3: locale: 为空，应为文本"
    assert CHINESE.failure("GET x: the server hung up") == "GET x：服务器断开了连接"
