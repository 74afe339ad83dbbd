"""The texts of a page in its reader's language: labels, durations and amounts."""

from dataclasses import dataclass
from typing import Final

from agent.health.findings import Finding
from agent.i18n import Message, contextual, plural, translate
from agent.i18n.failure_details import failure_text
from agent.i18n.problem_texts import problem_line
from agent.tickets.text import title_in
from agent.tickets.ticket import Ticket
from agent.web.labels import LABELS
from agent.web.views import MoneyView

_DURATIONS: Final = (
    (86400.0 * 2, 86400.0, Message("{n} d")),
    (3600.0 * 2, 3600.0, Message("{n} h")),
    (120.0, 60.0, Message("{n} min")),
)
"""The shortest duration shown in each unit, the unit in seconds, and its text."""
COUNTDOWN_UNITS: Final = (
    (86400, Message("{n} d")),
    (3600, Message("{n} h")),
    (60, Message("{n} min")),
    (1, Message("{n} s")),
)
"""The units of a time that counts down, in seconds, the largest first, each with its text."""
_COUNTDOWN_PARTS: Final = 2
_LABELLED_DETAILS: Final = frozenset({"state", "network_state", "drift"})


class _Grouped(int):
    """A count that a text shows with its thousands separated."""

    def __format__(self, _spec: str) -> str:
        return f"{int(self):,}"


@dataclass(frozen=True)
class PageTexts:
    """Texts in one language; every text still has to be escaped."""

    locale: str

    def gettext(self, msgid: str, **values: object) -> str:
        """``msgid`` translated and filled with ``values``; templates call it ``_``."""
        return translate(self.locale, msgid, **values)

    def pgettext(self, context: str, msgid: str, **values: object) -> str:
        """The same of a text that has its own translation in ``context``."""
        return contextual(context, msgid, values).text(self.locale)

    def plural(self, singular: str, several: str, count: int) -> str:
        """The text about ``count`` things, which its placeholder ``{count}`` shows."""
        return plural(singular, several, _Grouped(count)).text(self.locale)

    def label(self, code: str, group: str = "", **values: object) -> str:
        """The label of ``code``, if it has one in ``group``, that one; else the code itself."""
        message = LABELS.get(f"{group}.{code}") or LABELS.get(code)
        return code if message is None else message.with_values(**values).text(self.locale)

    def duration(self, seconds: float | None) -> str:
        """A length of time in its largest fitting unit; "never" for ``None``."""
        if seconds is None:
            return self.gettext("never")
        for shortest, unit, message in _DURATIONS:
            if seconds >= shortest:
                return message.with_values(n=int(seconds // unit)).text(self.locale)
        return self.gettext("{n} s", n=int(max(0.0, seconds)))

    def interval(self, seconds: float | None) -> str:
        """The length of a period; unlike :meth:`duration` exact where it is below a second."""
        if seconds is None or not 0 < seconds < 1:
            return self.duration(seconds)
        return self.gettext("{n} s", n=f"{seconds:.2g}")

    def countdown(self, seconds: float) -> str:
        """A length of time in its two largest units; the script of the pages counts it down."""
        left = int(abs(seconds))
        parts: list[str] = []
        for size, unit in COUNTDOWN_UNITS:
            count, left = divmod(left, size)
            if count or parts or size == 1:
                parts.append(unit.with_values(n=count).text(self.locale))
            if len(parts) == _COUNTDOWN_PARTS:
                break
        return " ".join(parts)

    def countdown_units(self) -> str:
        """The units of :meth:`countdown` with ``{n}`` in each, for the script of the pages."""
        return "|".join(unit.with_values(n="{n}").text(self.locale) for _, unit in COUNTDOWN_UNITS)

    def ago(self, seconds: float | None) -> str:
        """How long ago something happened; "never" for ``None``."""
        if seconds is None:
            return self.duration(None)
        return self.gettext("{age} ago", age=self.duration(seconds))

    def finding(self, finding: Finding) -> str:
        """Returns a few words on what is wrong."""
        if finding.code == "state":
            return self.label(finding.detail)
        label = self.label(f"finding.{finding.code}")
        if not finding.detail:
            return label
        return self.gettext("{label}: {detail}", label=label, detail=self._detail(finding))

    def _detail(self, finding: Finding) -> str:
        if finding.code == "binding":
            name, _, state = finding.detail.rpartition(" ")
            return f"{name} {self.label(state)}"
        return self.label(finding.detail) if finding.code in _LABELLED_DETAILS else finding.detail

    def failure(self, detail: str) -> str:
        """The detail of a failure; what has no form stays as it was recorded."""
        return failure_text(detail, self.locale)

    def problem(self, line: str) -> str:
        """A mistake of a file, as ``FILE:LINE: key: what is wrong``."""
        return problem_line(line, self.locale)

    def ticket_title(self, ticket: Ticket) -> str:
        """The title of a ticket; the label of its symptom where it has none."""
        return title_in(ticket, self.locale) or self.label(ticket.subject.symptom, "symptom")

    def amount(self, money: MoneyView) -> str:
        """A balance with its currency."""
        return f"{money.amount:,.2f} {money.currency}"

    def count(self, value: int) -> str:
        """A number of things, with thousands separated."""
        return f"{value:,}"
