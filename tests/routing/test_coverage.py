"""A week by the hour, with a caller and without."""

from datetime import date, datetime

import msgspec

from agent.model import Binding, Routing, SpecialDays, Window
from agent.routing.calendar import Calendar, DayKind
from agent.routing.caller import Caller
from agent.routing.coverage import week
from agent.routing.evaluate import Call, Setting, evaluate
from agent.routing.outcome import Treatment
from agent.states import Strategy

MONDAY = date(2026, 9, 28)
PHONES = (Binding("b1", ""), Binding("b2", ""))
NIGHT = Window((6,), 1320, 361, ("b1",))
EARLY = Window((0,), 0, 60, ("b2",))
ROUTING = Routing(Strategy.SEQUENTIAL, 20.0, schedule=(NIGHT, EARLY), blacklist=("139",))
SETTING = Setting(ROUTING, PHONES, Calendar(decree=lambda _day: DayKind.PLAIN))


def spans(day):
    return [
        (part.start, part.end, [leg.binding for leg in part.outcome.legs]) for part in day.stretches
    ]


def test_a_week_begins_on_its_first_day_and_windows_run_over_midnight():
    days = week(SETTING, MONDAY)
    assert [day.date for day in days] == [
        date.fromordinal(MONDAY.toordinal() + n) for n in range(7)
    ]
    monday, tuesday, sunday = days[0], days[1], days[6]
    assert spans(tuesday) == [(0, 1440, [])]
    assert spans(sunday) == [(0, 1320, []), (1320, 1440, ["b1"])]
    assert spans(monday) == [(0, 60, ["b1", "b2"]), (60, 361, ["b1"]), (361, 1440, [])]
    assert [leg.binding for leg in monday.at(0).legs] == ["b1", "b2"]
    assert [leg.binding for leg in monday.at(59).legs] == ["b1", "b2"]
    assert [leg.binding for leg in monday.at(60).legs] == ["b1"]
    assert monday.at(360).rings
    assert not monday.at(361).rings
    assert monday.picture == "█" * 13 + "·" * 35


def test_lists_stop_callers_and_not_hours():
    stopped = week(SETTING, MONDAY, Caller("13900001111"))
    assert {part.outcome.treatment for day in stopped for part in day.stretches} == {
        Treatment.NO_RIGHT
    }
    assert [len(day.stretches) for day in stopped] == [1] * 7
    assert week(SETTING, MONDAY, Caller("13800001111")) == week(SETTING, MONDAY)


def test_every_minute_of_the_week_has_the_outcome_of_a_call():
    holiday = SpecialDays(MONDAY.toordinal() + 2, MONDAY.toordinal() + 2, ((600, 660),))
    edited = msgspec.structs.replace(ROUTING, special_days=(holiday,), voicemail=True)
    setting = Setting(edited, PHONES, SETTING.calendar)
    for day in week(setting, MONDAY):
        for minute in range(0, 1440, 7):
            at = datetime(day.date.year, day.date.month, day.date.day, minute // 60, minute % 60)  # noqa: DTZ001 - the wall clock of the schedule's zone
            expected = evaluate(setting, Call(at), check_caller=False)
            found = day.at(minute)
            assert (found.treatment, found.legs) == (expected.treatment, expected.legs)
