"""Replicas are replaced by those of the next version, which changes the schema, under load.

The former ones go on beside the newer schema until they are ended (docs/scale.md, "Upgrade without
a gap"); one of them that is started again refuses, and the others have its work. Negative control:
a column that they do not fill stops them
(:func:`test_a_column_that_the_former_version_does_not_fill_would_be_noticed`).
"""

import random
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.integration.processes import kill
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import is_full, size
from tests.replicas.alert_load import HOOK, Load, each_by_itself, tickets_of, undelivered
from tests.replicas.fleet_state import (
    RECORD_STALE_WRITES,
    alert_about,
    end_leases_of,
    holder,
    is_divided,
)
from tests.replicas.newer_agent import MIGRATIONS, NEWER, write_newer_migrations
from tests.replicas.replica_fleet import (
    START,
    ReplicaFleet,
    ReplicaProcess,
    number_of,
    replica_fleet,
    world,
)
from tests.replicas.ways import WAYS, new_database

ACCOUNTS = 6
NUMBERS = size(30, 300)
FORMER = size(2, 3)
"""Replicas of the present version at the beginning; each but one is replaced."""
PATIENCE = 180.0
LONGEST_LOAD = 900.0
NEXT_VERSION = (sys.executable, "-m", "tests.replicas.newer_agent")

pytestmark = pytest.mark.timeout(size(600, 3600))


@pytest.fixture(params=WAYS if is_full() else ("pgbouncer",))
def fleet(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    postgresql: PostgresqlServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[ReplicaFleet]:
    write_newer_migrations(tmp_path / "newer")
    monkeypatch.setenv(MIGRATIONS, str(tmp_path / "newer"))
    plan = world(ACCOUNTS, -(-(NUMBERS + 1) // ACCOUNTS))
    with (
        new_database(request, request.param) as store,
        replica_fleet(tmp_path, postgresql, store, each_by_itself, plan) as made,
    ):
        made.start(FORMER)
        made.sql(RECORD_STALE_WRITES)
        yield made


def test_the_former_version_goes_on_until_it_is_ended(
    fleet: ReplicaFleet, request: pytest.FixtureRequest
) -> None:
    former = list(fleet.living)
    fleet.until(lambda: is_divided(fleet), "nothing is divided", PATIENCE)
    load = Load(fleet, NUMBERS, ACCOUNTS, random.Random("upgrade"))
    fleet.start(before=NEXT_VERSION)
    assert fleet.sql("SELECT version_num FROM alembic_version") == [NEWER]
    further = go_on_beside(fleet, former, load)
    assert holder(fleet, "role:tickets") in former
    refuses_to_start_again(fleet, former.pop(0))
    for replica in former:
        fleet.start(before=NEXT_VERSION)
        replica.process.send_signal(signal.SIGTERM)
        assert replica.process.wait(60) == 0, replica.log[-2000:]
        fleet.until(lambda: is_divided(fleet), "its accounts are nobody's", PATIENCE)
    load.finish(LONGEST_LOAD)
    alerts = [*load.acknowledged, further]
    missing = set(alerts)
    fleet.until(lambda: not missing - tickets_of(fleet).keys(), "a ticket is lost", PATIENCE)
    assert tickets_of(fleet) == Counter(alerts), "a ticket is doubled"
    fleet.until(lambda: not undelivered(fleet), "not every ticket was delivered", PATIENCE)
    repeats = sum(fleet.desk.repeats().values())
    figures = {"alerts": len(alerts), "refused": load.refused, "repeats": repeats}
    request.node.user_properties += [*figures.items(), ("replaced", len(former))]
    assert repeats <= 1, "one was killed"
    assert fleet.sql("SELECT * FROM stale_writes") == []
    assert fleet.sql("SELECT DISTINCT newer FROM outbox") == ["7"]


def go_on_beside(fleet: ReplicaFleet, former: Sequence[ReplicaProcess], load: Load) -> str:
    """All poll, take alerts, decide and deliver; the number of an alert that each has taken."""
    fleet.until(lambda: is_divided(fleet), "the newer schema stops the polls", PATIENCE)
    for replica in former:
        if replica.accounts():
            before = _written_by(replica, fleet)
            fleet.until(
                lambda replica=replica, before=before: _written_by(replica, fleet) != before,
                "a former one writes no states any more",
                PATIENCE,
            )
    number, account = number_of(NUMBERS), f"a{NUMBERS % ACCOUNTS}"
    taken = len(load.acknowledged)
    for replica in fleet.living:
        assert replica.post(HOOK, alert_about(number, account)) == 200
    fleet.until(lambda: len(tickets_of(fleet)) > taken, "nothing is decided", PATIENCE)
    fleet.until(lambda: not undelivered(fleet), "nothing is delivered", PATIENCE)
    return number


def _written_by(replica: ReplicaProcess, fleet: ReplicaFleet) -> list[str]:
    """How often what it holds was written, as one figure."""
    return fleet.sql(
        "SELECT sum(s.revision) FROM account_states s JOIN leases l"
        " ON l.name = 'account:' || s.provider || '/' || s.account AND l.epoch = s.epoch"
        f" WHERE l.place LIKE '%process {replica.process.pid}'"
    )


def refuses_to_start_again(fleet: ReplicaFleet, former: ReplicaProcess) -> None:
    """Kill one, and start the same version again."""
    kill(former.process)
    if not is_full():
        end_leases_of(fleet, former)
    again = fleet.launch()
    assert again.process.wait(START) == 2, again.log[-2000:]
    assert f"written by a newer numwatch (its schema is {NEWER}" in again.log
    assert "Traceback" not in again.log
    pid = again.process.pid
    assert fleet.sql(f"SELECT name FROM leases WHERE place LIKE '%process {pid}'") == []
    fleet.until(lambda: is_divided(fleet), "its accounts are nobody's", PATIENCE)


def test_a_column_that_the_former_version_does_not_fill_would_be_noticed(
    fleet: ReplicaFleet,
) -> None:
    one = fleet.living[0]
    assert one.post(HOOK, alert_about(number_of(1), "a1")) == 200
    fleet.sql(
        "ALTER TABLE external_alerts ADD COLUMN newer text NOT NULL DEFAULT '';"
        "ALTER TABLE external_alerts ALTER COLUMN newer DROP DEFAULT"
    )
    with pytest.raises(HTTPError) as refused:
        one.post(HOOK, alert_about(number_of(2), "a2"))
    assert refused.value.code == 503
