"""``kill -9`` through the whole path, from the provider to the desk, by each source of alerts.

The real agent runs as a process between a simulated world and its desk. A number breaks for
every kill and is mended once the desk has its ticket. At the end every number must have had one
ticket that is closed and that never said "recovered" before the number was mended.
"""

import random
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerting_peers import peers
from tests.proof_size import size
from tests.proofs.campaign import Campaign, numbers_for, verdict

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(size(600, 14400, "kills")),
]

KILLS = size(2, 500, "kills")
SOURCES = {
    "rules": {"embedded": True, "external": False},
    "alertmanager": {"embedded": False, "external": True},
    "both": {"embedded": True, "external": True},
}


@pytest.mark.parametrize("source", SOURCES)
def test_kills_lose_double_and_end_nothing(tmp_path: Path, source: str) -> None:
    chance = random.Random(f"{source} {KILLS}")
    options: dict[str, Any] = SOURCES[source]
    with peers(tmp_path, numbers=numbers_for(KILLS), **options) as scene:
        campaign = Campaign(scene, KILLS, chance)
        campaign.run()
        assert {kind: found for kind, found in campaign.verdict().items() if found} == {}
        print(f"{source}: {campaign.killed} kills, {len(campaign.mended_at)} faults")  # noqa: T201 - the figure is what the full run is for


def ticket(number: str, *kinds: str, at: str = "2026-11-28T12:00:10+00:00") -> dict[str, Any]:
    deliveries = [{"type": f"ticket.{kind}", "at": at, "repeats": 0} for kind in kinds]
    stage = kinds[-1] if kinds else "opened"
    return {"id": f"NW-{number}", "number": number, "stage": stage, "deliveries": deliveries}


@pytest.mark.parametrize(
    ("kind", "desk"),
    [
        ("lost", []),
        ("doubled", [ticket("1", "opened", "closed"), ticket("1", "opened", "closed")]),
        ("doubled", [ticket("1", "opened", "opened", "closed")]),
        ("left open", [ticket("1", "opened")]),
        ("false recoveries", [ticket("1", "opened", "closed", at="2026-11-28T11:59:00+00:00")]),
        ("false recoveries", [ticket("1", "opened", "closed", "reopened", "closed")]),
        ("without a fault", [ticket("1", "opened", "closed"), ticket("2", "opened", "closed")]),
    ],
)
def test_what_a_kill_could_do_would_be_noticed(kind: str, desk: list[dict[str, Any]]) -> None:
    mended_at = 1795867205.0  # 2026-11-28 12:00:05 UTC
    assert [it for it, found in verdict(desk, {"1": mended_at}).items() if found] == [kind]
    assert not any(verdict([ticket("1", "opened", "closed")], {"1": mended_at}).values())
