"""Writes tickets as text, for systems that take text instead of fields."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agent.diagnosis.words import Words
from agent.i18n import ENGLISH, Message, contextual, translate
from agent.net.scrub import scrub
from agent.sinks.delivery import Delivery
from agent.states import Cause
from agent.tickets.changes import CLOSED, ESCALATED, OPENED, REOPENED, RESOLVED, UPDATED
from agent.tickets.outbox import notice_kinds as notices

_MEMBERS_SHOWN = 50
_LONGEST_LINE = 4000
_WHOLE = frozenset({OPENED, ESCALATED, REOPENED})
_NOTHING: Mapping[str, Any] = {}

_CHANGES: Final[Mapping[str, Message]] = {
    OPENED: Message("New"),
    UPDATED: Message("Changed"),
    ESCALATED: Message("Escalated"),
    RESOLVED: Message("Restored"),
    CLOSED: Message("Closed"),
    REOPENED: Message("Open again"),
    notices.AFFECTED: Message("Fault under repair"),
    notices.RESTORED: Message("Service is back"),
    notices.PROVINCE: Message("Severe fault, you command"),
    notices.CITY: Message("Fault of your city"),
    notices.LEADERS: Message("Severe fault of an important customer"),
    notices.STALLED: Message("Nothing has moved"),
    notices.APPOINTMENT: Message("Appointment soon"),
    notices.ASSIGNED: Message("Given to you"),
}
_ENDED = frozenset({RESOLVED, CLOSED})
_ENDINGS: Final[Mapping[str, Message]] = {
    "restored": Message("the recovery was seen, and it lasted"),
    "fixed": Message("said to be repaired"),
    "gone": Message("it is not there any more"),
    "not_common": Message("the numbers had no cause in common"),
    "wont_fix": Message("it stays as it is"),
    "false_alarm": Message("there was no fault"),
    "planned": Message("it was planned"),
    "duplicate": Message("another ticket is about it"),
    "misrouted": Message("it is for somebody else"),
    "rejected": Message("given back"),
}
_SEVERITIES: Final[Mapping[str, Message]] = {
    "critical": contextual("notification", "critical"),
    "warning": Message("warning"),
    "info": Message("info"),
}
_PATTERNS: Final[Mapping[str, Message]] = {
    "continuous": Message("continuous"),
    "intermittent": Message("intermittent"),
}
_LABELS: Final[Mapping[str, Message]] = {
    "number": Message("Number"),
    "company": Message("Company"),
    "grade": Message("Grade"),
    "since": Message("Since"),
    "cause": Message("Cause"),
    "was": Message("It was"),
    "ended": Message("How it ended"),
    "contact": Message("Whose job"),
    "fact": Message("Fact"),
    "next": Message("Next"),
    "ask": Message("Ask"),
    "tell": Message("Tell them"),
    "link": Message("Details"),
}


_SCHEME = re.compile(r"(?<=[A-Za-z0-9]):(?=[/\\]{1,2}|[A-Za-z0-9._%+-]+@)")
_MAIL = re.compile(r"(?<=[\w.+-])[@＠](?=\w)")
_DOMAINS = (
    "com|cn|net|org|edu|gov|info|biz|io|co|me|cc|tv|top|xyz|vip|shop|site|club|online|store|link|live"
    "|app|dev|page|icu|wang|work|pro|ltd|group|asia|hk|tw|jp|kr|sg|in|ru|su|tk|ml|ga|cf|gq|us|uk|de|eu"
    "|fr|la|ly|gl|gd|to|ws|im|中国|公司|网络"
)
_OWN_PAGE = (
    r"/(?:tickets/[A-Za-z0-9-]+"
    r"|reports(?:/scores|/claim)?\?period=[0-9Q-]+(?:&provider=[A-Za-z0-9_.-]+)?)"
)
"""The pages of tickets and reports; without groups of its own."""
_HOST = re.compile(
    rf"(?<=[\w-])[.．。｡](?=(?:{_DOMAINS})(?![A-Za-z0-9_-])|[A-Za-z]{{2,24}}[/:?#])"
    rf"|(?<=\bwww)[.．。｡]|(?<=\d)\.(?=\d{{1,3}}\.\d{{1,3}}\.\d{{1,3}}(?!\d))",
    re.IGNORECASE,
)


def _defused(text: str) -> str:
    text = _SCHEME.sub("[:]", _MAIL.sub("[@]", text))
    return _HOST.sub("[.]", text)


class Writer:
    """Writes tickets in one language.

    Args:
        locale: ``en`` or ``zh-CN``.
        external_url: Where people reach the agent; texts link to it where it is known.
    """

    def __init__(self, locale: str = ENGLISH, external_url: str | None = None) -> None:
        self.locale = locale
        self._url = (external_url or "").rstrip("/")

    def title(self, ticket: Mapping[str, Any]) -> str:
        """One line that says what is broken."""
        return scrub(f"[{self.severity(ticket)}] {ticket.get('title') or ticket['id']}", 2000)

    def severity(self, ticket: Mapping[str, Any]) -> str:
        """How grave the ticket is, in a word."""
        return self._text(_SEVERITIES, str(ticket.get("severity")))

    def change(self, kind: str) -> str:
        """What a change of ``kind`` is, in a word or two."""
        return self._text(_CHANGES, kind)

    def in_language(self, locale: str | None) -> "Writer":
        """A writer in another language; the same one without a ``locale``."""
        return Writer(locale, self._url) if locale and locale != self.locale else self

    def description(self, ticket: Mapping[str, Any]) -> list[str]:
        """Every fact about the ticket, a paragraph each; the first has the ticket's id."""
        return [line for line in self._lines(ticket) if line]

    def headline(self, delivery: Delivery) -> str:
        """One line that says what happened to which ticket."""
        return f"{self.change(delivery.kind)}: {self.title(delivery.ticket)}"

    def news(self, delivery: Delivery, since: str) -> list[str]:
        """A comment on what happened after ``since``; empty when nothing did."""
        fresh = [entry for entry in delivery.ticket.get("timeline", ()) if str(entry["at"]) > since]
        if not fresh:
            return []
        lines = [f"{entry['at']} {entry['event']}: {_line(entry['reason'])}" for entry in fresh]
        return [self.headline(delivery), *lines, delivery.marker]

    def message(self, delivery: Delivery) -> tuple[str, list[str]]:
        """A chat message: its headline, and what there is to know besides."""
        if delivery.customers:
            lines = [f"{translate(self.locale, 'Ticket')}: {delivery.id}"]
            lines += map(_customer_line, delivery.customers)
            return self.change(delivery.kind), lines
        if delivery.kind in _WHOLE:
            lines = self.description(delivery.ticket)
        else:
            link = self._labelled("link", self.link(delivery.ticket))
            fresh = (
                it for it in delivery.ticket.get("timeline", ()) if str(it["at"]) >= delivery.at
            )
            news = [f"{it['event']}: {_line(it['reason'])}" for it in fresh]
            lines = [
                f"{translate(self.locale, 'Ticket')}: {delivery.id}",
                *news,
                *filter(None, [*self._ending(delivery), link]),
            ]
        return self.headline(delivery), lines

    def refusals(self, refusals: list[str], delivery: Delivery) -> list[str]:
        """A comment that asks people to do what the system did not let us do."""
        request = translate(self.locale, "numwatch could not do this here, please do it by hand")
        return [f"{request}:", *map(_line, refusals), delivery.marker]

    def digest(self, count: int) -> str:
        """The headline of a message about many tickets."""
        return translate(self.locale, "{count} tickets changed", count=count)

    def link(self, ticket: Mapping[str, Any]) -> str:
        """Where the ticket is shown; empty where no address is set."""
        return f"{self._url}/tickets/{ticket['id']}" if self._url else ""

    def without_links(self, text: str) -> str:
        """``text`` in which a chat finds nothing to make a link of but the agent's own pages.

        Texts come from providers and callers; a chat links every address in them, and people trust
        what the agent sends.
        """
        if not self._url:
            return _defused(text)
        own = re.compile(rf"({re.escape(self._url)}{_OWN_PAGE}(?=$|[\s)]))")
        parts = own.split(text)
        return "".join(part if index % 2 else _defused(part) for index, part in enumerate(parts))

    def _lines(self, ticket: Mapping[str, Any]) -> Iterator[str]:
        diagnosis = ticket.get("diagnosis") or _NOTHING
        yield f"{translate(self.locale, 'Ticket')}: {ticket['id']}"
        yield self._labelled("link", self.link(ticket))
        yield from (_line(it) for it in str(ticket.get("description") or "").splitlines())
        for name in ("number", "company", "grade"):
            yield self._labelled(name, ticket.get(name))
        yield self._labelled("since", ticket.get("started_at"))
        yield self._labelled("cause", diagnosis.get("cause"))
        whose = f"{diagnosis.get('party') or ''} {diagnosis.get('contact') or ''}"
        yield self._labelled("contact", whose.strip())
        yield self._labelled("tell", self._script(ticket))
        for fact in diagnosis.get("evidence") or ():
            yield self._labelled("fact", f"{fact['fact']} = {fact['value']}")
        for name, key in (("next", "next_steps"), ("ask", "questions")):
            yield from (self._labelled(name, step) for step in diagnosis.get(key) or ())
        yield from (self._clock(clock) for clock in ticket.get("clocks") or ())
        yield self._members(ticket.get("members") or ())
        yield str((ticket.get("members_share") or _NOTHING).get(self.locale) or "")

    def _ending(self, delivery: Delivery) -> Iterator[str]:
        """What a ticket that is over was about, and how it ended."""
        end = delivery.ticket.get("end") or _NOTHING
        cause = str((delivery.ticket.get("diagnosis") or _NOTHING).get("cause"))
        if delivery.kind in _ENDED and end:
            if cause in Cause.__members__.values() and cause != Cause.UNKNOWN:
                yield self._labelled("was", Words(self.locale).title(Cause(cause)))
            yield self._labelled("ended", self._text(_ENDINGS, str(end.get("how"))))

    def _script(self, ticket: Mapping[str, Any]) -> str:
        """The words for a call about the fault (docs/reference/domain.md §3)."""
        if not ticket.get("number"):
            return ""
        pattern = str(ticket.get("pattern") or "continuous")
        return translate(
            self.locale,
            "number {number}, registered to {company}; {title}; since {since}, {pattern}; "
            "callers {callers}; they hear: {prompt}; our ticket {id}",
            number=ticket["number"],
            company=ticket.get("company") or "–",
            title=ticket.get("title") or "–",
            since=ticket.get("started_at") or "–",
            pattern=self._text(_PATTERNS, pattern),
            callers=", ".join(ticket.get("sample_callers") or ()) or "–",
            prompt=ticket.get("prompt_heard") or "–",
            id=ticket["id"],
        )

    def _labelled(self, name: str, value: object) -> str:
        return f"{_LABELS[name].text(self.locale)}: {_line(value)}" if value else ""

    def _text(self, messages: Mapping[str, Message], code: str) -> str:
        """The text of ``code``, or the code itself where it has none."""
        return messages[code].text(self.locale) if code in messages else code

    def _clock(self, clock: Mapping[str, Any]) -> str:
        label = translate(self.locale, "Deadline")
        breached = f" ({translate(self.locale, 'breached')})" if clock.get("breached") else ""
        return f"{label} {clock.get('name')}: {clock.get('deadline')}{breached}"

    def _members(self, members: Any) -> str:
        current = [member for member in members if not member.get("left_at")]
        named = [str(member.get("number") or member.get("account") or "") for member in current]
        shown = ", ".join(filter(None, named[:_MEMBERS_SHOWN]))
        if not shown:
            return ""
        rest = len(current) - _MEMBERS_SHOWN
        more = f" {translate(self.locale, '… of {count}', count=len(current))}" if rest > 0 else ""
        return f"{translate(self.locale, 'Affected')} ({len(current)}): {_line(shown)}{more}"


def _customer_line(customer: Mapping[str, Any]) -> str:
    """One customer of a letter, for whoever passes it on."""
    name, numbers = (
        customer.get("company") or "–",
        ", ".join(map(str, customer.get("numbers") or ())),
    )
    more = int(customer.get("numbers_total") or 0) - len(customer.get("numbers") or ())
    return _line(f"{name} ({customer.get('grade')}): {numbers}{f' +{more}' if more > 0 else ''}")


def _line(value: object) -> str:
    return scrub(str(value), _LONGEST_LINE)
