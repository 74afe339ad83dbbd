"""When an answer of Alertmanager's is believed: pure."""

import pytest
from msgspec.structs import replace

from agent.webhooks.alertmanager.comparison import Answer, Differences, Repair, Suspicion, compare
from agent.webhooks.alertmanager.listing import Listed
from agent.webhooks.alertmanager.record import Record, Standing
from agent.webhooks.alertmanager.source_alert import SourceAlert
from tests.webhooks.conftest import FOREIGN, START

NAME = "f"
FIRING = Record(NAME, FOREIGN, {}, Standing.FIRING, START, START, changed_at=START)
OVER = replace(FIRING, standing=Standing.OVER, ended_at=START + 1)
ENDING = replace(FIRING, standing=Standing.ENDING, ended_at=START + 1)
LISTED = {
    NAME: Listed(SourceAlert(NAME, FOREIGN, {}, True, START, None), frozenset({"r"}), silent=False)
}


def answers(
    record: Record | None,
    *told: tuple[float, bool, bool],
) -> Differences:
    """What the last of some answers puts right; each is asked for at, settled, lists it."""
    records = {} if record is None else {NAME: record}
    found = Differences({}, {}, Suspicion())
    for at, settled, lists in told:
        answer = Answer(LISTED if lists else {}, START + at, settled)
        found = compare(records, answer, found.suspicion, _all, START + at + 0.5)
        records.update(found.changed)
    return found


def _all(_receivers: frozenset[str]) -> bool:
    return True


@pytest.mark.parametrize(
    ("told", "repairs"),
    [
        ([(1, True, False)], {}),
        ([(1, True, False), (2, True, False)], {NAME: Repair.LOST_RESOLVE}),
        ([(1, True, False), (2, True, True), (3, True, False)], {}),
        ([(1, True, False), (2, False, False)], {}),
        ([(1, False, False), (2, True, False)], {}),
        ([(1, False, False), (2, False, False), (3, False, False)], {}),
        ([(-1, True, False), (2, True, False)], {}),
        ([(-2, True, False), (-1, True, False)], {}),
    ],
    ids=[
        "one answer is not enough",
        "two are",
        "two in a row",
        "it was restarted in between",
        "it had just begun",
        "it keeps restarting",
        "told after the first was asked for",
        "told after both were asked for",
    ],
)
def test_a_firing_that_is_not_listed(
    told: list[tuple[float, bool, bool]], repairs: dict[str, Repair]
) -> None:
    assert answers(FIRING, *told).repairs == repairs


@pytest.mark.parametrize("record", [None, OVER, ENDING], ids=["unknown", "over", "ending"])
def test_what_is_listed_and_does_not_fire_here(record: Record | None) -> None:
    assert answers(record, (1, True, True)).repairs == {}
    found = answers(record, (1, True, True), (2, True, True))
    assert found.repairs == {NAME: Repair.LOST_FIRING}
    assert found.changed[NAME].standing is Standing.FIRING


def test_a_resolve_newer_than_the_first_answer_is_believed_over_it() -> None:
    resolved = replace(OVER, changed_at=START + 1.5)
    assert answers(resolved, (1, True, True), (2, True, True)).repairs == {}


def test_a_resolve_told_is_confirmed_by_one_answer_after_it() -> None:
    assert answers(ENDING, (1, False, False)).repairs == {NAME: Repair.CONFIRMED}
    assert answers(replace(ENDING, changed_at=START + 1), (1, True, False)).repairs == {}
