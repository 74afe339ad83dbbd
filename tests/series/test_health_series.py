"""The health of a number as a series: every number once, and tickets show in it."""

import pytest

from agent.health.account import assess
from agent.health.faults import OpenFault
from agent.states import Capability, Health, NumberState
from tests.account_facts import B1, B2, NOW, changed, make_snapshot, number, polled
from tests.series.page import Page, samples

ONE, TWO, THREE = "4006220001", "4006220002", "4006220003"
STALE = NOW + 1000.0


def test_the_health_of_every_number_is_one_series_and_of_a_stale_account_unknown():
    page = Page()
    snapshot = make_snapshot(
        number(ONE), number(TWO, "suspended_arrears"), number(THREE), bindings={ONE: (B1, B2)}
    )
    family = "numwatch_number_health"
    shown = page.show(snapshot)
    assert samples(shown[family]) == {(ONE, "ok"): 1, (TWO, "down"): 1, (THREE, "unknown"): 1}
    assert page.show(changed(snapshot))[family] is shown[family]
    stale = samples(page.show(changed(snapshot), STALE)[family])
    assert stale == dict.fromkeys([(ONE, "unknown"), (TWO, "unknown"), (THREE, "unknown")], 1)


@pytest.mark.parametrize("state", ["idle", "preoccupied", "review", "review_rejected"])
def test_a_number_before_its_first_service_is_not_down(state):
    fallen = {TWO: (NumberState.ACTIVE, NumberState(state), NOW - 60)}
    snapshot = make_snapshot(number(ONE, state), number(TWO, state), previous_states=fallen)
    shown = samples(Page().show(snapshot)["numwatch_number_health"])
    assert shown[ONE, "not_opened"] == 1
    assert shown[TWO, "down"] == 1


def test_a_ticket_shows_in_the_health_of_its_number_also_among_the_abnormal():
    page = Page("abnormal")
    snapshot = make_snapshot(number(ONE), number(TWO))
    page.show(snapshot)
    faults = {TWO: (OpenFault("NW-1", "answer_rate", Health.DEGRADED),)}
    health = assess(page.result, NOW, faults)
    blocks = page.series.build(snapshot, page.result, NOW, health)
    shown = {block.family.name: samples(block) for block in blocks}
    assert shown["numwatch_number_health"] == {(TWO, "degraded"): 1}


def test_a_provider_that_never_tells_phones_has_no_abnormal_series_for_all_its_numbers():
    polls = {Capability.NUMBERS: polled()}
    shown = Page("abnormal").show(make_snapshot(number(ONE), bindings={}, polls=polls))
    assert "numwatch_number_health" not in shown
