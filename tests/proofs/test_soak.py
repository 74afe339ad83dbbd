"""Tickets opened and closed by the thousand: the agent costs at the end what it did before.

Processor time is compared by round of the rules, and only with the first half of the same run,
because machines differ; bytes, descriptors, threads and tasks are counted. The ledger keeps what
has been closed, so its size is compared by ticket. Memory grows with time until the rules' history
is full. The shipped rules look back for up to an hour, at an evaluation every fifteen seconds; here
it is one a second, so that they look back for two minutes at the most, and the history of all
metrics is as short.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.integration.alerting_peers import peers
from tests.integration.processes import ROOT, wait_until
from tests.proof_size import share, size
from tests.proofs.soak import CountingDesk, Figures, drifts, figures, table

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(size(900, 14400))]

TICKETS = size(180, 10_000)
BATCH = 250 if share() else 30
"""Numbers that break at once."""
NUMBERS = tuple(f"4006{place:06}" for place in range(BATCH))
WAIT = 240.0


@pytest.fixture
def desk() -> Iterator[CountingDesk]:
    made = CountingDesk()
    yield made
    made.stop()


def short_rules(folder: Path) -> Path:
    """A glob of the shipped rules, which look back for two minutes where they did for longer."""
    (folder / "rules").mkdir()
    for shipped in (ROOT / "alert_rules").glob("*.yml"):
        text = re.sub(r"\[(?:15m|1h)\]", "[2m]", shipped.read_text())
        assert not re.search(r"\[(?:\d+[hd]|[3-9]m|\d\d+m)\]", text.replace("[5m]", "[2m]"))
        (folder / "rules" / shipped.name).write_text(text.replace("[5m]", "[2m]"))
    return folder / "rules/*.yml"


def test_nothing_grows_with_the_tickets_that_were(tmp_path: Path, desk: CountingDesk) -> None:
    tasks, data = tmp_path / "tasks", tmp_path / "data"
    cycles: list[Figures] = []

    def adapt(settings: dict[str, Any]) -> None:
        settings["data_dir"] = str(data)
        settings["sinks"][0]["url"] = desk.url
        settings["tickets"]["reopen_window"] = 0
        settings["tickets"]["reconcile"] = 20
        settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], 1)
        settings["rules"] |= {"files": [str(short_rules(tmp_path))], "history": 120}

    program = ("tests.proofs.measured_agent", str(tasks))
    options: dict[str, Any] = {"numbers": NUMBERS, "program": program, "adapt": adapt}
    with peers(tmp_path, external=False, rounds=1, **options) as scene:
        for done in range(BATCH, TICKETS + 1, BATCH):
            for number in NUMBERS:
                scene.break_number(number)
            wait_until(lambda: len(desk.opened) == done, WAIT, f"{done} tickets are open")  # noqa: B023 - called at once
            for number in NUMBERS:
                scene.mend_number(number)
            wait_until(lambda: len(desk.closed) == done, WAIT, f"{done} tickets are closed")  # noqa: B023 - called at once
            cycles.append(figures(scene, done, tasks, data))
            (tmp_path / "figures.tsv").write_text(table(cycles))
    print(table(cycles))  # noqa: T201 - the figures are what the full run is for
    assert desk.twice == []
    assert drifts(cycles) == {}


STEADY = Figures(
    tickets=100,
    cpu=2.0,
    rounds=10,
    memory=200 * 2**20,
    descriptors=30,
    threads=8,
    tasks=25,
    disk=2**20,
)


def run_of(**growth: float) -> list[Figures]:
    """Figures of ten like cycles, in each of which some grow by more and more."""
    cycles = []
    for it in range(10):
        steady = replace(
            STEADY, tickets=100 * it, cpu=2.0 * it, rounds=10 * it, disk=(it + 1) * 2**20
        )
        grown = {name: getattr(steady, name) + by * it**2 for name, by in growth.items()}
        cycles.append(replace(steady, **grown))
    return cycles


@pytest.mark.parametrize(
    ("name", "by"),
    [
        *[("cpu", 0.3), ("memory", 2**19), ("disk", 2**17)],
        *[("descriptors", 1), ("threads", 1), ("tasks", 1)],
    ],
)
def test_what_grows_would_be_noticed(name: str, by: float) -> None:
    assert drifts(run_of()) == {}
    assert set(drifts(run_of(**{name: by}))) == {name}
