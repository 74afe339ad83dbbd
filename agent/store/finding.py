"""One result of an inspection of the data folder."""

from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Status(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """What one check found: what is so, where, and what to do about it."""

    check: str
    status: Status
    where: str
    text: str
    action: str = ""

    def line(self) -> str:
        """The finding as one line."""
        advice = f"; {self.action}" if self.action else ""
        return f"{self.status:<8} {self.check}: {self.where}: {self.text}{advice}"


def ok(check: str, where: object, text: str) -> Finding:
    """A finding that is as it should be."""
    return Finding(check, Status.OK, str(where), text)
