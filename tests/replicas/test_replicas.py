"""Replicas are processes of their own on a real PostgreSQL: divided, killed, stopped and ended.

They reach it through PgBouncer in transaction mode, and at full size directly too. Waits for the
end of a lease are cut short by ending it in the database, where tests are not run at full size.
Negative controls: without the fence a replica that was stopped overwrites what its
successor has written (``tests/store/test_leases.py``); a delivery without an epoch is recorded by
whoever sent it once (``tests/tickets/outbox/test_epochs.py``).
"""

import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError

import pytest

from agent.config.store import Store
from tests.integration.processes import kill
from tests.postgresql_server import PostgresqlServer
from tests.proof_size import is_full, size
from tests.replicas.fleet_state import (
    RECORD_STALE_WRITES,
    alert_about,
    end_leases_of,
    exposed,
    held_by,
    holder,
    is_divided,
    opened,
    polls,
    tickets_about,
    written_by_successors,
)
from tests.replicas.replica_fleet import NUMBER, ReplicaFleet, ReplicaProcess, replica_fleet
from tests.replicas.ways import WAYS, new_database

TTL = 15.0
REPLICAS = 3
ALERTS = size(12, 1000)


@pytest.fixture(scope="module", params=WAYS if is_full() else ("pgbouncer",))
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    with new_database(request, request.param) as made:
        yield made


@pytest.fixture(scope="module")
def fleet(
    tmp_path_factory: pytest.TempPathFactory, postgresql: PostgresqlServer, store: Store
) -> Iterator[ReplicaFleet]:
    with replica_fleet(tmp_path_factory.mktemp("replicas"), postgresql, store) as fleet:
        fleet.start(REPLICAS)
        fleet.sql(RECORD_STALE_WRITES)
        yield fleet


def unowned(replica: ReplicaProcess) -> list[str]:
    """The accounts that nobody polls, as the page of a replica says."""
    page = replica.get("/metrics").decode()
    return re.findall(r'^numwatch_account_unowned\{.*account="(\w+)"', page, re.MULTILINE)


def has_noticed(replica: ReplicaProcess) -> bool:
    """Whether it knows that it was overtaken: it ends, or its own deadline has passed."""
    return replica.process.poll() is not None or "leases_expired" in replica.log


def test_each_account_has_one_replica_and_all_answer_for_all(fleet: ReplicaFleet) -> None:
    fleet.until(lambda: is_divided(fleet), "the accounts are not divided")
    fleet.until(lambda: len(tickets_about(fleet, NUMBER)) == 1, "no ticket")
    query = "/api/v1/query?query=count(numwatch_provider_up)"
    for replica in fleet.replicas:
        page = replica.get("/metrics").decode()
        assert f"numwatch_replicas {float(REPLICAS)}" in page
        (skew,) = re.findall(
            r"^numwatch_database_clock_skew_seconds{.*} (\S+)$", page, re.MULTILINE
        )
        assert abs(float(skew)) < 5, "the same machine"
        for index in range(6):
            assert f"400622000{index + 1}" in replica.get("/api/numbers").decode()
        # What the embedded rules are evaluated over: the accounts of all, not those of its page.
        fleet.until(
            lambda replica=replica: f'"{len(fleet.accounts)}"' in replica.get(query).decode(),
            "not every account is in its rules",
        )
        fleet.until(
            lambda replica=replica: NUMBER in replica.get("/api/tickets").decode(),
            "the ticket is not on every replica",
        )


def test_one_alert_to_all_of_them_many_times_is_one_ticket(fleet: ReplicaFleet) -> None:
    message = alert_about("4006220002", "a1")
    replicas = [fleet.living[index % REPLICAS] for index in range(ALERTS)]
    with ThreadPoolExecutor(6) as posting:
        answers = posting.map(lambda it: it.post("/hooks/alertmanager", message), replicas)
        assert set(answers) == {200}
    fleet.until(lambda: tickets_about(fleet, "4006220002"), "no ticket of the alert")
    assert len(tickets_about(fleet, "4006220002")) == 1
    assert fleet.sql("SELECT count(*) FROM external_alerts") == ["1"]


def test_a_person_acts_where_tickets_are_not_decided_and_approves_where_they_are(
    fleet: ReplicaFleet,
) -> None:
    deciding = holder(fleet, "role:tickets")
    other = next(it for it in fleet.living if it is not deciding)
    fleet.until(lambda: tickets_about(fleet, NUMBER), "no ticket of the number")
    ticket = tickets_about(fleet, NUMBER)[0].split()[0]
    accept = {"action": "accept", "actor": "Li Wei", "reason": "I take it"}
    assert other.post(f"/api/tickets/{ticket}/actions", accept) == 200
    fleet.until(
        lambda: "Li Wei" in deciding.get(f"/api/tickets/{ticket}").decode(), "nobody has accepted"
    )
    other_ticket = tickets_about(fleet, "4006220002")[0].split()[0]
    assert deciding.post(f"/api/tickets/{other_ticket}/actions", accept) == 200
    approval = {"by": "Li Wei", "note": "as ordered"}
    with pytest.raises(HTTPError) as refused:
        other.post(f"/api/numbers/{NUMBER}/baseline", approval)
    text = refused.value.read().decode()
    assert refused.value.code == 503
    assert f"process {deciding.process.pid}" in text, text
    notice = f"process {deciding.process.pid}. Its alerts are shown here"
    assert notice in other.get("/rules").decode()
    assert "Its alerts are shown here" not in deciding.get("/rules").decode()


def test_a_poll_that_is_asked_for_anywhere_is_made_where_the_account_is_polled(
    fleet: ReplicaFleet,
) -> None:
    polling = next(it for it in fleet.living if "a2" in it.accounts())
    other = next(it for it in fleet.living if it is not polling)
    closed = "closed: polls go through"
    fleet.until(
        lambda: other.get("/providers").decode().count(closed) == 5 * len(fleet.accounts),
        "the breakers of others are not shown",
    )
    fleet.world.apply({"account": "north/a2", "set": {"balance": 123}})
    assert other.submit("/providers/north/a2/poll", "/providers").endswith("done=done")
    fleet.until(
        lambda: '"amount":123' in other.get("/api/accounts").decode().replace(" ", ""),
        "what was found is not shown where it was asked for",
    )
    assert other.submit("/providers/north/a2/poll", "/providers").endswith("done=too_soon")


def test_a_form_of_one_may_be_sent_to_another(fleet: ReplicaFleet) -> None:
    one, other = fleet.living[:2]
    address = other.submit("/providers/north/a3/poll", "/providers", shown_by=one)
    assert "done=" in address, address


def test_one_that_is_killed_is_replaced_and_nothing_is_doubled(fleet: ReplicaFleet) -> None:
    deciding = holder(fleet, "role:tickets")
    before = tickets_about(fleet, NUMBER)
    kill(deciding.process)
    if is_full():
        fleet.start()
    else:
        end_leases_of(fleet, deciding)
    took = fleet.until(lambda: is_divided(fleet), "its accounts are nobody's")
    assert took < TTL + 5
    holder(fleet, "role:tickets")
    held = fleet.sql("SELECT count(*) FROM timeline WHERE event IN ('resolved', 'closed')")
    assert held == ["0"], "a recovery was taken from a change of the holder"
    assert [it.split()[:2] for it in tickets_about(fleet, NUMBER)] == [
        it.split()[:2] for it in before
    ]
    tickets = len(fleet.sql("SELECT id FROM tickets"))
    fleet.until(lambda: len(set(opened(fleet))) == tickets, "not every ticket was delivered")
    assert len(opened(fleet)) <= tickets + 1, "more was repeated than was under way at the kill"


@pytest.mark.skipif(not is_full(), reason="it takes the time of a lease, and half a minute more")
def test_an_account_that_nobody_can_take_is_told_until_somebody_has_it(fleet: ReplicaFleet) -> None:
    """Its row is locked by a session that somebody has left open."""
    lease = "account:north/a3"
    former = holder(fleet, lease)
    kill(former.process)
    fleet.start()
    with ThreadPoolExecutor(1) as session:
        locking = session.submit(
            fleet.sql,
            f"SELECT 1 FROM leases WHERE name = '{lease}' FOR UPDATE; SELECT pg_sleep(45)",
        )
        replicas = fleet.living
        fleet.until(lambda: all(unowned(it) == ["a3"] for it in replicas), "not told", 60)
        locking.result(90)
    fleet.until(lambda: is_divided(fleet), "nobody polls it")
    fleet.until(lambda: not any(unowned(it) for it in replicas), "still told")


def test_one_that_was_stopped_writes_nothing_when_it_goes_on(fleet: ReplicaFleet) -> None:
    stopped = holder(fleet, "role:tickets")
    stopped.process.send_signal(signal.SIGSTOP)
    try:
        had = held_by(fleet, stopped)
        if not is_full():
            end_leases_of(fleet, stopped)
        pid = str(stopped.process.pid)
        fleet.until(lambda: fleet.holders().get("role:tickets", pid) != pid, "not taken over")
        fleet.until(
            lambda: had <= fleet.holders().keys() and pid not in fleet.holders().values(),
            "not all of it was taken over",
        )
        fleet.until(lambda: written_by_successors(fleet), "the successors write nothing")
    finally:
        stopped.process.send_signal(signal.SIGCONT)
    fleet.until(lambda: has_noticed(stopped), "it has not noticed")
    assert stopped.process.poll() in {None, 75}, stopped.log[-2000:]
    fleet.until(lambda: written_by_successors(fleet), "nobody writes any more")
    assert fleet.sql("SELECT * FROM stale_writes") == [], "it wrote over what its successor wrote"


@pytest.mark.skipif(not is_full(), reason="it takes the time of a lease")
def test_without_the_database_all_stop_in_time_and_go_on_afterwards(
    fleet: ReplicaFleet, postgresql: PostgresqlServer
) -> None:
    replicas = fleet.living
    fleet.until(lambda: is_divided(fleet), "the accounts are nobody's")
    postgresql.suspend()
    try:
        stopped = fleet.until(lambda: not exposed(replicas), "accounts are still shown")
        stopped += fleet.until(lambda: not polls(replicas), "they are still polled")
        assert stopped < TTL
    finally:
        postgresql.resume()
    fleet.until(lambda: is_divided(fleet), "the accounts are nobody's")


def test_one_that_is_ended_gives_back_at_once_what_it_had(fleet: ReplicaFleet) -> None:
    if is_full():
        fleet.start()
    last = next(it for it in fleet.living if it.accounts())
    last.process.send_signal(signal.SIGTERM)
    assert last.process.wait(20) == 0, last.log[-2000:]
    assert str(last.process.pid) not in fleet.holders().values()
    finished = fleet.sql("SELECT count(*) FROM outbox WHERE state = 'sending'")
    assert finished == ["0"]
    if is_full():
        took = fleet.until(lambda: is_divided(fleet), "its accounts are nobody's")
        assert took < TTL, "they were given back, and need not expire"
