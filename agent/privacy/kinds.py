"""The kinds of data that grow old: how long each is kept, what is too old, and how it is purged.

The table is data: who purges and who checks read the same rows, but the check asks only what is
left (:mod:`agent.privacy.remains` looks into documents, too). What an open ticket still needs is
too old for nothing: it is held until the ticket is closed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Table, and_, false, not_, or_, select, true

from agent.config.settings import Settings
from agent.i18n import N_
from agent.store import schema
from agent.tickets.outbox.rows import SETTLED

Condition = Callable[[float], ColumnElement[bool]]
"""What is too old, given the time before which it is."""


@dataclass(frozen=True)
class Kind:
    """One kind of data."""

    name: str
    """In metrics, records and on the command line."""
    text: str
    """In words, marked for translation."""
    key: str
    """The key of the configuration that says how long it is kept."""
    keep: Callable[[Settings], float]
    """Seconds."""
    table: Table
    too_old: Condition
    """Rows to be purged: the purge leaves none that this selects."""
    is_erased: bool = False
    """Whether rows stay without what is about people; else they are deleted."""


def _answered(before: float) -> ColumnElement[bool]:
    return schema.complaints.c.answered_at < before


def _with_caller(before: float) -> ColumnElement[bool]:
    return and_(_answered(before), schema.complaints.c.caller != "")


def _with_people(before: float) -> ColumnElement[bool]:
    return and_(_answered(before), schema.complaints.c.erased_at.is_(None))


def _closed(before: float) -> ColumnElement[bool]:
    columns = schema.tickets.c
    # A muted one is still compared with what fires.
    return and_(
        columns.open == false(),
        columns.muted == false(),
        columns.closed_at < before,
        columns.erased_at.is_(None),
    )


def _settled(before: float) -> ColumnElement[bool]:
    return and_(schema.outbox.c.state.in_(SETTLED), schema.outbox.c.settled_at < before)


def _attempted(before: float) -> ColumnElement[bool]:
    return schema.notifications.c.attempted_at < before


def _told(before: float) -> ColumnElement[bool]:
    columns = schema.ticket_notices.c
    return and_(columns.at < before, not_(columns.ticket_id.in_(held_tickets())))


def _pushed_calls(before: float) -> ColumnElement[bool]:
    columns = schema.provider_pushes.c
    return and_(columns.calls_only == true(), columns.received_at < before)


def _pushed_states(before: float) -> ColumnElement[bool]:
    columns = schema.provider_pushes.c
    return and_(columns.calls_only == false(), columns.received_at < before)


def _taken(before: float) -> ColumnElement[bool]:
    columns = schema.evidence.c
    return and_(columns.taken_at < before, not_(columns.ticket_id.in_(held_tickets())))


def _called(before: float) -> ColumnElement[bool]:
    return schema.test_calls.c.at < before


def _heard(before: float) -> ColumnElement[bool]:
    return schema.test_call_files.c.taken_at < before


def _logged(before: float) -> ColumnElement[bool]:
    return schema.audit.c.at < before


def held_tickets() -> ColumnElement[str]:
    """The ids of the tickets that hold what belongs to them: the open ones, and the muted."""
    columns = schema.tickets.c
    held = or_(columns.open == true(), columns.muted == true())
    return select(columns.id).where(held).scalar_subquery()


KINDS: Final = (
    Kind(
        "callers",
        N_("Numbers of callers in full"),
        "privacy.callers",
        lambda settings: settings.privacy.callers,
        schema.complaints,
        _with_caller,
        is_erased=True,
    ),
    Kind(
        "complaints",
        N_("Who complained, and in which words"),
        "privacy.complaints",
        lambda settings: settings.privacy.complaints,
        schema.complaints,
        _with_people,
        is_erased=True,
    ),
    Kind(
        "deliveries",
        N_("What sinks were sent"),
        "privacy.deliveries",
        lambda settings: settings.privacy.deliveries,
        schema.outbox,
        _settled,
    ),
    Kind(
        "notifications",
        N_("Who was notified"),
        "privacy.deliveries",
        lambda settings: settings.privacy.deliveries,
        schema.notifications,
        _attempted,
    ),
    Kind(
        "notices",
        N_("Customers and staff who were told of tickets"),
        "privacy.deliveries",
        lambda settings: settings.privacy.deliveries,
        schema.ticket_notices,
        _told,
    ),
    Kind(
        "tickets",
        N_("People in closed tickets"),
        "privacy.tickets",
        lambda settings: settings.privacy.tickets,
        schema.tickets,
        _closed,
        is_erased=True,
    ),
    Kind(
        "call_records",
        N_("Pushed call records"),
        "privacy.call_records",
        lambda settings: settings.privacy.call_records,
        schema.provider_pushes,
        _pushed_calls,
    ),
    Kind(
        "pushed_states",
        N_("Pushed states of numbers and phones"),
        "privacy.pushed_states",
        lambda settings: settings.privacy.pushed_states,
        schema.provider_pushes,
        _pushed_states,
    ),
    Kind(
        "evidence",
        N_("Evidence, with facts about calls and recordings"),
        "evidence.keep",
        lambda settings: settings.evidence.keep,
        schema.evidence,
        _taken,
    ),
    Kind(
        "test_calls",
        N_("Test calls"),
        "dial.keep",
        lambda settings: settings.dial.keep,
        schema.test_calls,
        _called,
    ),
    Kind(
        "test_call_files",
        N_("Recordings and SIP messages of test calls"),
        "dial.recordings",
        lambda settings: settings.dial.recordings,
        schema.test_call_files,
        _heard,
    ),
    Kind(
        "audit",
        N_("Entries of the audit log"),
        "web.audit_keep",
        lambda settings: settings.web.audit_keep,
        schema.audit,
        _logged,
    ),
)
"""Every kind, in the order in which they are purged. The history has no people in it."""
