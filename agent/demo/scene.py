"""The content of the demo's display: taken from the running agent and the simulated world."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agent.model import Snapshot
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingState,
    Capability,
    NumberState,
    Stage,
)
from agent.tickets.ticket import Ticket

_STAGE_WORDS = {
    Stage.REOPENED: "reopens the ticket",
    Stage.RESTORED: "sees it working again, and watches",
    Stage.OBSERVING: "sees it working again, and watches",
    Stage.CLOSED: "closes the ticket: recovery seen and held",
    Stage.SUPPRESSED: "sees that this belongs to a wider fault",
}


@dataclass(frozen=True)
class StoryEvent:
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
    events: tuple[StoryEvent, ...]


def account_row(snapshot: Snapshot, now: float) -> AccountRow:
    """Sum up one account; facts that are too old count as unknown."""
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


def world_event(entry: Mapping[str, object]) -> StoryEvent:
    """One entry of the world's own log (``GET /world/events``)."""
    actor = "desk" if entry["kind"] == "ticket" else "world"
    return StoryEvent(float(str(entry["at"])), actor, _event_text(entry))


_PHRASES = {"fault_began": "begins to fail: {}", "fault_ended": "fails no longer: {}"}


def _event_text(event: Mapping[str, object]) -> str:
    """The event's text, after the account and number it is about, if it names any."""
    text = _PHRASES.get(str(event["kind"]), "{}").format(event["text"])
    account = "/".join(str(event[key]) for key in ("provider", "account") if event.get(key))
    subject = " ".join(part for part in (account, str(event.get("number") or "")) if part)
    return f"{subject}: {text}" if subject and event["kind"] != "ticket" else text


class ChangeReporter:
    """Compares accounts and tickets with those of the last call."""

    def __init__(self) -> None:
        self._answering: dict[str, bool] = {}
        self._stages: dict[str, Stage] = {}

    def changes(
        self, at: float, accounts: Iterable[AccountRow], tickets: Iterable[Ticket]
    ) -> list[StoryEvent]:
        """The lines for everything that changed since the last call."""
        texts = [*self._about_accounts(accounts), *self._about_tickets(tickets)]
        return [StoryEvent(at, "numwatch", text) for text in texts]

    def _about_accounts(self, accounts: Iterable[AccountRow]) -> Iterator[str]:
        for row in accounts:
            before = self._answering.get(row.name, True)
            self._answering[row.name] = row.answering
            if before and not row.answering:
                yield f"gets no answer for {row.name} ({row.reason}): unknown, not down"
            elif row.answering and not before:
                yield f"gets answers for {row.name} again"

    def _about_tickets(self, tickets: Iterable[Ticket]) -> Iterator[str]:
        for ticket in tickets:
            before = self._stages.get(ticket.id)
            self._stages[ticket.id] = ticket.stage
            if before is None:
                yield f"opens a ticket: {ticket.text.title}{_blame(ticket)}"
            elif before is not ticket.stage and ticket.stage in _STAGE_WORDS:
                yield f"{_STAGE_WORDS[ticket.stage]}: {ticket.text.title}"


def _blame(ticket: Ticket) -> str:
    if ticket.diagnosis is None:
        return ""
    return f" ({ticket.diagnosis.cause}, {ticket.diagnosis.party}'s job)"
