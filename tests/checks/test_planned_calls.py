"""Which numbers plans call: those selected that are in use, by their shortest interval."""

import pytest

from agent.checks.number_columns import AccountDefaults, NumberColumns
from agent.checks.planned_calls import PlannedByNumber, PlannedCalls
from agent.config.dial import Dial
from agent.model import Number
from agent.states import Grade, NumberState

NORTH = ("north", "hq")
NUMBERS = (
    Number("4006220001", NumberState.ACTIVE, grade=Grade.AAA),
    Number("4006220002", NumberState.SUSPENDED_ARREARS),
    Number("4006220003", NumberState.RECLAIMED, grade=Grade.AAA),
    Number("4006220004", NumberState.UNKNOWN),
)
NAMES = [it.number for it in NUMBERS]
COLUMNS = NumberColumns.read(NUMBERS, AccountDefaults(None, None))


def planned(*plans: dict[str, object], key: tuple[str, str] = NORTH) -> PlannedByNumber:
    written = [{"name": f"p{it}", "callers": ["one"]} | plan for it, plan in enumerate(plans)]
    return PlannedCalls(Dial.model_validate({"plans": written})).of(key, NAMES, COLUMNS)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ({"accounts": ["north/hq"]}, ["4006220001", "4006220002", "4006220004"]),
        ({"accounts": ["south/hq"]}, []),
        ({"grades": ["AAA"]}, ["4006220001"]),
        ({"numbers": ["4006220002", "4006220003"]}, ["4006220002"]),
        ({"numbers": ["4006220002"], "grades": ["AAA"]}, []),
    ],
)
def test_what_a_plan_selects(selection: dict[str, object], expected: list[str]) -> None:
    assert list(planned(selection)) == expected, "what may be a stranger's is never called"


def test_of_several_plans_the_most_frequent_holds_for_each_caller() -> None:
    calls = planned(
        {"grades": ["AAA"], "every": "1d"},
        {"numbers": ["4006220001"], "every": "1h", "callers": ["one", "two"]},
    )["4006220001"]
    assert [(it.caller, it.plan, it.every) for it in calls] == [
        ("one", "p1", 3600.0),
        ("two", "p1", 3600.0),
    ]


def test_the_same_object_is_returned_while_nothing_changes() -> None:
    plans = PlannedCalls(
        Dial.model_validate({"plans": [{"name": "p", "callers": ["one"], "grades": ["AAA"]}]})
    )
    first = plans.of(NORTH, NAMES, COLUMNS)
    assert plans.of(NORTH, NAMES, COLUMNS) is first
    assert plans.of(NORTH, list(NAMES), COLUMNS) is first
