"""A storm: every number of one provider fails within a minute, and all come back.

Small by default; at full size it has the 10,000 numbers of the requirement.

Negative control: with ``Settings.tickets.common_cause_numbers`` out of reach (the test at the
end), the same storm makes a ticket a number.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agent.checks.result import CheckResult
from agent.model import Alert
from agent.sinks.dispatcher import Dispatcher
from agent.sinks.registry import build_sinks
from agent.states import NumberState, Scope
from agent.store.database import Database
from agent.tickets.ledger import Filter
from exporters.telemetry import Telemetry
from tests.proof_size import is_full
from tests.sinks.receiver import SECRET, Receiver, wait_until
from tests.tickets.driver import Run
from tests.tickets.scene import START, Scene, alert

FULL = is_full()
SIZE = 10_000 if FULL else 1_000
WAVES = 4
FIRST_DELIVERY_SECONDS = 5.0
MOST_MEMORY = 100 * 1024 * 1024


@dataclass
class Checks(Scene):
    """Checked once a poll, as the agent does."""

    known: dict[str, tuple[int, CheckResult]] = field(default_factory=dict)

    def checked_of(self, provider: str, account: str) -> CheckResult | None:
        snapshot = self.fleet.get(provider, account)
        if snapshot is None:
            return None
        revision, checked = self.known.get(account, (0, None))
        if checked is None or revision != snapshot.revision:
            checked = self.checker.check(snapshot, START)
            self.known[account] = snapshot.revision, checked
        return checked


def resident() -> int:
    statm = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")


def storm(numbers: Sequence[str]) -> list[Alert]:
    """Alerts that began over the course of a minute."""
    share = 60 / len(numbers)
    return [alert(number=it, at=START + index * share) for index, it in enumerate(numbers)]


def desk(url: str) -> dict[str, object]:
    networks = ["127.0.0.0/8"]
    return {
        "name": "desk",
        "kind": "webhook",
        "url": url,
        "secret": SECRET,
        "egress_allow": networks,
    }


@pytest.mark.timeout(300)
@pytest.mark.parametrize("state", [NumberState.SUSPENDED_VIOLATION, NumberState.SUSPENDED_ARREARS])
async def test_a_storm_is_one_ticket_told_at_once_and_closed_once(
    database: Database, receiver: Receiver, state: NumberState
) -> None:
    numbers = [f"400{index:07}" for index in range(SIZE)]
    scene = Checks(states=dict.fromkeys(numbers, NumberState.ACTIVE))
    run = Run(database, scene, desk(await receiver.start()), lambda: dispatcher.wake())  # noqa: PLW0108 - it is made after the run
    dispatcher = Dispatcher(database, build_sinks(run.settings.sinks), Telemetry())
    await dispatcher.start()
    alerts = storm(numbers)
    await run.step()
    before = resident()

    scene.states = dict.fromkeys(numbers, state)
    for wave in range(1, WAVES + 1):
        fired = time.monotonic()
        await run.step(*alerts[: SIZE * wave // WAVES], seconds=15)
        if wave == 1:
            await wait_until(lambda: bool(receiver.deliveries), 30)
            took = time.monotonic() - fired
    grown = resident() - before

    (ticket,) = run.tickets.open
    assert {it.subject.number for it in ticket.members if it.left_at is None} == set(numbers)
    assert ticket.subject.scope in (Scope.PROVIDER, Scope.ACCOUNT)
    assert took < FIRST_DELIVERY_SECONDS * (1 if FULL else 6)

    scene.states = dict.fromkeys(numbers, NumberState.ACTIVE)
    await run.until_closed()
    await wait_until(
        lambda: bool(receiver.deliveries) and receiver.deliveries[-1].type == "ticket.closed", 30
    )
    await dispatcher.stop()
    kinds = [one.type for one in receiver.deliveries]
    assert (kinds.count("ticket.opened"), kinds.count("ticket.closed")) == (1, 1)
    assert {one.data["id"] for one in receiver.deliveries} == {ticket.id}
    assert len(receiver.deliveries[-1].data["members"]) == SIZE
    assert (await run.ledger.list(Filter())).total == 1
    assert grown < MOST_MEMORY
    print(f"storm of {SIZE}: first delivery {took:.2f} s, grown {grown / 2**20:.0f} MiB")  # noqa: T201 - the figure is what the full run is for


async def test_without_a_common_cause_a_storm_is_a_ticket_a_number(database: Database) -> None:
    numbers = [f"400{index:07}" for index in range(20)]
    run = Run(database, Checks(states=dict.fromkeys(numbers, NumberState.SUSPENDED_ARREARS)))
    tickets = run.settings.tickets.model_copy(update={"common_cause_numbers": 1000})
    run.tickets.reconfigure(run.settings.model_copy(update={"tickets": tickets}))
    await run.step(*storm(numbers))
    assert len(run.tickets.open) == len(numbers)


@pytest.mark.timeout(120)
async def test_a_thousand_unrelated_tickets_are_a_few_transactions(database: Database) -> None:
    run = Run(database, Scene())
    alerts = [
        alert("ContractExpiring", symptom="contract", number=f"400{index:07}", account=f"a{index}")
        for index in range(1000)
    ]
    began = time.process_time()
    await run.step(*alerts)
    assert len(run.tickets.open) == len(alerts)
    assert time.process_time() - began < 5
