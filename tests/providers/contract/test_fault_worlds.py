"""The fault worlds of the diagnosis, seen through each API.

The verdict is the same wherever the page says that the API carries the fact. Where it does not,
the verdict is ``unknown``, or what the API's coarser words say, or that the number is in service
with no more confidence than a listing gives: never another cause. Calls that never reached the
provider leave nothing that could be told from no calls at all.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.diagnosis.deciders.healthy import LISTED_ONLY
from agent.states import Cause
from agent.verdict import Verdict
from tests.diagnosis.worlds.catalogue import PLAIN, plain_cases
from tests.diagnosis.worlds.runner import Interface, ScenarioRunner
from tests.diagnosis.worlds.scenario import Scenario
from tests.proof_size import is_full
from tests.providers.contract.subject import Subject
from tests.providers.contract.subjects import LISTING

SAMPLE = frozenset(
    {
        Cause.NUMBER_SUSPENDED_ARREARS,
        Cause.NUMBER_SUSPENDED_VIOLATION,
        Cause.NUMBER_RECLAIMED,
        Cause.NETWORK_STATE_MISMATCH,
        Cause.BALANCE_EXHAUSTED,
        Cause.NO_BINDING,
        Cause.BINDING_ARREARS,
        Cause.BINDING_OFF,
        Cause.BINDING_NO_ANSWER,
        Cause.SCHEDULE_CLOSED,
        Cause.CAPACITY_EXCEEDED,
        Cause.MONITORING_BLIND,
    }
)
"""Causes of which one scenario is run; all of all causes at full size."""
BY_CHANCE = ("half", "now and then")
"""In the names of scenarios in which chance decides what the newest calls show."""
NOT_LISTED = {Cause.NUMBER_IN_REVIEW: Cause.NUMBER_RECLAIMED}
"""Most APIs list numbers that are somebody's: from there they look alike."""
NEEDS: dict[Cause, set[str]] = {
    Cause.NUMBER_SUSPENDED_ARREARS: {"number.reason of suspension"},
    Cause.NUMBER_SUSPENDED_VIOLATION: {"number.reason of suspension"},
    Cause.NUMBER_SUSPENDED_REQUESTED: {"number.reason of suspension"},
    Cause.BALANCE_EXHAUSTED: {"number.reason of suspension", "balance.amount"},
    Cause.NETWORK_STATE_MISMATCH: {"number.network_state"},
    Cause.SCHEDULE_CLOSED: {"routing.schedule"},
    Cause.LIST_BLOCKS_CALLER: {"routing.lists"},
    Cause.WHITELIST_BLOCKS_CALLER: {"routing.lists"},
    Cause.CONFIG_CHANGED: {"routing.schedule", "routing.lists", "routing.wait"},
    Cause.NO_BINDING: {"phone.number"},
    **{cause: {"phone.state"} for cause in Cause if cause.startswith("binding_")},
    Cause.MONITORING_BLIND: set(),
}
"""The facts without which a cause cannot be known; of others nothing is demanded."""


def scenarios(subject: Subject) -> list[Scenario]:
    """Scenarios of the catalogue at a provider with the API of ``subject``."""
    remaining = set(SAMPLE)
    chosen = []
    for scenario in _plain():
        if is_full() or scenario.cause in remaining:
            remaining.discard(scenario.cause)
            here = tuple({**it, "dialect": subject.name} for it in scenario.providers)
            # A number that is not listed any more is gone after two listings.
            chosen.append(replace(scenario, providers=here, polls=2))
    return chosen


def _plain() -> Iterator[Scenario]:
    for scenario in plain_cases():
        dialects = {it["dialect"] for it in scenario.providers}
        by_chance = any(words in scenario.name for words in BY_CHANCE)
        is_plain = scenario.noise == PLAIN and not scenario.view and not by_chance
        if is_plain and dialects == {"generic"}:
            yield scenario


def is_carried(subject: Subject, cause: Cause) -> bool:
    """Whether the page says that the API carries what ``cause`` is known by."""
    needed = NEEDS.get(cause)
    return needed is not None and needed <= subject.facts - subject.approximate


def is_right(subject: Subject, scenario: Scenario, verdict: Verdict) -> bool:
    """Whether the verdict is the true one, or no wrong one where the API does not tell."""
    if verdict.cause == scenario.cause:
        return True
    if is_carried(subject, scenario.cause):
        return False
    if verdict.cause == Cause.HEALTHY:
        is_untraced = scenario.cause in subject.untraced
        return is_untraced or verdict.confidence <= LISTED_ONLY
    coarser = {**NOT_LISTED, **subject.coarser}
    return verdict.cause in {Cause.UNKNOWN, coarser.get(scenario.cause)}


@pytest.mark.parametrize(
    "subject",
    # The generic dialect is the one of the catalogue's own test.
    [it for it in LISTING if it.name != "generic"],
    ids=lambda it: it.name,
    indirect=True,
)
async def test_no_verdict_is_wrong_through_any_api(subject: Subject, tmp_path: Path) -> None:
    chosen = scenarios(subject)
    interface = Interface(subject.credentials, subject.options, bool(subject.inventory))
    verdicts = await ScenarioRunner(chosen, tmp_path, interface).run()
    pairs = list(zip(chosen, verdicts, strict=True))
    wrong = [
        f"{scenario.cause}, {scenario.name}: said {verdict.cause} ({verdict.confidence:.2f})"
        for scenario, verdict in pairs
        if not is_right(subject, scenario, verdict) and scenario.cause not in subject.misjudged
    ]
    assert wrong == []
    equal = {scenario.cause for scenario, verdict in pairs if verdict.cause == scenario.cause}
    carried = {scenario.cause for scenario in chosen if is_carried(subject, scenario.cause)}
    assert carried - subject.misjudged <= equal
