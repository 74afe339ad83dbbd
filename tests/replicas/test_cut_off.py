"""A replica that is cut off from PostgreSQL stops in time, and others have what it had.

Its packets are dropped in a network namespace: nothing says to either side that the other is gone.
Negative control: at the moment of the cut it polls and shows its accounts, and nobody else does.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.config.secret import Secret
from agent.config.store import Store
from tests.pgbouncer import pgbouncer
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import is_full
from tests.replicas.fleet_state import RECORD_STALE_WRITES, exposed, is_divided, polls
from tests.replicas.network_namespace import NetworkNamespace, network_namespace
from tests.replicas.replica_fleet import ReplicaFleet, ReplicaProcess, replica_fleet

TTL = 15.0
PATIENCE = 120.0

pytestmark = pytest.mark.skipif(not is_full(), reason="it takes the time of a lease")


@dataclass(frozen=True)
class Scene:
    """Two replicas with a way to the database that stays, and one whose way is cut."""

    fleet: ReplicaFleet
    cut: ReplicaProcess
    namespace: NetworkNamespace


@pytest.fixture(params=["direct", "pgbouncer"])
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as ends:
        namespace = ends.enter_context(network_namespace())
        ours = namespace.database[0]
        postgresql = PostgresqlServer()
        ends.callback(postgresql.remove)
        postgresql.admit("10.0.0.0/8")
        postgresql.start(f"listen_addresses=127.0.0.1,{ours}")
        name = postgresql.make_database()
        store = Store(url=Secret(postgresql.url(name)))
        across = Store(url=Secret(postgresql.url(name).replace("@127.0.0.1:", f"@{ours}:")))
        if request.param == "pgbouncer":
            pooler = ends.enter_context(pgbouncer(postgresql, 20, f"127.0.0.1,{ours}"))
            store = pooler.through(store)
            across = Store(url=Secret(pooler.url(store).replace("@127.0.0.1:", f"@{ours}:")))
        made = replica_fleet(tmp_path, postgresql, store, host=namespace.world[0])
        fleet = ends.enter_context(made)
        # First, so that it has nearly everything.
        started = fleet.start(store=across, before=namespace.command, listen_at=namespace.world[1])
        fleet.start(2)
        fleet.sql(RECORD_STALE_WRITES)
        yield Scene(fleet, started[0], namespace)


def test_it_stops_in_time_and_others_take_over(
    scene: Scene, request: pytest.FixtureRequest
) -> None:
    fleet, cut = scene.fleet, scene.cut
    others = [it for it in fleet.replicas if it is not cut]
    fleet.until(lambda: is_divided(fleet) and cut.accounts(), "it has nothing", PATIENCE)
    had = cut.accounts()
    assert polls([cut])
    assert not had & set(exposed(others))
    scene.namespace.cut()
    began = time.monotonic()
    fleet.until(lambda: not exposed([cut]), "accounts are still shown", PATIENCE)
    fleet.until(lambda: not polls([cut]), "they are still polled", PATIENCE)
    stopped = time.monotonic() - began
    fleet.until(lambda: sorted(exposed(others)) == sorted(fleet.accounts), "nobody's", PATIENCE)
    owned = time.monotonic() - began
    request.node.user_properties += [("stopped after", stopped), ("owned after", owned)]
    assert stopped < TTL
    assert owned < TTL + 5
    assert fleet.sql("SELECT * FROM stale_writes") == []
