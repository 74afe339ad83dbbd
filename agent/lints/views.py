"""A finding as JSON shows it."""

import msgspec

from agent.lints.finding import Finding


class LintView(msgspec.Struct, frozen=True, kw_only=True):
    """One lint that found something."""

    lint: str
    severity: str
    message: str
    message_zh: str
    waived: bool
    """Somebody answers for it, so that it is not counted."""
    waiver_reason: str | None
    waived_until: str | None
    """The last day of the waiver; a finding that is not waived has one that is over."""


def lint_view(finding: Finding) -> LintView:
    """``finding`` as it is shown."""
    waiver = finding.waiver
    return LintView(
        lint=finding.lint,
        severity=finding.level.value,
        message=finding.words.en,
        message_zh=finding.words.zh,
        waived=finding.is_waived,
        waiver_reason=None if waiver is None else waiver.reason,
        waived_until=None if waiver is None else waiver.until or None,
    )
