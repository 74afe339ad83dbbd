"""The fault statistics: one row for each handled ticket (docs/reference/domain.md §3).

The form comes from field service; columns that do not apply to a hotline number stay empty.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from zoneinfo import ZoneInfo

from agent.diagnosis.words import Words
from agent.evidence.words import causes, statistics_columns
from agent.masking import mask_text
from agent.reports.render import spreadsheet
from agent.states import Cause
from agent.tickets.ticket import Ticket

_TYPE = "functional"


def statistics(tickets: Iterable[Ticket], locale: str, timezone: str) -> bytes:
    """The rows as CSV with a heading line, for spreadsheets; phones in them are masked."""
    zone = ZoneInfo(timezone)
    rows = (map(mask_text, _row(ticket, locale, zone)) for ticket in tickets)
    return spreadsheet(chain([statistics_columns(locale)], rows))


def _row(ticket: Ticket, locale: str, zone: ZoneInfo) -> tuple[str, ...]:
    detected = datetime.fromtimestamp(ticket.detected_at, zone)
    subject, form, verdict = ticket.subject, ticket.confirmation, ticket.diagnosis
    ended = ticket.restored_at or ticket.closed_at
    confirmed_cause = causes(locale)[form.cause] if form else ""
    words = Words(locale)
    diagnosed_cause = words.title(Cause(verdict.cause)) if verdict else ""
    party = words.word("parties", str(verdict.party)) if verdict else ""
    return (
        f"{detected:%Y-%m-%d}",
        ticket.id,
        _TYPE,
        ticket.key[:12],
        ticket.company,
        subject.symptom,
        subject.scope.value,
        subject.number or subject.account or subject.provider,
        subject.binding,
        "",
        str(max(1, len(ticket.members))),
        subject.carrier or ticket.carrier,
        (form.problem if form and form.problem else ticket.text.title),
        ticket.responsible or party,
        subject.provider,
        confirmed_cause or diagnosed_cause,
        form.address if form else "",
        "" if ended is None else str(round((ended - ticket.started_at) / 60)),
        form.staff if form else ticket.closed_by,
        form.phone if form else "",
    )
