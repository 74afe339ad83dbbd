"""``numwatch lint``: polls once and prints the findings about numbers' configurations."""

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from rich.text import Text

from agent.checks.result import CheckResult
from agent.cli.language import locale, say
from agent.cli.observation import Observation, observe
from agent.cli.runner import ExitStatus, run_command
from agent.cli.words import Words
from agent.config.load import load
from agent.config.settings import Settings
from agent.i18n import CHINESE, N_, Message, plural
from agent.lints.finding import Level, LintView, lint_view
from agent.terminal.grid import Column, paragraph, table
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress

_POLLING = Message("asking the providers")
_FAILED = Message("{account}: {capability} failed: {reason}")
_TOTALS = Message("{numbers}: {errors}, {warnings}, {infos}, {waived} waived")
_WAIVED = Message("{text} (waiver: {reason})")
_ENDED = Message("{text}; a waiver ended on {until} (waiver: {reason})")

_SEVERITIES = {"error": N_("error"), "warning": N_("warning"), "info": N_("remark")}
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
        with progress(say(_POLLING, settings)):
            report = summary(asyncio.run(_observe(settings)), time.time())
        if as_json:
            content = msgspec.json.format(msgspec.json.encode(report), indent=2)
            sys.stdout.write(content.decode() + "\n")
        else:
            out = console()
            words = Words(locale(settings), settings.timezone)
            print_lines(render(report, words, out.width), out)
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


def render(report: LintReport, words: Words, width: int) -> Iterator[Text]:
    """The findings for people: a table, the failed polls, then the totals."""
    columns = (
        Column(words.heading(N_("lint"))),
        Column(words.heading(N_("number"))),
        Column(words.heading(N_("finding")), wraps=True),
    )
    yield from table(columns, (_cells(row, words) for row in report.findings), width)
    for failure in report.failures:
        account = f"{failure.provider}/{failure.account}"
        capability, reason = words.label(failure.capability), words.label(failure.reason)
        text = words.say(_FAILED, account=account, capability=capability, reason=reason)
        yield from paragraph(Text(text, "bold red"), width)
    counts = {
        "numbers": plural("{count} number", "{count} numbers", report.numbers),
        "errors": plural("{count} error", "{count} errors", report.errors),
        "warnings": plural("{count} warning", "{count} warnings", report.warnings),
        "infos": plural("{count} remark", "{count} remarks", report.infos),
    }
    yield from paragraph(words.say(_TOTALS, waived=report.waived, **counts), width)


def _cells(row: FindingRow, words: Words) -> tuple[Text, Text, Text]:
    finding = row.finding
    style = "dim" if finding.waived else _STYLES[Level(finding.severity)]
    return (
        Text(f"{finding.lint} {words.heading(_SEVERITIES[finding.severity])}", style=style),
        Text(row.number or f"{row.provider}/{row.account}"),
        Text(_message(finding, words), style="dim" if finding.waived else ""),
    )


def _message(finding: LintView, words: Words) -> str:
    text = finding.message_zh if words.locale == CHINESE else finding.message
    if not finding.waiver_reason:
        return text
    known = _WAIVED if finding.waived else _ENDED
    values = {"until": finding.waived_until, "reason": finding.waiver_reason}
    return words.say(known, text=text, **values)
