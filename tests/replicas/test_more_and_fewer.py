"""One replica becomes several and one again: each account has one owner, and nothing is missing.

Negative control: while two of them expose an account the count is not right
(:func:`test_an_account_that_two_expose_would_be_noticed`).
"""

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bench._small_fleet import accounts_served, settings_of
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import is_full, size
from tests.replicas.fleet_state import exposed
from tests.replicas.replica_fleet import ReplicaFleet, replica_fleet
from tests.replicas.ways import WAYS, new_database

ACCOUNTS = size(50, 5000)
REPLICAS = size(3, 8)
PATIENCE = 900.0
INTERVAL = 60.0


def _watching(folder: Path, url: str) -> Callable[[dict[str, Any]], None]:
    """Small accounts of a server that does as little as possible for each request."""

    def change(settings: dict[str, Any]) -> None:
        small = settings_of(folder, url, ACCOUNTS, INTERVAL)
        settings["providers"] = small["providers"]
        settings["polling"] |= small["polling"]
        settings["rules"] = {**settings["rules"], "interval": 15}

    return change


@pytest.fixture(params=WAYS)
def fleet(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: PostgresqlServer
) -> Iterator[ReplicaFleet]:
    if not is_full():
        pytest.skip("starts of the full size; a rolling few are in test_replicas")
    with (
        accounts_served(1) as url,
        new_database(request, request.param) as store,
        replica_fleet(tmp_path, postgresql, store, _watching(tmp_path, url)) as made,
    ):
        yield made


def wrong_counts(found: Iterable[str], accounts: Iterable[str]) -> Counter[str]:
    """The accounts that are not exposed once, with how often they are."""
    counts = Counter(dict.fromkeys(accounts, 0))
    counts.update(found)
    return Counter({it: count for it, count in counts.items() if count != 1})


def is_right(fleet: ReplicaFleet) -> bool:
    """Whether one scrape of each finds every account once."""
    return not wrong_counts(exposed(fleet.living), fleet.accounts)


def test_each_account_has_one_owner_whatever_their_number(
    fleet: ReplicaFleet, request: pytest.FixtureRequest
) -> None:
    fleet.start(within=PATIENCE)
    fleet.until(lambda: is_right(fleet), "one does not have all", PATIENCE)
    fleet.start(REPLICAS - 1, within=PATIENCE)
    fleet.until(lambda: len(Counter(fleet.holders().values())) == REPLICAS, "some idle", PATIENCE)
    fleet.until(lambda: is_right(fleet), "not each account once", PATIENCE)
    last, *others = fleet.living
    began = time.monotonic()
    for replica in others:
        replica.process.send_signal(signal.SIGTERM)
    for replica in others:
        assert replica.process.wait(120) == 0, replica.log[-2000:]
    fleet.until(lambda: is_right(fleet), "the last does not have all", PATIENCE)
    took = time.monotonic() - began
    request.node.user_properties += [("accounts", ACCOUNTS), ("seconds to one", took)]
    assert len(last.accounts()) == ACCOUNTS


def test_an_account_that_two_expose_would_be_noticed() -> None:
    assert not wrong_counts(["a0", "a1"], ["a0", "a1"])
    assert wrong_counts(["a0", "a0"], ["a0", "a1"]) == {"a0": 2, "a1": 0}
