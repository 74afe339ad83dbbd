"""Which customers are to be told of a fault and of its end: pure.

A contact is told once of each; of a fault that comes back after its end was told, once more.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from agent.config.notification import MOST_RECEIVERS, NotificationSettings
from agent.config.settings import Settings
from agent.config.sinks import Sink
from agent.masking import mask_text
from agent.notices.notice import Letter, Notice, plain
from agent.states import PARTY_OF_CAUSE, Cause
from agent.tickets.customers.affected import Affected, AffectedCustomer
from agent.tickets.document import stamp
from agent.tickets.outbox.notice_kinds import AFFECTED, RESTORED
from agent.tickets.ticket import Ticket

_NUMBERS_TOLD = 20
_LONGEST_ABOUT = 200


class Recipient(msgspec.Struct, frozen=True):
    """Whom one sink tells for one customer."""

    sink: str
    receiver: str
    name: str
    locale: str
    customer: AffectedCustomer


class Telling(msgspec.Struct, frozen=True):
    """How a telling went: what was queued, and who was left out and why."""

    queued: int
    told_before: int = 0
    without_contact: int = 0
    """Customers of whom no contact with a phone is known."""
    of_other_grade: int = 0
    """Customers of grades that ``customers.grades`` leaves out."""
    beyond_limit: int = 0
    """Contacts beyond ``customers.at_most``."""


def fault_letters(
    ticket: Ticket,
    affected: Affected,
    settings: Settings,
    earlier: Sequence[Notice],
    actor: str,
    now: float,
    companies: Collection[str] | None = None,
) -> tuple[list[Letter], Telling]:
    """The letters that tell the customers of ``ticket`` of the fault, and who is left out.

    ``companies`` limits them; ``None`` is everybody whose numbers are still affected.
    """
    policy = settings.customers
    chosen = [
        it
        for it in affected.customers
        if it.present and (companies is None or it.company in companies)
    ]
    graded = [it for it in chosen if it.grade in policy.grades]
    wanted = list(_recipients(graded, settings))
    turns = Counter((it.sink, it.receiver) for it in earlier if it.event == RESTORED)
    before = {(it.sink, it.receiver, it.turn) for it in earlier if it.event == AFFECTED}
    fresh = [
        it for it in wanted if (it.sink, it.receiver, turns[it.sink, it.receiver]) not in before
    ]
    room = dict.fromkeys(policy.sinks, policy.at_most)
    for sink, count in Counter(sink for sink, _receiver, _turn in before).items():
        room[sink] = max(0, policy.at_most - count)
    fitting = [it for sink in policy.sinks for it in _of(fresh, sink)[: room[sink]]]
    reached = {it.customer.company for it in wanted}
    summary = Telling(
        len(fitting),
        told_before=len(wanted) - len(fresh),
        without_contact=sum(it.company not in reached for it in graded),
        of_other_grade=len(chosen) - len(graded),
        beyond_limit=len(fresh) - len(fitting),
    )
    letters = _letters(
        AFFECTED, ticket, [(it, turns[it.sink, it.receiver]) for it in fitting], actor, now
    )
    return letters, summary


def end_letters(
    ticket: Ticket, affected: Affected, settings: Settings, earlier: Sequence[Notice], now: float
) -> list[Letter]:
    """The letters that tell those who were told of the fault that service is back."""
    ended = {(it.sink, it.receiver, it.turn) for it in earlier if it.event == RESTORED}
    waiting = {
        (it.sink, it.receiver): it.turn
        for it in earlier
        if it.event == AFFECTED and (it.sink, it.receiver, it.turn) not in ended
    }
    back = [it for it in affected.customers if it.restored]
    due = [
        (it, waiting[it.sink, it.receiver])
        for it in _recipients(back, settings)
        if (it.sink, it.receiver) in waiting
    ]
    return _letters(RESTORED, ticket, due, "numwatch", now)


def _recipients(customers: Iterable[AffectedCustomer], settings: Settings) -> Iterator[Recipient]:
    sinks = {sink.name: sink for sink in settings.sinks}
    seen: set[tuple[str, str]] = set()
    for customer in customers:
        for name in settings.customers.sinks:
            for recipient in _for_sink(sinks[name], customer, settings.locale):
                if (name, recipient.receiver) not in seen:
                    seen.add((name, recipient.receiver))
                    yield recipient


def _for_sink(sink: Sink, customer: AffectedCustomer, locale: str) -> Iterator[Recipient]:
    if sink.optional_section(NotificationSettings) is None:
        digest = hashlib.sha256(customer.company.encode()).hexdigest()[:12]
        yield Recipient(sink.name, f"company-{digest}", customer.company, locale, customer)
        return
    for contact in customer.contacts:
        if contact.phone:
            language = contact.locale or locale
            yield Recipient(sink.name, contact.id, contact.name, language, customer)


def _of(recipients: Iterable[Recipient], sink: str) -> list[Recipient]:
    return [it for it in recipients if it.sink == sink]


def _letters(
    kind: str, ticket: Ticket, due: Sequence[tuple[Recipient, int]], actor: str, now: float
) -> list[Letter]:
    letters: list[Letter] = []
    for sink in sorted({recipient.sink for recipient, _turn in due}):
        own = [(it, turn) for it, turn in due if it.sink == sink]
        for start in range(0, len(own), MOST_RECEIVERS):
            batch = own[start : start + MOST_RECEIVERS]
            notices = tuple(_notice(kind, ticket, it, turn, actor, now) for it, turn in batch)
            customers = tuple(_customer(kind, it) for it, _turn in batch)
            letters.append(Letter(ticket.id, sink, kind, notices, _data(ticket), customers))
    return letters


def _notice(
    kind: str, ticket: Ticket, recipient: Recipient, turn: int, actor: str, now: float
) -> Notice:
    return Notice(
        id=f"{ticket.id}_{plain(kind)}{turn}_{recipient.sink}_{recipient.receiver}",
        ticket_id=ticket.id,
        delivery="",
        sink=recipient.sink,
        event=kind,
        receiver=recipient.receiver,
        name=mask_text(recipient.name),
        company=mask_text(recipient.customer.company),
        about=", ".join(_numbers(kind, recipient.customer))[:_LONGEST_ABOUT],
        locale=recipient.locale,
        actor=actor,
        turn=turn,
        at=now,
    )


def _numbers(kind: str, customer: AffectedCustomer) -> tuple[str, ...]:
    return customer.present if kind == AFFECTED else customer.numbers


def _customer(kind: str, recipient: Recipient) -> dict[str, Any]:
    customer, numbers = recipient.customer, _numbers(kind, recipient.customer)
    return {
        "contact": recipient.receiver,
        "name": mask_text(recipient.name),
        "company": mask_text(customer.company),
        "grade": customer.grade.value,
        "numbers": list(numbers[:_NUMBERS_TOLD]),
        "numbers_total": len(numbers),
        "locale": recipient.locale,
    }


def _data(ticket: Ticket) -> dict[str, Any]:
    """What a customer is told of the ticket: nothing of other customers, nothing of its work."""
    verdict = ticket.diagnosis
    cause = Cause.UNKNOWN if verdict is None else verdict.cause
    return {
        "id": ticket.id,
        "severity": ticket.severity.value,
        "grade": ticket.grade.value,
        "started_at": stamp(ticket.started_at),
        "restored_at": stamp(ticket.restored_at),
        "diagnosis": {"cause": str(cause), "party": str(PARTY_OF_CAUSE[Cause(cause)])},
    }
