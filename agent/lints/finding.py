"""What a lint finds, in both languages."""

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import NamedTuple


@unique
class Level(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Costs calls, or will as soon as the case arises."""
    WARNING = "warning"
    """Costs calls when something else happens too, or the number's right to be there."""
    INFO = "info"
    """Worth knowing."""


class Words(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str

    def of(self, locale: str) -> str:
        """The text in ``locale``, English where there is no other."""
        return self.zh if locale.startswith("zh") else self.en


@dataclass(frozen=True)
class Waived:
    """What a waiver says about a finding."""

    reason: str
    until: str
    """The last day it holds, as ISO 8601 writes it; empty for ever."""
    expired: bool


@dataclass(frozen=True)
class Finding:
    """One lint that found something."""

    lint: str
    level: Level
    words: Words
    waiver: Waived | None = None

    @property
    def is_waived(self) -> bool:
        """Whether someone has answered for it, until a day that is not over."""
        return self.waiver is not None and not self.waiver.expired
