"""What a fleet of replicas is doing, by its database, its pages and its desk."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from tests.replicas.replica_fleet import ReplicaFleet, ReplicaProcess

RECORD_STALE_WRITES = """
CREATE TABLE stale_writes (account text, part text, former bigint, written bigint);
CREATE FUNCTION record_stale_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO stale_writes VALUES (NEW.account, NEW.part, OLD.epoch, NEW.epoch);
  RETURN NEW;
END $$;
CREATE TRIGGER stale_write BEFORE UPDATE ON account_states FOR EACH ROW
  WHEN (NEW.epoch < OLD.epoch) EXECUTE FUNCTION record_stale_write();
"""
"""Lets the database count the states of accounts that are written over a successor's."""


def holder(fleet: ReplicaFleet, lease: str) -> ReplicaProcess:
    """The living replica that holds ``lease``, once one does."""
    by_process = {str(it.process.pid): it for it in fleet.living}
    fleet.until(lambda: fleet.holders().get(lease) in by_process, f"nobody holds {lease}")
    return by_process[fleet.holders()[lease]]


def held_by(fleet: ReplicaFleet, replica: ReplicaProcess) -> set[str]:
    """The names of the leases that ``replica`` holds now."""
    pid = str(replica.process.pid)
    return {name for name, holder in fleet.holders().items() if holder == pid}


def is_divided(fleet: ReplicaFleet) -> bool:
    """Whether each account is exposed by exactly one replica."""
    return sorted(exposed(fleet.living)) == sorted(fleet.accounts)


def end_leases_of(fleet: ReplicaFleet, replica: ReplicaProcess) -> None:
    """Let its leases be over: stands for the 15 seconds after it was killed or stopped."""
    fleet.sql(f"UPDATE leases SET expires_at = 0 WHERE place LIKE '%process {replica.process.pid}'")


def tickets_about(fleet: ReplicaFleet, number: str) -> list[str]:
    return fleet.sql(
        f"SELECT id || ' ' || open || ' ' || stage FROM tickets WHERE number = '{number}'"
    )


def opened(fleet: ReplicaFleet) -> list[str]:
    """The ids of the deliveries of new tickets, repeats included."""
    return [identity for identity in fleet.desk.ids if identity.endswith("_1_1")]


def written_by_successors(fleet: ReplicaFleet) -> bool:
    """Whether the state of each account is that of whoever holds its lease."""
    others = fleet.sql(
        "SELECT s.account FROM account_states s JOIN leases l"
        " ON l.name = 'account:' || s.provider || '/' || s.account"
        " WHERE s.part = 'status' AND s.epoch <> l.epoch"
    )
    return not others


def exposed(replicas: Sequence[ReplicaProcess]) -> list[str]:
    return [account for replica in replicas for account in replica.accounts()]


def polls(replicas: Sequence[ReplicaProcess]) -> list[str]:
    """The counters of polls that were begun, where there are any."""
    return [
        line
        for replica in replicas
        for line in replica.get("/metrics").decode().splitlines()
        if line.startswith("numwatch_poll_attempts_total")
    ]


def alert_about(number: str, account: str) -> dict[str, Any]:
    """What Alertmanager sends of a number whose line is down."""
    labels = {"alertname": "LineDown", "severity": "critical", "symptom": "line_down"}
    labels |= {"number": number, "provider": "north", "account": account, "scope": "number"}
    alert = {
        "status": "firing",
        "labels": labels,
        "annotations": {"summary": "down"},
        "startsAt": "2026-11-29T05:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": blake2b(number.encode(), digest_size=8).hexdigest(),
    }
    message = {"version": "4", "status": "firing", "receiver": "numwatch", "alerts": [alert]}
    message |= {"groupKey": "{}:{}", "groupLabels": {}, "commonLabels": {}, "externalURL": ""}
    return message | {"commonAnnotations": {}, "truncatedAlerts": 0}
