"""``kill -9`` through the whole path while the disk, the ledger, the clock or the rules fail too.

As in ``test_kills_through_the_path.py``, with the embedded rules. The trouble begins while the
agent lives, lasts over the kill and half of the time over the next start, and passes.
"""

import random
from collections.abc import Collection
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerting_peers import peers
from tests.ledger_trouble import small_disk
from tests.proof_size import size
from tests.proofs.campaign import WAIT, Campaign, numbers_for
from tests.proofs.preload import Clock
from tests.proofs.troubles import FullDisk, LockedLedger, RulesGone, SetClock, is_watched

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.timeout(size(600, 14400, "kills")),
]

KILLS = size(2, 125, "kills")
NUMBERS = numbers_for(KILLS)
REFUSAL = "X-Timestamp is more than"
"""What a provider says that refuses what was signed by another clock: set twice while an agent
signs its first requests, the clock brings that, and it is a fault."""
WITH_TICKETS = 0.7
"""Share of the times after the first that rules go when every fault has its ticket."""


def assert_nothing_went_wrong(campaign: Campaign) -> None:
    campaign.run()
    assert {kind: found for kind, found in campaign.verdict().items() if found} == {}
    print(f"{campaign.killed} kills, {len(campaign.mended)} faults")  # noqa: T201 - the figure is what the full run is for


def test_while_the_ledger_is_locked(tmp_path: Path) -> None:
    data = tmp_path / "data"

    def adapt(settings: dict[str, Any]) -> None:
        settings["data_dir"] = str(data)

    with peers(tmp_path, external=False, numbers=NUMBERS, adapt=adapt) as scene:
        trouble = LockedLedger(data / "ledger.db")
        assert_nothing_went_wrong(Campaign(scene, KILLS, random.Random(KILLS), trouble))


def test_while_the_disk_is_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", f"{8 + KILLS // 5}m") as disk:

        def adapt(settings: dict[str, Any]) -> None:
            settings["data_dir"] = str(disk / "data")

        with peers(tmp_path, external=False, numbers=NUMBERS, adapt=adapt) as scene:
            campaign = Campaign(scene, KILLS, random.Random(KILLS), FullDisk(disk))
            assert_nothing_went_wrong(campaign)


def symptoms_of_refusals(folder: Path) -> Collection[str]:
    """Of what there is a fault where an agent was refused for its clock; else of nothing."""
    logs = (log.read_text(errors="replace") for log in folder.glob("agent.*.log"))
    return {"provider_api"} if any(REFUSAL in it for it in logs) else ()


def test_while_the_clock_is_set(tmp_path: Path) -> None:
    clock = Clock(tmp_path)
    with peers(tmp_path, external=False, numbers=NUMBERS, clock=clock.command) as scene:
        trouble, chance = SetClock(clock), random.Random(KILLS)
        refused = partial(symptoms_of_refusals, tmp_path)
        assert_nothing_went_wrong(Campaign(scene, KILLS, chance, trouble, brings=refused))


def test_while_rules_are_taken_away(tmp_path: Path) -> None:
    troubles: list[RulesGone] = []

    def adapt(settings: dict[str, Any]) -> None:
        settings["data_dir"] = str(tmp_path / "data")
        troubles.append(RulesGone.in_folder(tmp_path / "rules.d", settings))

    with peers(tmp_path, external=False, numbers=NUMBERS, adapt=adapt) as scene:
        campaign = Campaign(scene, KILLS, random.Random(KILLS))

        def all_settled(*arguments: Any) -> AbstractContextManager[None]:
            # A ticket whose rule goes while its recovery is held waits for a person, and should.
            if campaign.mended:
                scene.closed(*campaign.mended, within=WAIT)
            # Else the rules would be away before there is any ticket, as they may be at times.
            if not campaign.killed or campaign.chance.random() < WITH_TICKETS:
                for number in campaign.broken:
                    scene.one_ticket(number)
            return troubles[0](*arguments)

        campaign.trouble = all_settled
        campaign.may_mend = lambda number: is_watched(scene, tmp_path / "data/ledger.db", number)
        assert_nothing_went_wrong(campaign)
        timelines = [entry["event"] for it in scene.desk() for entry in it["timeline"]]
        assert "rule_gone" in timelines
        assert "watched_again" in timelines
