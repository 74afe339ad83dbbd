"""What callers notice of an edit, and the picture of a week."""

import re
from datetime import date

import msgspec
import pytest

from agent.model import MenuKey, SpecialDays, Window
from agent.routing.coverage import week
from agent.routing.effect import NOTHING, effect
from agent.routing.evaluate import Setting
from agent.states import Strategy
from tests.account_facts import B1, B2, OFFICE, ROUTING
from tests.routing.made_numbers import CALENDAR

MONDAY = date(2026, 9, 28)


def edited(bound=(B1, B2), **routing):
    return Setting(msgspec.structs.replace(ROUTING, **routing), bound, CALENDAR)


def rebound(**edits):
    return edited(bound=(msgspec.structs.replace(B1, **edits), B2))


PLAIN = edited()
HALF = Window((0, 1, 2, 3, 4), 510, 720, ("b1", "b2"))
ONLY_B2 = Window(OFFICE.days, 510, 1050, ("b2",))
HOLIDAY = SpecialDays(date(2026, 10, 1).toordinal(), date(2026, 10, 7).toordinal())

EDITS = [
    (edited(schedule=(HALF,)), "Mon-Fri 12:00-17:30: no phone rings any more", "不再有电话振铃"),
    (edited(schedule=()), "phones ring now", "现在会振铃"),
    (edited(schedule=(ONLY_B2,)), "Mon 08:30-17:30: b2 ring, no longer b1+b2", "振铃 b2"),
    (edited(voicemail=False), "callers hear that it is closed, not voicemail", "非服务时间的提示"),
    (edited(wait_seconds=5.0), "phones ring for 5 s, not 20", "5 秒，而不是 20"),
    (edited(strategy=Strategy.RANDOM), "at random, not one after the other", "随机振铃"),
    (edited(binding_order=("b2", "b1")), "in the order b2, b1, not b1, b2", "b2, b1"),
    (edited(blacklist=("139",)), "beginning with 139 no longer get through", "139 开头"),
    (edited(whitelist_enabled=True), "all other callers no longer get through", "其他来电者"),
    (edited(region_allow=("010",)), "all other callers no longer get through", "听到忙音"),
    (edited(region_deny=("0755",)), "callers from 0755 no longer get through", "区号 0755"),
    (edited(concurrency_limit=1), "calls at once, then busy: 1", "忙音：1"),
    (edited(overflow="b2"), "after all others this phone rings: b2", "振铃：b2"),
    (edited(landing_forwarded=True), "one call at a time: yes", "仅一路"),
    (edited(menu=(MenuKey("main", "1", "queue"),)), "another menu", "菜单"),
    (edited(pin=True), "asked for a code: yes", "密码"),
    (
        edited(special_days=(HOLIDAY,)),
        "2026-10-01 - 2026-10-07: nothing rings all day",
        "全天不振铃",
    ),
    (edited(national_calendar=True), "adjusted workdays are kept", "遵循法定节假日"),
    (edited(recording=True), "calls are recorded: yes", "通话录音：是"),
    (edited(bound=(B1,)), "b2 is never rung any more", "b2 不再振铃"),
    (edited(bound=()), "no phone rings any more", "不再有电话振铃"),
    (rebound(phone="13900009999"), "b1 rings at 139****9999, not 138****0001", "139****9999"),
    (rebound(weight=60.0), "b1 gets 60 % of the calls", "60 %"),
    (rebound(wait_seconds=9.0), "phones ring for 9+20 s, not 20", "9+20 秒"),
    (rebound(areas=("010",)), "b1 is rung for callers from 010", "接听 010 的来电"),
]


@pytest.mark.parametrize(("after", "en", "zh"), EDITS)
def test_every_edit_has_words_in_both_languages(after, en, zh):
    effects = effect(PLAIN, after)
    assert en in "; ".join(it.text("en") for it in effects)
    assert zh in "; ".join(it.text("zh-CN") for it in effects)
    assert all(re.search(r"[\u4e00-\u9fff]", it.text("zh-CN")) for it in effects)
    assert not re.search(
        r"\d{9,}", str([(it, it.text("en")) for it in effects])
    )  # nobody's full number


@pytest.mark.parametrize(("after", "en", "zh"), EDITS)
def test_undoing_an_edit_is_noticed_too(after, en, zh):
    assert effect(after, PLAIN) != (NOTHING,)


def test_a_mere_reordering_is_noticed_by_nobody():
    split = (Window((0, 1), 510, 1050, ("b2", "b1")), Window((2, 3, 4), 510, 1050, ("b1", "b2")))
    assert effect(PLAIN, edited(schedule=split[::-1])) == (NOTHING,)
    assert effect(PLAIN, edited(bound=(B2, B1))) == (NOTHING,)


def test_a_week_is_drawn_half_an_hour_a_sign():
    days = week(edited(special_days=(HOLIDAY,)), MONDAY)
    monday, thursday, sunday = days[0], days[3], days[6]
    assert monday.picture == "▒" * 17 + "█" * 18 + "▒" * 13
    assert thursday.picture == sunday.picture == "▒" * 48
    assert [(it.start, it.end, it.outcome.rings) for it in monday.stretches] == [
        (0, 510, False),
        (510, 1050, True),
        (1050, 1440, False),
    ]


def test_without_voicemail_closed_hours_are_empty():
    assert week(edited(voicemail=False), MONDAY)[5].picture == "·" * 48
