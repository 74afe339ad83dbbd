"""Replicas are replaced one after the other, some with a clock that is an hour off.

What was sent is counted by the provider: no account gets more requests than its rate allows, and no
two polls of one are more than two intervals apart. Negative control: without the restarts the same
count finds the rate used up (:func:`test_a_rate_twice_as_high_would_be_noticed`).
"""

import json
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent.simulator.request_log import ReceivedRequest
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import is_full
from tests.proofs.preload import Clock
from tests.replicas.fleet_state import exposed, is_divided
from tests.replicas.replica_fleet import ReplicaFleet, replica_fleet, world
from tests.replicas.ways import WAYS, new_database

RATE = 5.0
"""Requests per second of one account."""
BURST = 1.0
"""What may be sent at once beside the rate, by each of two owners."""
INTERVAL = 8.0
NUMBERS = 60
"""Numbers of each account: more requests for their routings than the rate allows."""
PATIENCE = 120.0
HOUR = 3600.0


def _limited(settings: dict[str, Any]) -> None:
    capabilities = ("numbers", "routing", "reachability", "balance", "calls")
    intervals = dict.fromkeys(capabilities, INTERVAL)
    settings["polling"] |= {"intervals": intervals, "rate": RATE, "timeout": 60}


@pytest.fixture(params=WAYS)
def fleet(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgresqlServer
) -> Iterator[ReplicaFleet]:
    with (
        new_database(request, request.param) as store,
        replica_fleet(tmp_path, postgresql, store, _limited, world(3, NUMBERS)) as made,
    ):
        yield made


def most_in_a_second(requests: Sequence[ReceivedRequest]) -> int:
    """The most requests of one account that arrived within any second."""
    times: dict[str, list[float]] = defaultdict(list)
    for request in requests:
        times[request.account].append(request.at)
    most = 0
    for arrived in times.values():
        arrived.sort()
        begin = 0
        for end, at in enumerate(arrived):
            while arrived[begin] <= at - 1.0:
                begin += 1
            most = max(most, end - begin + 1)
    return most


def longest_gap(requests: Sequence[ReceivedRequest]) -> float:
    """The longest time between two polls of the state of the account's balance."""
    times: dict[str, list[float]] = defaultdict(list)
    for request in requests:
        if request.capability == "balance":
            times[request.account].append(request.at)
    return max(
        later - earlier
        for arrived in map(sorted, times.values())
        for earlier, later in pairwise(arrived)
    )


def replace_all(fleet: ReplicaFleet, commands: Sequence[tuple[str, ...]]) -> None:
    """Start a new one by each of ``commands``, and end an old one then."""
    old = list(fleet.living)
    for replica, command in zip(old, commands, strict=True):
        fleet.start(before=command)
        replica.process.send_signal(signal.SIGTERM)
        assert replica.process.wait(60) == 0, replica.log[-2000:]
        fleet.until(lambda: is_divided(fleet), "the accounts are nobody's", PATIENCE)


@pytest.mark.skipif(not is_full(), reason="six starts, one after the other")
def test_rates_hold_and_no_poll_is_left_out(
    fleet: ReplicaFleet, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ahead, behind = (tmp_path / name for name in ("ahead", "behind"))
    ahead.mkdir()
    behind.mkdir()
    clocks = Clock(ahead), Clock(behind)
    clocks[0].set(HOUR)
    clocks[1].set(-HOUR)
    fleet.start(3)
    fleet.until(lambda: is_divided(fleet), "nothing is divided", PATIENCE)
    sent = fleet.world.take_requests()
    replace_all(fleet, [clocks[0].command, clocks[1].command, ()])
    time.sleep(2 * INTERVAL)
    sent = fleet.world.take_requests()
    most, gap = most_in_a_second(sent), longest_gap(sent)
    figures = {"requests": len(sent), "most in a second": most, "longest gap": gap}
    request.node.user_properties += list(figures.items())
    assert most <= RATE + 2 * BURST
    assert gap <= 2 * INTERVAL
    # Whoever is an hour off sees facts as old as they are, and so do the others of its facts. The
    # provider refuses what it signs, as it does in life: that account alone is not up.
    right = fleet.living[-1].accounts()
    for replica in fleet.living:
        accounts = json.loads(replica.get("/api/accounts"))["items"]
        assert not [it["account"] for it in accounts if it["stale"]]
        assert not [it["account"] for it in accounts if it["account"] in right and not it["up"]]
    assert len(exposed(fleet.living)) == 3
    assert fleet.sql("SELECT count(*) FROM timeline WHERE event IN ('resolved', 'closed')") == ["0"]


def test_a_rate_twice_as_high_would_be_noticed() -> None:
    def arriving(rate: float) -> list[ReceivedRequest]:
        return [ReceivedRequest(it / rate, "a0", "routing", "", True) for it in range(50)]

    assert most_in_a_second(arriving(RATE)) <= RATE + 2 * BURST
    assert most_in_a_second(arriving(2 * RATE)) > RATE + 2 * BURST
