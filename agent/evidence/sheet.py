"""The fault handling and confirmation sheet: one printed page.

Its fields are those of docs/reference/domain.md §3.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import jinja2

from agent.diagnosis.words import Words
from agent.evidence.words import causes, outcomes, sheet_words
from agent.i18n import translate
from agent.masking import REFERENCES, mask_reference, mask_text
from agent.states import Cause
from agent.tickets.forms import Confirmation
from agent.tickets.sla.clocks import Reading, readings
from agent.tickets.ticket import Ticket

_MEMBERS_SHOWN = 12
_MAX_VALUE = 400


class Line(NamedTuple):
    """One field of the sheet."""

    name: str
    value: str


class ClockLine(NamedTuple):
    """One promised time and whether it was met."""

    name: str
    allowed: str
    used: str
    met: str


class Checkbox(NamedTuple):
    """One checkbox of a list."""

    text: str
    ticked: bool


class SheetWriter:
    """Writes sheets in one language.

    Args:
        locale: ``en`` or ``zh-CN``.
        timezone: The time zone of the printed times.
        issuing_unit: Who issues the sheets, unless the form says so.
    """

    def __init__(self, locale: str, timezone: str, issuing_unit: str = "") -> None:
        self._locale = locale
        self._words = sheet_words(locale)
        self._zone = ZoneInfo(timezone)
        self._issuing_unit = issuing_unit

    def html(self, ticket: Ticket, now: float) -> str:
        """The sheet of ``ticket`` as a page that prints on one side of A4."""
        form = ticket.confirmation
        return _template().render(
            lang=self._locale,
            words=self._words,
            ticket=ticket,
            printed=self._time(now),
            fields=list(self._fields(ticket, form)),
            texts=list(self._texts(ticket, form)),
            clocks=[self._clock(reading) for reading in readings(ticket.clocks, now)],
            causes=[
                Checkbox(text, form is not None and form.cause is cause)
                for cause, text in causes(self._locale).items()
            ],
            outcomes=[
                Checkbox(text, form is not None and form.outcome is outcome)
                for outcome, text in outcomes(self._locale).items()
            ],
            signatures=[
                self._line("signature_staff", form.staff if form else ""),
                self._line("signature_customer", form.customer if form else ""),
            ],
            signed=self._time(form.at) if form else "",
        )

    def _fields(self, ticket: Ticket, form: Confirmation | None) -> Iterator[Line]:
        yield self._line("issued", (form and form.issuing_unit) or self._issuing_unit)
        yield self._line("provider_ticket", ticket.provider_ticket)
        yield self._line("customer", ticket.company)
        yield self._line("contact", form.contact if form else "")
        yield self._line("service", (form and form.service) or _service(ticket))
        yield self._line("phone", form.phone if form else "")
        yield self._line("address", form.address if form else "")
        yield self._line("grade", ticket.grade.value)
        yield self._line("staff", form.staff if form else "")
        yield self._line("helpers", form.helpers if form else "")
        yield self._line("arrived", self._time(form.arrived_at if form else None))
        yield self._line("ended", self._time(form.ended_at if form else None))
        yield self._line("since", self._time(ticket.started_at))
        yield self._line("detected", self._time(ticket.detected_at))
        yield self._line("restored", self._time(ticket.restored_at))
        pattern = "intermittent" if ticket.progress.flaps else "continuous"
        yield self._line("pattern", self._words[pattern])

    def _texts(self, ticket: Ticket, form: Confirmation | None) -> Iterator[Line]:
        yield self._line("problem", (form and form.problem) or ticket.text.title)
        yield self._line("findings", form.findings if form else "")
        yield self._line("diagnosis", self._diagnosis(ticket))
        if ticket.members:
            names = [member.subject.number or member.subject.account for member in ticket.members]
            more = f" … {len(names)}" if len(names) > _MEMBERS_SHOWN else ""
            yield self._line("members", ", ".join(names[:_MEMBERS_SHOWN]) + more)
        yield self._line("result", form.result if form else ticket.outcome)
        yield self._line("measures", form.measures if form else "")
        yield self._line("opinion", form.opinion if form else "")
        if ticket.waiver is not None:
            yield self._line("waiver", ticket.waiver.reason)

    def _diagnosis(self, ticket: Ticket) -> str:
        verdict = ticket.diagnosis
        if verdict is None:
            return ""
        words = Words(self._locale)
        party = words.word("parties", str(verdict.party))
        return f"{words.title(Cause(verdict.cause))} · {party}"

    def _line(self, name: str, value: str | None) -> Line:
        mask = mask_reference if name in REFERENCES else mask_text
        return Line(self._words[name], mask(value or "")[:_MAX_VALUE])

    def _clock(self, reading: Reading) -> ClockLine:
        words = self._words
        met = words["no"] if reading.breached else words["yes"]
        return ClockLine(
            words[f"{reading.name.value}_clock"],
            self._minutes(reading.allowed),
            self._minutes(reading.elapsed),
            f"{met} ({words['paused']})" if reading.paused else met,
        )

    def _minutes(self, seconds: float) -> str:
        return translate(self._locale, "{n} min", n=round(seconds / 60))

    def _time(self, at: float | None) -> str:
        return "" if at is None else f"{datetime.fromtimestamp(at, self._zone):%Y-%m-%d %H:%M}"


def _service(ticket: Ticket) -> str:
    subject = ticket.subject
    return subject.number or "/".join(part for part in (subject.provider, subject.account) if part)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("agent.evidence"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("sheet.html")
