"""The catalogue of scenarios: correct cause and party, and never wrong with confidence."""

import sys
from collections import Counter
from time import process_time

import pytest

from agent.states import Cause
from tests.diagnosis.worlds.catalogue import catalogue
from tests.diagnosis.worlds.runner import ScenarioRunner
from tests.proof_size import is_full

RIGHT = 0.98
BATCH = 40
"""So many scenarios run in one world."""
ONE_INTERFACE: set[Cause] = set()
"""Causes that only one kind of interface can show."""
STOP_NO_CALL = {
    *(Cause.NUMBER_MARKED, Cause.RECORDINGS_EXPIRING, Cause.CHARGES_UNEXPLAINED),
}
"""Causes that stop no call to a number, so that no world of calls shows them."""
SURE = 0.8


WHOLE = is_full()
"""Whether all scenarios run; else some of those that vary others are left out."""


@pytest.mark.timeout(1800)
async def test_the_catalogue_is_diagnosed_right(tmp_path):
    scenarios = catalogue(whole=WHOLE)
    assert len(scenarios) >= 120
    began = process_time()
    verdicts = [
        verdict
        for start in range(0, len(scenarios), BATCH)
        for verdict in await ScenarioRunner(scenarios[start : start + BATCH], tmp_path).run()
    ]
    pairs = list(zip(scenarios, verdicts, strict=True))
    wrong = [
        f"{scenario.label}: said {verdict.cause} for {verdict.party}, {verdict.confidence:.2f}"
        for scenario, verdict in pairs
        if (verdict.cause, verdict.party) != (scenario.cause, scenario.party)
    ]
    surely_wrong = [
        scenario.label
        for scenario, verdict in pairs
        if verdict.party != scenario.party and verdict.confidence > SURE
    ]
    total, right = Counter(s.cause for s in scenarios), len(scenarios) - len(wrong)
    lines = [f"{right} of {len(scenarios)} right, {process_time() - began:.1f} s of CPU", *wrong]
    sys.stdout.write("\n".join(lines) + "\n")
    assert surely_wrong == []
    assert right >= RIGHT * len(scenarios), "\n".join(wrong)
    assert set(total) == set(Cause) - STOP_NO_CALL


def test_the_catalogue_has_noise_two_faults_and_missing_facts():
    labels = [scenario.label for scenario in catalogue()]
    assert len(labels) >= 600
    assert len([label for label in labels if "no noise" not in label]) >= 200
    assert len({label for label in labels if "heard otherwise" in label}) >= 4


def test_every_cause_is_seen_from_two_sides():
    sides = {cause: set() for cause in Cause}
    for scenario in catalogue():
        sides[scenario.cause].add((scenario.providers[0]["dialect"], scenario.view))
    one_sided = {cause for cause, seen in sides.items() if len(seen) < 2} - STOP_NO_CALL
    assert one_sided <= ONE_INTERFACE
