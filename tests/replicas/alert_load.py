"""Alerts that replicas are sent all the time, and what has become of them."""

import random
import threading
import time
from collections import Counter
from typing import Any
from urllib.error import HTTPError, URLError

from tests.replicas.fleet_state import alert_about
from tests.replicas.replica_fleet import ReplicaFleet, number_of

HOOK = "/hooks/alertmanager"


def each_by_itself(settings: dict[str, Any]) -> None:
    """One ticket for each number, however many there are."""
    tickets = settings.setdefault("tickets", {})
    tickets |= {"common_cause_numbers": 100_000}


class Load:
    """Alerts to any replica that lives, each sent again until it is taken.

    Args:
        fleet: The replicas.
        count: One more than there are alerts: the very first number is down by itself.
        accounts: Over how many accounts their numbers are spread.
        chance: Chooses the replica of each, and the pauses.
    """

    def __init__(
        self, fleet: ReplicaFleet, count: int, accounts: int, chance: random.Random
    ) -> None:
        self._fleet = fleet
        self._count = count
        self._accounts = accounts
        self._chance = chance
        self.acknowledged: list[str] = []
        self.refused = 0
        self.newest_refusal = ""
        self.longest = 0.0
        """Seconds until the alert was taken that took longest."""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for index in range(1, self._count):
            began = time.monotonic()
            self._post(index)
            self.longest = max(self.longest, time.monotonic() - began)
            self.acknowledged.append(number_of(index))
            time.sleep(self._chance.uniform(0.0, 0.2))

    def _post(self, index: int) -> None:
        message = alert_about(number_of(index), f"a{index % self._accounts}")
        while True:
            living = self._fleet.living
            try:
                if living and self._chance.choice(living).post(HOOK, message) == 200:
                    return
            except (HTTPError, URLError, OSError) as error:
                self.refused += 1
                self.newest_refusal = repr(error)
                time.sleep(0.05)

    def finish(self, seconds: float) -> None:
        """Wait until every alert was taken; fails the test after ``seconds``."""
        self.thread.join(seconds)
        taken = f"{len(self.acknowledged)} taken, {self.refused} refused; {self.newest_refusal}"
        assert not self.thread.is_alive(), f"not every alert was taken: {taken}"


def tickets_of(fleet: ReplicaFleet) -> Counter[str]:
    """How many tickets there are about each number."""
    rows = fleet.sql("SELECT number FROM tickets WHERE symptom = 'line_down'")
    return Counter(rows)


def undelivered(fleet: ReplicaFleet) -> set[str]:
    """The tickets of alerts of which the desk has got nothing."""
    got = set(fleet.desk.ids)
    rows = fleet.sql(
        "SELECT t.id, o.webhook_id FROM tickets t JOIN outbox o ON o.ticket_id = t.id"
        " WHERE t.symptom = 'line_down'"
    )
    pairs = [row.split("|") for row in rows]
    return {ticket for ticket, _ in pairs} - {
        ticket for ticket, identity in pairs if identity in got
    }
