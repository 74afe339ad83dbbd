"""The fault handling and confirmation sheet: one printed page.

Its fields are those of docs/reference/domain.md §3.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import jinja2
from msgspec.structs import replace

from agent.diagnosis.words import Words
from agent.evidence.words import causes, outcomes, sheet_words
from agent.i18n import translate
from agent.masking import REFERENCES, mask_reference, mask_text
from agent.states import Cause
from agent.testcalls.joint_test_words import joint_test_text
from agent.tickets.forms import Confirmation, FaultCause, Outcome
from agent.tickets.joint_test import JointTest
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
        form, is_signed = filled_in(ticket), ticket.confirmation is not None
        return _template().render(
            lang=self._locale,
            words=self._words,
            ticket=ticket,
            printed=self._time(now),
            fields=list(self._fields(ticket, form)),
            texts=list(self._texts(ticket, form)),
            clocks=[self._clock(reading) for reading in readings(ticket.clocks, now)],
            causes=[
                Checkbox(text, is_signed and form.cause is cause)
                for cause, text in causes(self._locale).items()
            ],
            outcomes=[
                Checkbox(text, is_signed and form.outcome is outcome)
                for outcome, text in outcomes(self._locale).items()
            ],
            signatures=[
                self._line("signature_staff", form.staff),
                self._line("signature_customer", form.customer),
            ],
            signed=self._time(form.at) if is_signed else "",
        )

    def _fields(self, ticket: Ticket, form: Confirmation) -> Iterator[Line]:
        yield self._line("issued", form.issuing_unit or self._issuing_unit)
        yield self._line("provider_ticket", ticket.provider_ticket)
        yield self._line("customer", ticket.company)
        yield self._line("contact", form.contact)
        yield self._line("service", form.service or _service(ticket))
        yield self._line("phone", form.phone)
        yield self._line("address", form.address)
        yield self._line("grade", ticket.grade.value)
        yield self._line("staff", form.staff)
        yield self._line("helpers", form.helpers)
        hour = ticket.visits[-1].hour if ticket.visits else None
        yield self._line("appointment", self._time(hour))
        yield self._line("arrived", self._time(form.arrived_at))
        yield self._line("ended", self._time(form.ended_at))
        yield self._line("departed", self._time(form.left_at))
        yield self._line("since", self._time(ticket.started_at))
        yield self._line("detected", self._time(ticket.detected_at))
        yield self._line("restored", self._time(ticket.restored_at))
        pattern = "intermittent" if ticket.progress.flaps else "continuous"
        yield self._line("pattern", self._words[pattern])

    def _texts(self, ticket: Ticket, form: Confirmation) -> Iterator[Line]:
        yield self._line("problem", form.problem or ticket.text.title)
        yield self._line("findings", form.findings)
        yield self._line("diagnosis", self._diagnosis(ticket))
        if ticket.members:
            names = [member.subject.number or member.subject.account for member in ticket.members]
            more = f" … {len(names)}" if len(names) > _MEMBERS_SHOWN else ""
            yield self._line("members", ", ".join(names[:_MEMBERS_SHOWN]) + more)
        yield self._line("result", form.result or self._outcome(ticket))
        if ticket.joint_test is not None:
            yield self._line("joint_test", self._joint_test(ticket.joint_test))
        yield self._line("work_done", form.work_done)
        yield self._line("spare_parts", form.spare_parts)
        yield self._line("measures", form.measures)
        yield self._line("opinion", form.opinion)
        if ticket.waiver is not None:
            yield self._line("waiver", ticket.waiver.reason)

    def _outcome(self, ticket: Ticket) -> str:
        if ticket.outcome not in Outcome.__members__.values():
            return ""
        return outcomes(self._locale)[Outcome(ticket.outcome)]

    def _joint_test(self, joint: JointTest) -> str:
        text = joint_test_text(joint, self._locale)
        return f"{self._time(joint.ended_at)} {text}".strip()

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


def filled_in(ticket: Ticket) -> Confirmation:
    """The form of ``ticket``; what it does not say is taken from the latest visit."""
    form = ticket.confirmation or Confirmation(
        at=0.0, recorded_by="", customer="", cause=FaultCause.OTHER, outcome=Outcome.OTHER
    )
    if not ticket.visits:
        return form
    visit = ticket.visits[-1]
    return replace(
        form,
        staff=form.staff or visit.staff,
        helpers=form.helpers or visit.helpers,
        arrived_at=form.arrived_at if form.arrived_at is not None else visit.arrived_at,
        left_at=form.left_at if form.left_at is not None else visit.left_at,
    )


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
