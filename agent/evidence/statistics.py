"""The fault statistics: one row for every handling (domain.md §3, Statistics row).

The form comes from field service; what a hotline number has no such thing of stays empty.
"""

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.diagnosis.words import Words
from agent.evidence.words import causes, statistics_columns
from agent.masking import mask_text
from agent.states import Cause
from agent.tickets.ticket import Ticket

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_TYPE = "functional"
_BYTE_ORDER_MARK = "\ufeff"


def statistics(tickets: Iterable[Ticket], locale: str, timezone: str) -> bytes:
    """The rows as CSV that a spreadsheet opens as it is, with a line of headings."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(statistics_columns(locale))
    zone = ZoneInfo(timezone)
    for ticket in tickets:
        writer.writerow(map(_harmless, _row(ticket, locale, zone)))
    return (_BYTE_ORDER_MARK + out.getvalue()).encode()


def _row(ticket: Ticket, locale: str, zone: ZoneInfo) -> tuple[str, ...]:
    detected = datetime.fromtimestamp(ticket.detected_at, zone)
    subject, form, verdict = ticket.subject, ticket.confirmation, ticket.diagnosis
    ended = ticket.restored_at or ticket.closed_at
    told = causes(locale)[form.cause] if form else ""
    words = Words(locale)
    guessed = words.title(Cause(verdict.cause)) if verdict else ""
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
        told or guessed,
        form.address if form else "",
        "" if ended is None else str(round((ended - ticket.started_at) / 60)),
        form.staff if form else ticket.closed_by,
        form.phone if form else "",
    )


def _harmless(text: str) -> str:
    """``text`` as a spreadsheet shows it, never as a formula, phones masked."""
    shown = mask_text(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown
