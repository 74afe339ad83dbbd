"""The words of reports: categories, clocks, reasons, and how figures are written."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from agent.i18n import Message, translate
from agent.i18n.words import CARRIERS, PARTIES, PAUSES, word
from agent.masking import mask_text
from agent.reports.paper import Cell, CellKind
from agent.states import ClockName
from agent.tickets.categories import Category
from agent.tickets.sla.clocks import PauseReason

CATEGORIES: Final[Mapping[Category, Message]] = {
    Category.NUMBER_STATE: Message("state of the number"),
    Category.ACCOUNT: Message("account and money"),
    Category.CONFIGURATION: Message("configuration of the number"),
    Category.BOUND_PHONE: Message("bound phone"),
    Category.ANSWERING: Message("calls nobody takes"),
    Category.CAPACITY: Message("capacity and lines"),
    Category.PROVIDER_PLATFORM: Message("provider's platform"),
    Category.CARRIER_NETWORK: Message("base carrier's network"),
    Category.VOICE_QUALITY: Message("voice quality"),
    Category.SECURITY: Message("security and nuisance marks"),
    Category.MONITORING: Message("monitoring"),
    Category.UNCLEAR: Message("not found out"),
}
CLOCKS: Final[Mapping[ClockName, Message]] = {
    ClockName.CONTACT: Message("first contact"),
    ClockName.ON_SITE: Message("arrival on site"),
    ClockName.RESTORE: Message("restoration"),
}
_HOUR, _MINUTE, _DAY = 3600, 60, 86400
_UNKNOWN = Message("unknown")


class ReportWords:
    """Writes codes and figures in one language.

    Args:
        locale: ``en`` or ``zh-CN``.
        zone: The time zone of times.
    """

    def __init__(self, locale: str, zone: ZoneInfo) -> None:
        self.locale = locale
        self.zone = zone

    def text(self, message: Message | str) -> str:
        """``message`` in this language; a plain text, which comes from outside, masked."""
        return mask_text(message) if isinstance(message, str) else message.text(self.locale)

    def category(self, category: Category) -> str:
        """The name of a category."""
        return self.text(CATEGORIES[category])

    def carrier(self, code: str) -> str:
        """The name of a base carrier."""
        return self.text(word(code, CARRIERS)) if code else self.text(_UNKNOWN)

    def party(self, code: str) -> str:
        """The name of a responsible party."""
        return self.text(word(code, PARTIES)) if code else self.text(_UNKNOWN)

    def pause(self, reason: PauseReason) -> str:
        """The name of a reason for which clocks stand still."""
        return self.text(PAUSES[reason.value])

    def clock(self, name: ClockName) -> str:
        """The name of a clock."""
        return self.text(CLOCKS[name])

    def duration(self, seconds: float) -> str:
        """A length of time in its two largest units."""
        minutes = round(seconds / _MINUTE)
        if seconds and not minutes:
            return translate(self.locale, "{n} s", n=round(seconds))
        if minutes >= _DAY // _MINUTE:
            days, rest = divmod(minutes, _DAY // _MINUTE)
            return translate(self.locale, "{days} d {hours} h", days=days, hours=rest // _MINUTE)
        hours, rest = divmod(minutes, _HOUR // _MINUTE)
        if hours:
            return translate(self.locale, "{hours} h {minutes} min", hours=hours, minutes=rest)
        return translate(self.locale, "{n} min", n=minutes)

    def moment(self, at: float | None) -> str:
        """A time to the minute; a dash for none."""
        return "–" if at is None else f"{datetime.fromtimestamp(at, self.zone):%Y-%m-%d %H:%M}"

    def count(self, count: int) -> Cell:
        """The cell of a count."""
        return Cell(f"{count:,}", CellKind.FIGURE)

    def span(self, seconds: float | None) -> Cell:
        """The cell of a length of time; "unknown" for ``None``."""
        return self.unknown() if seconds is None else Cell(self.duration(seconds), CellKind.FIGURE)

    def share(self, share: float | None, digits: int = 1) -> Cell:
        """The cell of a share; "unknown" for ``None``, and never 100 % of what is less."""
        if share is None:
            return self.unknown()
        percent = round(share * 100, digits)
        if percent == 100 and share < 1:  # noqa: PLR2004 - the whole
            percent = 100 - 10**-digits
        return Cell(f"{percent:.{digits}f} %", CellKind.FIGURE)

    def amount(self, amount: float, currency: str) -> str:
        """An amount of money."""
        return f"{amount:,.2f} {mask_text(currency)}"

    def unknown(self) -> Cell:
        """The cell of what is not known."""
        return Cell(self.text(_UNKNOWN), CellKind.UNKNOWN)

    def free(self, text: str) -> Cell:
        """The cell of a text from outside; phones in it are masked, and nothing is a dash."""
        return Cell(mask_text(text) or "–")


def masked_name(name: str) -> str:
    """A person's name for readers who may not know it: its first character alone."""
    clean = name.strip()
    return f"{clean[0]}***" if clean else ""
