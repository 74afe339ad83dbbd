"""The content of the demo's display: taken from the running agent and the simulated world."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from agent.demo.world_events import world_text
from agent.i18n import Message
from agent.model import Snapshot
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingState,
    Capability,
    NumberState,
    Party,
    Stage,
)
from agent.tickets.ticket import Ticket
from agent.web.labels import LABELS

_STAGE_TEXTS: Final[Mapping[Stage, Message]] = {
    Stage.REOPENED: Message("reopens the ticket: {title}"),
    Stage.RESTORED: Message("sees it working again, and watches: {title}"),
    Stage.OBSERVING: Message("sees it working again, and watches: {title}"),
    Stage.CLOSED: Message("closes the ticket, recovery seen and held: {title}"),
    Stage.SUPPRESSED: Message("sees that this belongs to a wider fault: {title}"),
}
_CLOSED_BY_A_PERSON: Final = Message("closes the ticket: {title}")
_OPENS: Final = Message("opens a ticket: {title}{blame}")
_BLAME: Final = Message(" ({cause}; whose job: {party})")
_NO_BLAME: Final = Message(" (nothing that is watched explains it)")
_SILENT: Final = Message("gets no answer for {account} ({reason}): unknown, not down")
_ANSWERS: Final = Message("gets answers for {account} again")


@dataclass(frozen=True)
class StoryEvent:
    """One line of the story. ``at`` is in seconds of the story since its beginning."""

    at: float
    actor: str
    """``world`` for what happens, ``numwatch`` for what it notices and does, ``desk`` for what
    arrives there, ``person`` for what somebody does about it."""
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
    locale: str = ""


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


def ticket_rows(tickets: Iterable[Ticket], locale: str) -> tuple[TicketRow, ...]:
    """The tickets for the view, in the ledger's order."""
    return tuple(
        TicketRow(
            title=ticket.text.title,
            stage=str(ticket.stage),
            severity=str(ticket.severity),
            party=label(str(ticket.diagnosis.party), locale) if ticket.diagnosis else "",
        )
        for ticket in tickets
    )


def label(code: str, locale: str) -> str:
    """The words for a code of the closed lists; the code itself where it has none."""
    return LABELS[code].text(locale) if code in LABELS else code


def world_event(entry: Mapping[str, object], locale: str) -> StoryEvent:
    """One entry of the world's own log (``GET /world/events``)."""
    actor = "desk" if entry["kind"] == "ticket" else "world"
    return StoryEvent(float(str(entry["at"])), actor, world_text(entry, locale))


class ChangeReporter:
    """Compares accounts and tickets with those of the last call.

    Args:
        locale: The language of the lines.
    """

    def __init__(self, locale: str) -> None:
        self._locale = locale
        self._answering: dict[str, bool] = {}
        self._stages: dict[str, Stage] = {}

    def changes(
        self, at: float, accounts: Iterable[AccountRow], tickets: Iterable[Ticket]
    ) -> list[StoryEvent]:
        """The lines for everything that changed since the last call."""
        lines = [*self._about_accounts(accounts), *self._about_tickets(tickets)]
        return [StoryEvent(at, actor, text.text(self._locale)) for actor, text in lines]

    def _about_accounts(self, accounts: Iterable[AccountRow]) -> Iterator[tuple[str, Message]]:
        for row in accounts:
            before = self._answering.get(row.name, True)
            self._answering[row.name] = row.answering
            if before and not row.answering:
                reason = label(row.reason, self._locale)
                yield "numwatch", _SILENT.with_values(account=row.name, reason=reason)
            elif row.answering and not before:
                yield "numwatch", _ANSWERS.with_values(account=row.name)

    def _about_tickets(self, tickets: Iterable[Ticket]) -> Iterator[tuple[str, Message]]:
        for ticket in tickets:
            before = self._stages.get(ticket.id)
            self._stages[ticket.id] = ticket.stage
            title = ticket.text.title
            if before is None:
                blame = _blame(ticket, self._locale)
                yield "numwatch", _OPENS.with_values(title=title, blame=blame)
            elif before is not ticket.stage and ticket.stage in _STAGE_TEXTS:
                by_person = ticket.stage is Stage.CLOSED and bool(ticket.closed_by)
                text = _CLOSED_BY_A_PERSON if by_person else _STAGE_TEXTS[ticket.stage]
                yield "person" if by_person else "numwatch", text.with_values(title=title)


def _blame(ticket: Ticket, locale: str) -> Message | str:
    verdict = ticket.diagnosis
    if verdict is None:
        return ""
    if verdict.party == Party.NONE:
        return _NO_BLAME
    cause, party = label(str(verdict.cause), locale), label(str(verdict.party), locale)
    return _BLAME.with_values(cause=cause, party=party)
