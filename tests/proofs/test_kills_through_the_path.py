"""``kill -9`` through the whole path, from the provider to the desk, by each source of alerts.

The real agent runs as a process between a simulated world and its desk. A number breaks for
every kill and is mended once the desk has its ticket. At the end every number must have had one
ticket that is closed and that never said "recovered" before the number was mended.
"""

import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerting_peers import peers
from tests.integration.processes import wait_until
from tests.proof_size import share, size
from tests.proofs.campaign import WAIT, Campaign, numbers_for, parts_of, verdict

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


@pytest.mark.parametrize(("part", "kills"), list(enumerate(parts_of(KILLS))))
@pytest.mark.parametrize("source", SOURCES if share("kills") else ["both"])
def test_kills_lose_double_and_end_nothing(
    tmp_path: Path, source: str, part: int, kills: int
) -> None:
    chance = random.Random(f"{source} {part} {kills}")
    options: dict[str, Any] = SOURCES[source]
    with peers(tmp_path, numbers=numbers_for(kills), **options) as scene:
        campaign = Campaign(scene, kills, chance)
        campaign.run()
        assert {kind: found for kind, found in campaign.verdict().items() if found} == {}
        print(f"{source}: {campaign.killed} kills, {len(campaign.mended)} faults")  # noqa: T201 - the figure is what the full run is for


def ticket(number: str, *kinds: str) -> dict[str, Any]:
    deliveries = [{"type": f"ticket.{kind}", "repeats": 0} for kind in kinds]
    return {
        "id": f"NW-{number}",
        "number": number,
        "symptom": "number_down",
        "stage": kinds[-1],
        "deliveries": deliveries,
    }


@pytest.mark.parametrize(
    ("kind", "desk"),
    [
        ("lost", []),
        ("doubled", [ticket("1", "opened", "closed"), ticket("1", "opened", "closed")]),
        ("doubled", [ticket("1", "opened", "opened", "closed")]),
        ("left open", [ticket("1", "opened")]),
        ("false recoveries", [ticket("1", "opened", "closed", "reopened", "closed")]),
        ("without a fault", [ticket("1", "opened", "closed"), ticket("2", "opened", "closed")]),
    ],
)
def test_what_a_kill_could_do_would_be_noticed(kind: str, desk: list[dict[str, Any]]) -> None:
    assert [it for it, found in verdict(desk, ["1"]).items() if found] == [kind]
    whole = [ticket("1", "opened", "closed")]
    assert not any(verdict(whole, ["1"]).values())
    assert verdict(whole, ["1"], early=["1"])["false recoveries"] == ["1"]
    another = [*whole, ticket("2", "opened", "closed")]
    assert not any(verdict(another, ["1"], brings=[another[1]["symptom"]]).values())
    assert verdict(another, ["1"], brings=["something else"])["without a fault"]


def test_an_agent_that_forgets_its_ledger_is_found_out(tmp_path: Path) -> None:
    (number,) = numbers_for(1)

    def adapt(settings: dict[str, Any]) -> None:
        settings["data_dir"] = str(tmp_path / "data")

    with peers(tmp_path, numbers=[number], external=False, adapt=adapt) as scene:
        scene.break_number(number)
        scene.one_ticket(number)
        scene.agent.kill()
        shutil.rmtree(tmp_path / "data")
        scene.agent.start()
        wait_until(lambda: verdict(scene.desk(), [number])["doubled"], WAIT, "it has two")
