"""``numwatch lint``: polls once, and says what of the configurations is known to go wrong."""

import asyncio
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent import logging
from agent.checks.result import CheckResult
from agent.cli.poll_once import poll_once
from agent.cli.stored_baselines import look, recall
from agent.config.load import ConfigError, load
from agent.config.settings import Log, Settings
from agent.lints.finding import Level, LintView, lint_view
from agent.plan import declared_in

BAD_CONFIG = 2
FOUND = 1
_STYLES = {Level.ERROR: "bold red", Level.WARNING: "yellow", Level.INFO: "dim"}


class Row(msgspec.Struct, frozen=True):
    """One finding with where it is; ``number`` is empty where it is about the account."""

    provider: str
    account: str
    number: str
    finding: LintView


class Failure(msgspec.Struct, frozen=True):
    """What could not be looked at."""

    provider: str
    account: str
    capability: str
    reason: str


class Linted(msgspec.Struct, frozen=True):
    """What was linted and what was found."""

    numbers: int
    errors: int
    warnings: int
    infos: int
    waived: int
    findings: list[Row]
    failures: list[Failure]

    @property
    def exit_code(self) -> int:
        """1 when any error stands, or nobody could look; 0 otherwise."""
        return FOUND if self.errors or self.failures else 0


@dataclass(frozen=True)
class Looked:
    """What was polled and checked."""

    accounts: Mapping[tuple[str, str], CheckResult]
    failures: Sequence[Failure]


def lint(config: Path, *, as_json: bool) -> int:
    """Print what the lints find; 1 when any error stands, 2 when the configuration is wrong."""
    logging.configure(Log(level="error", format="console"))
    try:
        settings = load(config)
        linted = summary(asyncio.run(_look(settings)), time.time())
    except (ConfigError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIG
    if as_json:
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(linted), indent=2).decode() + "\n")
    else:
        render(linted, settings.locale, Console())
    return linted.exit_code


async def _look(settings: Settings) -> Looked:
    """Everything polled once; linted even where the agent is told not to."""
    lints = settings.lints.model_copy(update={"enabled": True})
    wanted = settings.model_copy(update={"lints": lints})
    book = await recall(wanted)
    book.declare(declared_in(wanted))
    report = await poll_once(wanted)
    snapshots = [account.snapshot for account in report.accounts if account.snapshot]
    failures = [
        Failure(account.provider, account.account, outcome.capability, outcome.failure)
        for account in report.accounts
        for outcome in account.outcomes
        if outcome.failure is not None
    ]
    return Looked(await look(wanted, snapshots, book, time.time()), failures)


def summary(looked: Looked, now: float) -> Linted:
    """All findings of all accounts, errors first."""
    rows = [row for checked in looked.accounts.values() for row in _rows(checked, now)]
    order = {level.value: place for place, level in enumerate(Level)}
    rows.sort(key=lambda row: (row.finding.waived, order[row.finding.severity]))
    standing = [row.finding.severity for row in rows if not row.finding.waived]
    counted: dict[str, Any] = {f"{level.value}s": standing.count(level.value) for level in Level}
    return Linted(
        numbers=sum(len(checked.names) for checked in looked.accounts.values()),
        waived=len(rows) - len(standing),
        findings=rows,
        failures=list(looked.failures),
        **counted,
    )


def _rows(checked: CheckResult, now: float) -> Iterator[Row]:
    where = checked.snapshot.provider, checked.snapshot.account
    for finding in checked.account_lints:
        yield Row(*where, "", lint_view(finding))
    for number in checked.names:
        for finding in checked.lint_findings(number, now):
            yield Row(*where, number, lint_view(finding))


def render(linted: Linted, locale: str, console: Console) -> None:
    """Print the findings for people: a table an account, then the sums."""
    table = Table("lint", "number", "finding", box=None, pad_edge=False)
    for row in linted.findings:
        where = row.number or f"{row.provider}/{row.account}"
        style = "dim" if row.finding.waived else _STYLES[Level(row.finding.severity)]
        table.add_row(
            Text(f"{row.finding.lint} {row.finding.severity}", style=style),
            Text(where),
            Text(_words(row.finding, locale), style="dim" if row.finding.waived else ""),
        )
    if linted.findings:
        console.print(table)
    for failure in linted.failures:
        where = f"{failure.provider}/{failure.account}"
        console.print(Text(f"{where}: {failure.capability} failed: {failure.reason}", "bold red"))
    console.print(
        f"{linted.numbers} numbers: {linted.errors} errors, {linted.warnings} warnings, "
        f"{linted.infos} remarks, {linted.waived} waived"
    )


def _words(finding: LintView, locale: str) -> str:
    text = finding.message_zh if locale.startswith("zh") else finding.message
    if not finding.waiver_reason:
        return text
    over = f"; a waiver ended on {finding.waived_until}" if not finding.waived else ""
    return f"{text}{over} (waiver: {finding.waiver_reason})"
