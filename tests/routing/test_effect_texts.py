"""The texts of an edit and of its undoing, whole."""

from datetime import date

import msgspec
import pytest

from agent.model import Binding, MenuKey, SpecialDays, Window
from agent.routing.effect import effect
from agent.routing.evaluate import Setting
from agent.states import Strategy
from tests.account_facts import B1, B2, ROUTING
from tests.routing.made_numbers import CALENDAR

WORKDAYS = (0, 1, 2, 3, 4)
BOTH = ("b1", "b2")
FIRST = date(2026, 10, 1).toordinal()
RINGS, SILENT = "phones ring in that day's hours", "nothing rings all day"
NO_PHONE = "no phone rings any more, callers hear voicemail"
NO_RIGHT = "no longer get through: they hear that they may not call"


def edited(bound=(B1, B2), **routing):
    return Setting(msgspec.structs.replace(ROUTING, **routing), bound, CALENDAR)


def rebound(**edits):
    return edited(bound=(msgspec.structs.replace(B1, **edits), B2))


def window(days, start, end, phones=BOTH):
    return edited(schedule=(Window(days, start, end, phones),))


PLAIN = edited()
STAGGERED = edited(schedule=tuple(Window((d,), 600 + d, 700 + d) for d in range(6)))
LOST = (
    "Mon 08:30-10:00, Mon 11:40-17:30, Tue 08:30-10:01, Tue 11:41-17:30 …: ",
    "Sat 10:05-11:45: ",
)
GONE = ("b1 is never rung any more", "b2 is never rung any more")
TOO = ("b1 is rung too", "b2 is rung too")
LISTED = ("****2345", "139", "139****1111")

EDITS = {
    "days that are no run": (
        window((0, 2, 4), 510, 1050),
        [f"Tue+Thu 08:30-17:30: {NO_PHONE}"],
        ["Tue+Thu 08:30-17:30: phones ring now"],
    ),
    "two days that are a run": (
        window((2, 3, 4), 510, 1050),
        [f"Mon-Tue 08:30-17:30: {NO_PHONE}"],
        ["Mon-Tue 08:30-17:30: phones ring now"],
    ),
    "more spans than are shown": (
        STAGGERED,
        [LOST[0] + NO_PHONE, LOST[1] + "phones ring now"],
        [LOST[1] + NO_PHONE, LOST[0] + "phones ring now"],
    ),
    "longer hours": (
        window(WORKDAYS, 480, 1080),
        ["Mon-Fri 08:00-08:30, Mon-Fri 17:30-18:00: phones ring now"],
        [f"Mon-Fri 08:00-08:30, Mon-Fri 17:30-18:00: {NO_PHONE}"],
    ),
    "one phone less in its hours": (
        window(WORKDAYS, 510, 1050, ("b1",)),
        ["Mon 08:30-17:30: b1 ring, no longer b1+b2"],
        ["Mon 08:30-17:30: b1+b2 ring, no longer b1"],
    ),
    "no voicemail": (
        edited(voicemail=False),
        [
            "out of hours callers hear that it is closed, not voicemail",
            "callers whom nobody answers can leave a message: no",
        ],
        [
            "out of hours callers hear voicemail, not that it is closed",
            "callers whom nobody answers can leave a message: yes",
        ],
    ),
    "at random": (
        edited(strategy=Strategy.RANDOM),
        ["phones ring at random, not one after the other"],
        ["phones ring one after the other, not at random"],
    ),
    "all at once": (
        edited(strategy=Strategy.SIMULTANEOUS),
        [
            "phones ring all at once, not one after the other",
            "callers give up or are cut off after 20 s, not 40",
        ],
        [
            "phones ring one after the other, not all at once",
            "callers give up or are cut off after 40 s, not 20",
        ],
    ),
    "another wait": (
        edited(wait_seconds=5.5),
        [
            "phones ring for 5.5 s, not 20",
            "callers give up or are cut off after 11 s, not 40",
        ],
        [
            "phones ring for 20 s, not 5.5",
            "callers give up or are cut off after 40 s, not 11",
        ],
    ),
    "a wait of its own": (
        rebound(wait_seconds=9.0),
        [
            "phones ring for 9+20 s, not 20",
            "callers give up or are cut off after 29 s, not 40",
        ],
        [
            "phones ring for 20 s, not 9+20",
            "callers give up or are cut off after 40 s, not 29",
        ],
    ),
    "an unknown wait": (
        edited(wait_seconds=None),
        ["phones ring for ? s, not 20"],
        ["phones ring for 20 s, not ?", "callers give up or are cut off after 40 s"],
    ),
    "another order": (
        edited(binding_order=("b2", "b1")),
        ["the phones ring in the order b2, b1, not b1, b2"],
        ["the phones ring in the order b1, b2, not b2, b1"],
    ),
    "other phones": (
        edited(bound=(Binding("13900000004", "13900000004"),)),
        [
            f"Mon-Fri 08:30-17:30: {NO_PHONE}",
            *GONE,
            "139****0004 is rung too",
            "the phones ring in the order 139****0004, not b1, b2",
            "callers give up or are cut off after 20 s, not 40",
        ],
        [
            "Mon-Fri 08:30-17:30: phones ring now",
            "139****0004 is never rung any more",
            *TOO,
            "the phones ring in the order b1, b2, not 139****0004",
            "callers give up or are cut off after 40 s, not 20",
        ],
    ),
    "no phones": (
        edited(bound=()),
        [
            f"Mon-Fri 08:30-17:30: {NO_PHONE}",
            *GONE,
            "callers give up or are cut off after 0 s, not 40",
        ],
        [
            "Mon-Fri 08:30-17:30: phones ring now",
            *TOO,
            "callers give up or are cut off after 40 s, not 0",
        ],
    ),
    "another phone number": (
        rebound(phone="13900009999"),
        ["b1 rings at 139****9999, not 138****0001"],
        ["b1 rings at 138****0001, not 139****9999"],
    ),
    "a weight": (
        rebound(weight=12.5),
        ["b1 gets 12.5 % of the calls, not -"],
        ["b1 gets - of the calls, not 12.5 %"],
    ),
    "areas of a phone": (
        rebound(areas=("010", "022", "0755", "0311")),
        ["b1 is rung for callers from 010, 022, 0755, 0311"],
        ["b1 is rung for callers from everywhere"],
    ),
    "more areas of a phone than are shown": (
        rebound(areas=("010", "022", "0755", "0311", "021")),
        ["b1 is rung for callers from 010, 022, 0755, 0311, …"],
        ["b1 is rung for callers from everywhere"],
    ),
    "a black list": (
        edited(blacklist=("139", "13900001111", "", "02112345")),
        [f"callers beginning with {entry} {NO_RIGHT}" for entry in LISTED],
        [f"callers beginning with {entry} get through again" for entry in LISTED],
    ),
    "a white list": (
        edited(whitelist_enabled=True, whitelist=("138", "022")),
        [f"all other callers {NO_RIGHT}"],
        ["all other callers get through again"],
    ),
    "regions that are allowed": (
        edited(region_allow=("010", "022")),
        ["all other callers no longer get through: they hear busy"],
        ["all other callers get through again"],
    ),
    "a region that is denied": (
        edited(region_deny=("0755",)),
        ["callers from 0755 no longer get through: they hear busy"],
        ["callers from 0755 get through again"],
    ),
    "a special day": (
        edited(special_days=(SpecialDays(FIRST, FIRST),)),
        [f"2026-10-01: {SILENT}, before {RINGS}"],
        [f"2026-10-01: {RINGS}, before {SILENT}"],
    ),
    "special days with hours": (
        edited(special_days=(SpecialDays(FIRST + 2, FIRST + 3, ((60, 120),)),)),
        [f"2026-10-03 - 2026-10-04: {RINGS}, before {SILENT}"],
        [f"2026-10-03 - 2026-10-04: {SILENT}, before {RINGS}"],
    ),
    "a closed day of the weekend, closed before as well": (
        edited(special_days=(SpecialDays(FIRST + 2, FIRST + 2),)),
        ["callers notice nothing"],
        ["callers notice nothing"],
    ),
    "a special day with other hours": (
        edited(special_days=(SpecialDays(FIRST, FIRST, ((60, 120),)),)),
        ["2026-10-01: phones ring at other hours than before"],
        ["2026-10-01: phones ring at other hours than before"],
    ),
    "more special days than are shown": (
        edited(
            special_days=tuple(SpecialDays(FIRST + 7 * n, FIRST + 7 * n) for n in range(5, 0, -1))
        ),
        [f"2026-10-{day:02}: {SILENT}, before {RINGS}" for day in (8, 15, 22, 29)],
        [f"2026-10-{day:02}: {RINGS}, before {SILENT}" for day in (8, 15, 22, 29)],
    ),
    "the national calendar": (
        edited(national_calendar=True),
        ["public holidays and adjusted workdays are kept"],
        ["public holidays and adjusted workdays are not kept"],
    ),
    "a menu": (
        edited(menu=(MenuKey("main", "1", "queue"),)),
        ["callers hear another menu"],
        ["callers hear another menu"],
    ),
    "a code": (
        edited(pin=False),
        ["callers are asked for a code: no"],
        ["callers are asked for a code: none"],
    ),
    "no limit": (
        edited(concurrency_limit=None),
        ["calls at once, then busy: none"],
        ["calls at once, then busy: 10"],
    ),
    "an overflow phone": (
        edited(overflow="13900001111"),
        ["after all others this phone rings: 139****1111"],
        ["after all others this phone rings: none"],
    ),
    "a trunk's capacity": (
        edited(trunk_capacity=5),
        ["calls the trunk carries at once: 5"],
        ["calls the trunk carries at once: none"],
    ),
    "a forwarded landing": (
        edited(landing_forwarded=True),
        ["the landing number is forwarded, one call at a time: yes"],
        ["the landing number is forwarded, one call at a time: none"],
    ),
    "a recipient of messages": (
        edited(voicemail_recipient="Ada"),
        ["messages go to somebody else"],
        ["messages go to somebody else"],
    ),
    "recording": (
        edited(recording=True, recording_notice=False),
        ["calls are recorded: yes", "callers are told that they are recorded: no"],
        ["calls are recorded: none", "callers are told that they are recorded: none"],
    ),
    "another trunk": (
        edited(trunk="east"),
        ["calls land on another trunk"],
        ["calls land on another trunk"],
    ),
    "empty for not reported": (
        edited(extensions=(), overflow="", voicemail_recipient="", menu=()),
        ["callers notice nothing"],
        ["callers notice nothing"],
    ),
}


@pytest.mark.parametrize(("after", "done", "undone"), EDITS.values(), ids=EDITS)
def test_an_edit_and_its_undoing(after, done, undone):
    assert [message.text("en") for message in effect(PLAIN, after)] == done
    assert [message.text("en") for message in effect(after, PLAIN)] == undone
