"""What the demo shows, as plain data: made from the running agent, drawn by the view."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.model import Snapshot
from agent.states import IN_SERVICE_STATES, REACHABLE_STATES, BindingState, Capability, NumberState
from agent.tickets.ticket import Ticket


@dataclass(frozen=True)
class Happening:
    """One line of the story. ``at`` is in seconds of the story since its beginning."""

    at: float
    actor: str
    """``world`` for what happens, ``numwatch`` for what it notices and does, ``desk`` for what
    arrives there."""
    text: str


@dataclass(frozen=True)
class AccountRow:
    """One account as numwatch sees it now."""

    name: str
    answering: bool
    reason: str
    in_service: int
    down: int
    unknown: int
    phones_unreachable: int
    balance: str


@dataclass(frozen=True)
class TicketRow:
    """One ticket as the ledger has it."""

    title: str
    stage: str
    severity: str
    party: str


@dataclass(frozen=True)
class Scene:
    """Everything the view draws."""

    elapsed: float
    speed: float
    addresses: tuple[tuple[str, str], ...]
    accounts: tuple[AccountRow, ...]
    tickets: tuple[TicketRow, ...]
    happenings: tuple[Happening, ...]


def account_row(snapshot: Snapshot, now: float) -> AccountRow:
    """Sum up one account; facts too old to stand for now count as unknown."""
    numbers = snapshot.listing.numbers if snapshot.listing else ()
    fresh = snapshot.is_fresh(Capability.NUMBERS, now)
    states = [number.state for number in numbers] if fresh else []
    serving = sum(state in IN_SERVICE_STATES for state in states)
    unknown = len(numbers) - len(states) + states.count(NumberState.UNKNOWN)
    failing = next((status for status in snapshot.polls.values() if status.failure), None)
    return AccountRow(
        name=snapshot.key,
        answering=failing is None,
        reason=str(failing.failure) if failing else "",
        in_service=serving,
        down=len(numbers) - serving - unknown,
        unknown=unknown,
        phones_unreachable=_unreachable(snapshot, now),
        balance=_balance(snapshot),
    )


def _unreachable(snapshot: Snapshot, now: float) -> int:
    if not snapshot.is_fresh(Capability.REACHABILITY, now):
        return 0
    known_good = REACHABLE_STATES | {BindingState.UNKNOWN}
    return sum(
        binding.state not in known_good
        for bindings in snapshot.bindings.values()
        for binding in bindings
    )


def _balance(snapshot: Snapshot) -> str:
    if snapshot.balance is None:
        return "–"
    return f"{snapshot.balance.amount:,.2f} {snapshot.balance.currency}"


def ticket_rows(tickets: Iterable[Ticket]) -> tuple[TicketRow, ...]:
    """The tickets for the view, in the ledger's order."""
    return tuple(
        TicketRow(
            title=ticket.text.title,
            stage=str(ticket.stage),
            severity=str(ticket.severity),
            party=str(ticket.diagnosis.party) if ticket.diagnosis else "",
        )
        for ticket in tickets
    )


def world_happening(event: Mapping[str, object]) -> Happening:
    """One entry of the world's own log (``GET /world/events``)."""
    actor = "desk" if event["kind"] == "ticket" else "world"
    return Happening(float(str(event["at"])), actor, _told(event))


_PHRASES = {"fault_began": "begins to fail: {}", "fault_ended": "fails no longer: {}"}


def _told(event: Mapping[str, object]) -> str:
    """The event's text, after the place it is about where it names one."""
    text = _PHRASES.get(str(event["kind"]), "{}").format(event["text"])
    account = "/".join(str(event[key]) for key in ("provider", "account") if event.get(key))
    place = " ".join(part for part in (account, str(event.get("number") or "")) if part)
    return f"{place}: {text}" if place and event["kind"] != "ticket" else text
