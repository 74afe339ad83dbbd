"""What is asked for: which report, of which period, in which format and language."""

from dataclasses import dataclass
from enum import StrEnum, unique

from agent.i18n import ENGLISH
from agent.reports.formats import USUAL_WIDTH, Format


@unique
class ReportKind(StrEnum):
    """A report; the value is a part of addresses and commands."""

    STATISTICS = "statistics"
    SCORES = "scores"
    CLAIM = "claim"
    """Of one provider."""


@dataclass(frozen=True)
class ReportRequest:
    """One report.

    Attributes:
        kind: Which one.
        period: A month such as ``2026-10`` or a quarter such as ``2026-Q4``; empty: this month.
        provider: Only what is at this provider; empty for all.
        form: How it is written.
        locale: Its language.
        width: Cells of a line, where it is text.
        shows_people: Whether people's names are shown; else they are masked.
    """

    kind: ReportKind
    period: str = ""
    provider: str = ""
    form: Format = Format.TEXT
    locale: str = ENGLISH
    width: int = USUAL_WIDTH
    shows_people: bool = False

    @property
    def query(self) -> dict[str, str]:
        """The request as query parameters of the API; what is empty is left out."""
        values = {
            "period": self.period,
            "provider": self.provider,
            "format": self.form.value,
            "lang": self.locale,
            "width": str(self.width),
        }
        return {name: value for name, value in values.items() if value}
