"""The findings of lints, and their form in JSON."""

from dataclasses import dataclass
from enum import StrEnum, unique

import msgspec

from agent.i18n import CHINESE, ENGLISH, Text


@unique
class Level(StrEnum):
    """How bad a finding is; the worst level comes first."""

    ERROR = "error"
    """Loses calls, or will as soon as the case arises."""
    WARNING = "warning"
    """Loses calls if something else fails too, or may cost the company its number."""
    INFO = "info"
    """Worth knowing."""


@dataclass(frozen=True)
class Waiver:
    """The waiver that covers a finding."""

    reason: str
    until: str
    """The last day on which it applies, in ISO 8601; empty when it never expires."""
    expired: bool


@dataclass(frozen=True)
class Finding:
    """One lint that applies to a number or to an account."""

    lint: str
    level: Level
    message: Text
    waiver: Waiver | None = None

    @property
    def is_waived(self) -> bool:
        """Whether a waiver that has not expired covers it."""
        return self.waiver is not None and not self.waiver.expired


class LintView(msgspec.Struct, frozen=True, kw_only=True):
    """A finding in JSON."""

    lint: str
    severity: str
    message: str
    message_zh: str
    waived: bool
    """Whether a waiver covers it, so that it is not counted."""
    waiver_reason: str | None
    waived_until: str | None
    """The last day of the waiver; past where the finding is not waived."""


def lint_view(finding: Finding) -> LintView:
    """Return ``finding`` as JSON shows it."""
    waiver = finding.waiver
    return LintView(
        lint=finding.lint,
        severity=finding.level.value,
        message=finding.message.text(ENGLISH),
        message_zh=finding.message.text(CHINESE),
        waived=finding.is_waived,
        waiver_reason=None if waiver is None else waiver.reason,
        waived_until=None if waiver is None else waiver.until or None,
    )
