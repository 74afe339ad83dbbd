"""One result of an inspection of the data folder or of the installation."""

from dataclasses import dataclass
from enum import StrEnum, unique

from agent.i18n import ENGLISH, Message


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
    text: Message | str
    action: Message | str = ""

    def words(self, locale: str) -> tuple[str, str]:
        """What is so and what to do, in a language; the second is empty where nothing is."""
        return _text(self.text, locale), _text(self.action, locale)

    def document(self) -> dict[str, str]:
        """The finding as the values of a JSON document, in English."""
        text, action = self.words(ENGLISH)
        known = {"check": self.check, "status": str(self.status), "where": self.where}
        return {**known, "text": text, "action": action}


def _text(text: Message | str, locale: str) -> str:
    return text if isinstance(text, str) else text.text(locale)


def ok(check: str, where: object, text: Message | str) -> Finding:
    """A finding that is as it should be."""
    return Finding(check, Status.OK, str(where), text)
