"""``numwatch lint``: polls once and prints the findings about numbers' configurations."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.checks.result import CheckResult
from agent.cli.observation import Observation, observe
from agent.cli.runner import ExitStatus, run_command
from agent.config.load import load
from agent.config.settings import Settings
from agent.i18n import CHINESE
from agent.lints.finding import Level, LintView, lint_view

_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.INFO: "dim"}


class FindingRow(msgspec.Struct, frozen=True):
    """One finding with where it is; ``number`` is empty where it is about the account."""

    provider: str
    account: str
    number: str
    finding: LintView


class PollFailureRow(msgspec.Struct, frozen=True):
    """A capability that could not be polled, and so could not be linted."""

    provider: str
    account: str
    capability: str
    reason: str


class LintReport(msgspec.Struct, frozen=True):
    """The numbers of linted numbers and findings, the findings, and the failed polls."""

    numbers: int
    errors: int
    warnings: int
    infos: int
    waived: int
    findings: list[FindingRow]
    failures: list[PollFailureRow]

    @property
    def exit_status(self) -> ExitStatus:
        """1 when there is an error that is not waived, or something could not be polled."""
        return ExitStatus.FAILED if self.errors or self.failures else ExitStatus.OK


def lint(config: Path, *, as_json: bool) -> int:
    """Print the findings; returns 1 for an error that is not waived, 2 on misuse."""

    def command() -> int:
        settings = load(config)
        report = summary(asyncio.run(_observe(settings)), time.time())
        if as_json:
            content = msgspec.json.format(msgspec.json.encode(report), indent=2)
            sys.stdout.write(content.decode() + "\n")
        else:
            render(report, settings.locale, Console())
        return report.exit_status

    return run_command(command, misuse=(ValueError, OSError))


async def _observe(settings: Settings) -> Observation:
    """Poll with the lints on, even where the agent itself does not lint."""
    lints = settings.lints.model_copy(update={"enabled": True})
    return await observe(settings.model_copy(update={"lints": lints}))


def summary(observation: Observation, now: float) -> LintReport:
    """All findings of all accounts, errors first and waived ones last."""
    results = observation.checked.values()
    rows = [row for checked in results for row in _rows(checked, now)]
    rank = {level.value: index for index, level in enumerate(Level)}
    rows.sort(key=lambda row: (row.finding.waived, rank[row.finding.severity]))
    severities = [row.finding.severity for row in rows if not row.finding.waived]
    counts: dict[str, Any] = {f"{level.value}s": severities.count(level.value) for level in Level}
    return LintReport(
        numbers=sum(len(checked.names) for checked in results),
        waived=len(rows) - len(severities),
        findings=rows,
        failures=list(_failures(observation)),
        **counts,
    )


def _rows(checked: CheckResult, now: float) -> Iterator[FindingRow]:
    key = checked.snapshot.provider, checked.snapshot.account
    for finding in checked.account_lints:
        yield FindingRow(*key, "", lint_view(finding))
    for number in checked.names:
        for finding in checked.lint_findings(number, now):
            yield FindingRow(*key, number, lint_view(finding))


def _failures(observation: Observation) -> Iterator[PollFailureRow]:
    for account in observation.report.accounts:
        for outcome in account.outcomes:
            if outcome.failure is not None:
                yield PollFailureRow(
                    account.provider, account.account, outcome.capability, outcome.failure
                )


def render(report: LintReport, locale: str, console: Console) -> None:
    """Print the findings for people: a table, the failed polls, then the totals."""
    table = Table("lint", "number", "finding", box=None, pad_edge=False)
    for row in report.findings:
        scope = row.number or f"{row.provider}/{row.account}"
        style = "dim" if row.finding.waived else _STYLES[Level(row.finding.severity)]
        table.add_row(
            Text(f"{row.finding.lint} {row.finding.severity}", style=style),
            Text(scope),
            Text(_message(row.finding, locale), style="dim" if row.finding.waived else ""),
        )
    if report.findings:
        console.print(table)
    for failure in report.failures:
        scope = f"{failure.provider}/{failure.account}"
        console.print(Text(f"{scope}: {failure.capability} failed: {failure.reason}", "bold red"))
    console.print(
        f"{report.numbers} numbers: {report.errors} errors, {report.warnings} warnings, "
        f"{report.infos} remarks, {report.waived} waived"
    )


def _message(finding: LintView, locale: str) -> str:
    text = finding.message_zh if locale == CHINESE else finding.message
    if not finding.waiver_reason:
        return text
    ended = f"; a waiver ended on {finding.waived_until}" if not finding.waived else ""
    return f"{text}{ended} (waiver: {finding.waiver_reason})"
