"""Replicas are killed and stopped at any moment, under load: nothing is lost, nothing is doubled.

At full size alone, directly and through PgBouncer; one kill and one stop are in test_replicas. The
leases of what was killed are ended in the database, but for every tenth, which is waited for.
Negative control: without the fence, what was stopped within a transaction writes over its successor
(:func:`test_without_the_fence_stale_states_are_written`).
"""

import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes import kill
from tests.proof_size import size
from tests.replicas.alert_load import Load, each_by_itself, tickets_of, undelivered
from tests.replicas.fleet_state import RECORD_STALE_WRITES, end_leases_of, held_by, is_divided
from tests.replicas.replica_fleet import (
    PREPARED,
    ReplicaFleet,
    ReplicaProcess,
    replica_fleet,
    world,
)
from tests.replicas.ways import WAYS, new_database

KILLS = size(0, 100, "kills")
STOPS = size(0, 40)
ACCOUNTS = 6
NUMBERS = 6 * KILLS
NUMBERS_A_SECOND = 5.0
"""How many numbers of an account are polled in a second."""
PATIENCE = 180.0
LONGEST_LOAD = 900.0
SLOW = "tests.replicas.slow_agent"


@contextmanager
def a_fleet(
    request: pytest.FixtureRequest,
    folder: Path,
    way: str,
    prepared: str = PREPARED,
    numbers: int = ACCOUNTS,
) -> Iterator[ReplicaFleet]:
    """Three replicas, of accounts with ``numbers`` numbers in all."""
    postgresql = request.getfixturevalue("postgresql")
    of_each = -(-numbers // ACCOUNTS)

    def change(settings: dict[str, Any]) -> None:
        each_by_itself(settings)
        # However many numbers there are, they are asked for at one rate: the load is the alerts.
        interval = max(2.0, of_each / NUMBERS_A_SECOND)
        settings["polling"]["intervals"] = dict.fromkeys(settings["polling"]["intervals"], interval)

    with (
        new_database(request, way) as store,
        replica_fleet(
            folder, postgresql, store, change, world(ACCOUNTS, of_each), prepared
        ) as fleet,
    ):
        fleet.start(3)
        fleet.sql(RECORD_STALE_WRITES)
        yield fleet


@pytest.mark.skipif(not KILLS, reason="a campaign of the full size; one kill is in test_replicas")
@pytest.mark.parametrize("way", WAYS)
def test_whoever_is_killed_loses_nothing_and_doubles_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, way: str
) -> None:
    chance = random.Random(f"kills {way}")
    with a_fleet(request, tmp_path, way, numbers=NUMBERS) as fleet:
        fleet.until(lambda: is_divided(fleet), "nothing is divided")
        load = Load(fleet, NUMBERS, ACCOUNTS, chance)
        for count in range(KILLS):
            time.sleep(chance.uniform(0.1, 1.5))
            killed = chance.choice(fleet.living)
            kill(killed.process)
            if count % 10 < 9:
                end_leases_of(fleet, killed)
            fleet.start()
        load.finish(LONGEST_LOAD)
        fleet.until(lambda: is_divided(fleet), "not one owner each", PATIENCE)
        missing = set(load.acknowledged)
        fleet.until(lambda: not missing - tickets_of(fleet).keys(), "a ticket is lost", PATIENCE)
        found = tickets_of(fleet)
        assert found == Counter(load.acknowledged), "a ticket is doubled"
        fleet.until(lambda: not undelivered(fleet), "not every ticket was delivered", PATIENCE)
        repeats = sum(fleet.desk.repeats().values())
        figures = {"kills": KILLS, "alerts": len(found), "refused": load.refused}
        figures["longest seconds of an alert"] = round(load.longest)
        request.node.user_properties += [*figures.items(), ("repeats", repeats)]
        assert repeats <= KILLS
        assert fleet.sql("SELECT * FROM stale_writes") == []


def stop_and_resume(fleet: ReplicaFleet, chance: random.Random, *, waits: bool) -> None:
    """Stop one past its leases, and let it go on when all it had is another's."""
    fleet.until(lambda: is_divided(fleet), "nothing is divided", PATIENCE)
    time.sleep(chance.uniform(0.0, 2.0))
    # By the database: one that is about to end, or has just begun, answers nobody.
    stopped = chance.choice([it for it in fleet.living if held_by(fleet, it)])
    stopped.process.send_signal(signal.SIGSTOP)
    try:
        # Now that it can give nothing away.
        had = held_by(fleet, stopped)
        if not waits:
            end_leases_of(fleet, stopped)
        fleet.until(lambda: _are_taken_over(fleet, stopped, had), "not taken over", PATIENCE)
        fleet.until(lambda: _is_written(fleet), "the successors write nothing", PATIENCE)
    finally:
        stopped.process.send_signal(signal.SIGCONT)
    if had:
        fleet.until(lambda: _has_noticed(stopped), "it has not noticed", PATIENCE)
    if stopped.process.poll() is not None or len(fleet.living) < 3:
        fleet.start(3 - len(fleet.living))


def _are_taken_over(fleet: ReplicaFleet, former: ReplicaProcess, had: set[str]) -> bool:
    """Whether others hold all of ``had``: a lease that is only over may be renewed yet."""
    holders = fleet.holders()
    return had <= holders.keys() and str(former.process.pid) not in holders.values()


def _is_written(fleet: ReplicaFleet) -> bool:
    epochs = fleet.sql(
        "SELECT 1 FROM leases l LEFT JOIN account_states s ON l.epoch = s.epoch"
        " AND l.name = 'account:' || s.provider || '/' || s.account AND s.part = 'handover'"
        " WHERE l.name LIKE 'account:%' AND s.epoch IS NULL"
    )
    return not epochs


def _has_noticed(replica: ReplicaProcess) -> bool:
    return replica.process.poll() is not None or "leases_expired" in replica.log


@pytest.mark.skipif(not STOPS, reason="a campaign of the full size; one stop is in test_replicas")
@pytest.mark.parametrize("way", WAYS)
def test_whoever_was_stopped_past_its_leases_writes_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, way: str
) -> None:
    chance = random.Random(f"stops {way}")
    with a_fleet(request, tmp_path, way, SLOW) as fleet:
        for count in range(STOPS):
            stop_and_resume(fleet, chance, waits=count % 10 == 9)
        ended = sum(it.log.count("stopped_writers_ended") for it in fleet.replicas)
        request.node.user_properties += [("stops", STOPS), ("stopped writers ended", ended)]
        assert fleet.sql("SELECT * FROM stale_writes") == []


@pytest.mark.skipif(not STOPS, reason="a campaign of the full size")
def test_without_the_fence_stale_states_are_written(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random("unfenced")
    monkeypatch.setenv("NUMWATCH_UNFENCED", "1")
    with a_fleet(request, tmp_path, "direct", SLOW) as fleet:
        stops = 0
        while fleet.sql("SELECT * FROM stale_writes") == []:
            assert stops < STOPS, "no stale write without the fence"
            stop_and_resume(fleet, chance, waits=False)
            stops += 1
        request.node.user_properties.append(("stops until a stale write", stops))
