"""A number that moves from one account to another keeps its ticket."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace

from agent.config.settings import Settings
from agent.model import Alert, Snapshot
from agent.states import NumberState, PollFailure, Scope, Stage
from agent.store.database import Database
from agent.tickets.actions.action import TicketAction
from agent.tickets.actions.request import ActionRequest, Actor
from agent.tickets.key import webhook_id
from agent.tickets.lifecycle import ActorKind
from agent.tickets.sla.clocks import readings
from agent.tickets.ticket import Ticket
from tests.tickets.driver import DESK, Run
from tests.tickets.scene import NUMBER, Scene, alert

DOWN, UP = NumberState.SUSPENDED_VIOLATION, NumberState.ACTIVE
OTHER = "4006220009"
"""A healthy number that both accounts have, so that no listing is empty."""


@dataclass
class Accounts(Scene):
    """Two accounts with a listing each; an account in ``silent`` answers no poll."""

    accounts: tuple[str, ...] = ("hq", "shop")
    held: dict[str, dict[str, NumberState]] = field(
        default_factory=lambda: {"hq": {NUMBER: DOWN}, "shop": {}}
    )
    silent: set[str] = field(default_factory=set)
    providers: dict[str, str] = field(default_factory=lambda: {"hq": "north", "shop": "north"})

    def _polled(self, account: str, now: float, failure: PollFailure | None) -> Snapshot:
        self.states = {OTHER: UP, **self.held[account]}
        silent = PollFailure.TIMEOUT if account in self.silent else failure
        snapshot = super()._polled(account, now, silent)
        return replace(snapshot, provider=self.providers[account])

    def move(self, state: NumberState = DOWN) -> None:
        """The number leaves one account and appears in the other."""
        former, present = ("hq", "shop") if NUMBER in self.held["hq"] else ("shop", "hq")
        self.held[former].pop(NUMBER)
        self.held[present][NUMBER] = state

    def alerts(self) -> Iterator[Alert]:
        """What a rule reports of the listings as they are."""
        for account, numbers in self.held.items():
            if numbers.get(NUMBER) is DOWN and account not in self.silent:
                yield alert(account=account, provider=self.providers[account])


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


@pytest.fixture
def moving(database: Database, accounts: Accounts) -> Run:
    return Run(database, accounts)


async def rounds(run: Run, accounts: Accounts, count: int = 3) -> None:
    for _ in range(count):
        await run.step(*accounts.alerts())


def only(run: Run) -> Ticket:
    (ticket,) = run.tickets.open
    return ticket


def events(ticket: Ticket, event: str = "moved") -> list[str]:
    return [entry.reason for entry in ticket.timeline if entry.event == event]


async def test_the_ticket_goes_with_the_number(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    before = only(moving)
    accounts.move()
    await rounds(moving, accounts)
    after = only(moving)
    assert after.id == before.id
    assert (after.subject.provider, after.subject.account) == ("north", "shop")
    assert events(after) == [f"{NUMBER} moved from north/hq to north/shop"]
    row = await moving.ledger.get(after.id)
    assert row is not None
    assert row.subject.account == "shop"


async def test_what_is_stored_keeps_its_ids_and_clocks(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    before = only(moving)
    accounts.move()
    await rounds(moving, accounts)
    after = only(moving)
    assert (after.key, after.episode) == (before.key, before.episode)
    parts = webhook_id(before).rpartition("_")[0]
    assert webhook_id(after).startswith(f"{parts}_")
    deadlines = [
        {reading.name: reading.deadline for reading in readings(it.clocks, moving.now)}
        for it in (before, after)
    ]
    assert deadlines[0] == deadlines[1]
    assert (after.started_at, after.detected_at) == (before.started_at, before.detected_at)


async def test_listed_in_both_for_a_while_is_one_fault(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    accounts.held["shop"][NUMBER] = DOWN
    await rounds(moving, accounts)
    ticket = only(moving)
    assert ticket.subject.account == "hq"
    assert len(events(ticket, "also_reported")) == 1
    del accounts.held["hq"][NUMBER]
    await rounds(moving, accounts)
    assert only(moving).id == ticket.id
    assert only(moving).subject.account == "shop"


async def test_healthy_in_one_of_two_accounts_is_no_recovery(
    moving: Run, accounts: Accounts
) -> None:
    await rounds(moving, accounts)
    accounts.held["shop"][NUMBER] = DOWN
    await rounds(moving, accounts)
    accounts.held["hq"][NUMBER] = UP
    await rounds(moving, accounts, 10)
    assert only(moving).stage is Stage.DIAGNOSING
    accounts.silent.add("shop")
    await rounds(moving, accounts, 10)
    assert only(moving).open, "the account that still reported it has gone silent"
    accounts.silent.clear()
    accounts.held["shop"][NUMBER] = UP
    await rounds(moving, accounts, 10)
    assert moving.tickets.open == ()


async def test_both_at_once_open_one_ticket(moving: Run, accounts: Accounts) -> None:
    accounts.held["shop"][NUMBER] = DOWN
    await rounds(moving, accounts)
    assert only(moving).subject.number == NUMBER


async def test_healthy_where_it_moved_to_recovers_there(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    accounts.move(UP)
    changes = await moving.until_closed()
    assert changes[-1].after.subject.account == "shop"
    assert changes[-1].after.resolution != "gone"


async def test_it_moves_back(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    first = only(moving)
    for _ in range(2):
        accounts.move()
        await rounds(moving, accounts)
    ticket = only(moving)
    assert (ticket.id, ticket.subject) == (first.id, first.subject)
    assert len(events(ticket)) == 2


async def test_it_is_seen_at_the_other_account_only_later(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    del accounts.held["hq"][NUMBER]
    await rounds(moving, accounts)
    assert len(events(only(moving), "gone")) == 1
    accounts.held["shop"][NUMBER] = DOWN
    await rounds(moving, accounts)
    ticket = only(moving)
    assert (ticket.subject.account, ticket.progress.gone_since) == ("shop", None)


async def test_an_account_that_is_silent_has_not_lost_it(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    accounts.silent.add("hq")
    accounts.held["shop"][NUMBER] = DOWN
    await rounds(moving, accounts, 10)
    ticket = only(moving)
    assert ticket.subject.account == "hq"
    assert events(ticket) == []


async def test_an_account_that_is_silent_has_not_got_it(moving: Run, accounts: Accounts) -> None:
    accounts.held["shop"][NUMBER] = DOWN
    await rounds(moving, accounts)
    before = only(moving).subject.account
    silent = "shop" if before == "hq" else "hq"
    accounts.silent.add(silent)
    await rounds(moving, accounts, 6)
    del accounts.held[before][NUMBER]
    await rounds(moving, accounts, 3)
    ticket = only(moving)
    assert ticket.subject.account == before
    assert events(ticket) == []


async def test_a_restart_in_between_changes_nothing(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    before = only(moving)
    accounts.move()
    moving.restart()
    await rounds(moving, accounts)
    moving.restart()
    await rounds(moving, accounts)
    assert only(moving).id == before.id
    assert len(events(only(moving))) == 1


async def test_down_again_soon_after_it_moved_reopens(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    first = only(moving)
    accounts.held["hq"][NUMBER] = UP
    await moving.until_closed()
    accounts.move(DOWN)
    moving.restart()
    await rounds(moving, accounts)
    ticket = only(moving)
    assert (ticket.id, ticket.subject.account) == (first.id, "shop")
    assert events(ticket) == [f"{NUMBER} moved from north/hq to north/shop"]


async def test_closed_for_good_stays_closed_at_the_other_account(
    moving: Run, accounts: Accounts
) -> None:
    await rounds(moving, accounts)
    actor = Actor(ActorKind.PERSON, "ann")
    close = ActionRequest(TicketAction.CLOSE, actor, "as wished", {"resolution": "wont_fix"})
    await moving.tickets.act(only(moving).id, close, moving.now)
    await rounds(moving, accounts)
    accounts.move()
    await rounds(moving, accounts)
    assert moving.tickets.open == ()


async def test_another_symptom_is_another_fault(moving: Run, accounts: Accounts) -> None:
    await rounds(moving, accounts)
    accounts.held["shop"][NUMBER] = UP
    drift = alert("Drift", symptom="drift", account="shop")
    for _ in range(2):
        await moving.step(*accounts.alerts(), drift)
    assert {it.subject.symptom for it in moving.tickets.open} == {"number_down", "drift"}


async def test_extensions_of_two_exchanges_are_two_lines(moving: Run, accounts: Accounts) -> None:
    alerts = [alert(account=account, number="8001") for account in ("hq", "shop")]
    for account in ("hq", "shop"):
        accounts.held[account]["8001"] = DOWN
    await moving.step(*alerts)
    await moving.step(*alerts)
    assert len({ticket.key for ticket in moving.tickets.open}) == 2


async def test_ported_to_another_provider_is_the_same_fault_for_callers(
    moving: Run, accounts: Accounts
) -> None:
    accounts.providers["shop"] = "south"
    moving.settings = Settings.model_validate(
        {
            **moving.settings.model_dump(include={"tickets"}),
            "sinks": [DESK],
            "providers": [
                {"name": name, "profile": "generic", "accounts": [{"id": account}]}
                for name, account in (("north", "hq"), ("south", "shop"))
            ],
        }
    )
    moving.restart()
    await rounds(moving, accounts)
    first = only(moving)
    number = {"provider_ticket": "P-1"}
    note = ActionRequest(
        TicketAction.PROVIDER_TICKET, Actor(ActorKind.PERSON, "ann"), "reported", number
    )
    await moving.tickets.act(first.id, note, moving.now)
    accounts.move()
    await rounds(moving, accounts)
    ticket = only(moving)
    assert (ticket.id, ticket.clocks[0]) == (first.id, first.clocks[0])
    assert (ticket.subject.provider, ticket.subject.account) == ("south", "shop")
    assert ticket.provider_ticket == "", "the new provider has accepted nothing yet"
    assert events(ticket) == [f"{NUMBER} moved from north/hq to south/shop; ticket P-1 is north's"]


async def test_many_that_move_together_keep_the_ticket_of_their_cause(
    moving: Run, accounts: Accounts
) -> None:
    numbers = [f"400622001{last}" for last in range(4)]
    unpaid = NumberState.SUSPENDED_ARREARS

    async def round_at(account: str) -> None:
        accounts.held = {"hq": {}, "shop": {}, account: dict.fromkeys(numbers, unpaid)}
        await moving.step(*(alert(account=account, number=number) for number in numbers))

    for _ in range(3):
        await round_at("hq")
    first = only(moving)
    assert (first.subject.scope, len(first.members)) == (Scope.ACCOUNT, 4)
    for _ in range(3):
        await round_at("shop")
    root = only(moving)
    assert (root.id, root.subject.account) == (first.id, "shop")
    assert events(root) == ["its numbers moved from north/hq to north/shop"]
    assert [it.left_at for it in root.members] == [None] * 4
    accounts.held["shop"] = dict.fromkeys(numbers, UP)
    changes = await moving.until_closed()
    assert (changes[-1].kind, changes[-1].after.resolution) == ("ticket.closed", "")


async def test_some_that_move_leave_the_ticket_of_their_cause_where_it_is(
    moving: Run, accounts: Accounts
) -> None:
    numbers = [f"400622001{last}" for last in range(4)]
    unpaid = NumberState.SUSPENDED_ARREARS

    async def rounds_with(moved: int) -> None:
        accounts.held = {
            "hq": dict.fromkeys(numbers[moved:], unpaid),
            "shop": dict.fromkeys(numbers[:moved], unpaid),
        }
        placed = [(account, it) for account, held in accounts.held.items() for it in held]
        for _ in range(3):
            await moving.step(*(alert(account=account, number=it) for account, it in placed))

    await rounds_with(0)
    (root,) = moving.tickets.open
    await rounds_with(1)
    kept = next(it for it in moving.tickets.open if it.id == root.id)
    assert kept.subject.account == "hq"
    assert numbers[0] in {it.subject.number for it in moving.tickets.open if it.id != root.id}
