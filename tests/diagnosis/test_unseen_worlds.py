"""Worlds drawn by chance: cause and party right in nearly all, and never wrong with confidence."""

import sys

import pytest

from tests.diagnosis.worlds.drawing import Drawn
from tests.diagnosis.worlds.runner import ScenarioRunner
from tests.diagnosis.worlds.unseen import Lottery
from tests.proof_size import is_full

WHOLE = is_full()
SEED, COUNT = 20270115, 230 if WHOLE else 23
BATCH = 40
RIGHT, SURE = 0.98, 0.8


async def verdicts_on(drawn: list[Drawn], folder) -> list[tuple[Drawn, object]]:
    """Each world with the verdict on it."""
    pairs = []
    for start in range(0, len(drawn), BATCH):
        chosen = drawn[start : start + BATCH]
        runner = ScenarioRunner([it.scenario for it in chosen], folder)
        pairs += zip(chosen, await runner.run(), strict=True)
    return pairs


@pytest.mark.timeout(1800)
async def test_worlds_drawn_by_chance_are_diagnosed_right(tmp_path) -> None:
    pairs = await verdicts_on(Lottery(SEED).draw(COUNT), tmp_path)
    lines = [
        f"{it.scenario.label}: said {verdict.cause} for {verdict.party}, {verdict.confidence:.2f}"
        for it, verdict in pairs
        if not it.is_right(verdict.cause) or not it.is_right_party(verdict.party)
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    surely_wrong = [
        it.scenario.label
        for it, verdict in pairs
        if not it.is_right_party(verdict.party) and verdict.confidence > SURE
    ]
    assert surely_wrong == []
    assert len(lines) <= (1 - RIGHT) * len(pairs), "\n".join(lines)
