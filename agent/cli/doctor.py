"""``numwatch doctor``: what is wrong with this installation, and the repair of its ledger."""

import asyncio
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rich.text import Text

from agent.cli.installation import inspect_installation
from agent.cli.language import locale, say
from agent.cli.ledger_folder import sqlite_folder
from agent.cli.runner import ExitStatus, print_json, run_command
from agent.cli.store_inspection import inspect_store
from agent.config.load import load
from agent.i18n import Message, contextual
from agent.store import StoreError
from agent.store.finding import Finding, Status
from agent.store.repair import Repair, repair
from agent.terminal.grid import paragraph
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress
from agent.tickets.ledger import is_usable

_LOOKING = Message("looking at everything")
_ACTION = Message("what to do: {action}")
_STATUSES = {
    Status.OK: Message("ok"),
    Status.WARNING: Message("warning"),
    Status.BROKEN: Message("broken"),
}
_CHECKS: Final[Mapping[str, Message]] = {
    "alerts": contextual("check", "alerts"),
    "clock": contextual("check", "clock"),
    "configuration": contextual("check", "configuration"),
    "database": contextual("check", "database"),
    "deliveries": contextual("check", "deliveries"),
    "disk": contextual("check", "disk"),
    "durability": contextual("check", "durability"),
    "egress": contextual("check", "network"),
    "folder": contextual("check", "folder"),
    "holidays": contextual("check", "holidays"),
    "integrity": contextual("check", "integrity"),
    "lease": contextual("check", "lease"),
    "ledger": contextual("check", "ledger"),
    "links": contextual("check", "links"),
    "lock": contextual("check", "lock"),
    "modes": contextual("check", "modes"),
    "orphans": contextual("check", "orphans"),
    "port": contextual("check", "port"),
    "primary": contextual("check", "primary"),
    "python": contextual("check", "Python"),
    "readers": contextual("check", "readers"),
    "schema": contextual("check", "schema"),
    "server": contextual("check", "server"),
    "sqlite": contextual("check", "SQLite"),
    "terminal": contextual("check", "terminal"),
    "tickets": contextual("check", "tickets"),
    "timeline": contextual("check", "timeline"),
    "token": contextual("check", "token"),
}
"""The checks by their codes, which the JSON document has."""
_STYLES = {Status.OK: "green", Status.WARNING: "yellow", Status.BROKEN: "bold red"}


def doctor(
    config: Path, *, is_repair: bool = False, is_offline: bool = False, as_json: bool = False
) -> int:
    """Inspect what ``config`` sets up; returns 1 when something is not as it should be.

    With ``is_repair`` what can be repaired is, before the inspection; 1 while an agent runs.
    With ``is_offline`` no provider's address is asked.
    """

    def command() -> int:
        settings = load(config)
        done = repair(sqlite_folder(settings), is_usable) if is_repair else None
        with progress(say(_LOOKING, settings)):
            around = inspect_installation(config, settings, is_offline=is_offline)
            findings = [*asyncio.run(around), *asyncio.run(inspect_store(settings))]
        is_ok = all(it.status is Status.OK for it in findings)
        if as_json:
            print_json(_document(findings, done, is_ok=is_ok))
        else:
            out = console()
            print_lines(_lines(findings, done, locale(settings), out.width), out)
        return ExitStatus.OK if is_ok else ExitStatus.FAILED

    return run_command(command, failures=(StoreError,))


def _lines(
    findings: list[Finding], done: Repair | None, language: str, width: int
) -> Iterator[Text]:
    for step in [] if done is None else _repaired(done):
        yield from paragraph(step.text(language), width)
    for finding in findings:
        yield from finding_lines(finding, language, width)


def finding_lines(finding: Finding, language: str, width: int) -> Iterator[Text]:
    """What a finding says to people, in lines of ``width``."""
    text, action = finding.words(language)
    status = _STATUSES[finding.status]
    check = _CHECKS.get(finding.check)
    name = finding.check if check is None else check.text(language)
    head = f"{status.text(language)} · {name}: {finding.where}"
    yield from paragraph(Text(head, _STYLES[finding.status]), width)
    yield from paragraph(text, width, "  ")
    if action:
        yield from paragraph(_ACTION.with_values(action=action).text(language), width, "  ")


def _repaired(done: Repair) -> Iterator[Message]:
    for step in done.steps:
        yield Message("repaired: {step}", {"step": step})
    if done.salvage is not None:
        saved = done.salvage.saved
        yield Message(
            "saved: {tickets} tickets, {deliveries} deliveries, {rows} rows in all",
            {
                "tickets": saved.get("tickets", 0),
                "deliveries": saved.get("outbox", 0),
                "rows": sum(saved.values()),
            },
        )
        for name, count in done.salvage.lost.items():
            yield Message("lost: {count} rows of {table}", {"count": count, "table": name})
        for identity in done.salvage.lost_tickets:
            yield Message("lost: ticket {ticket}", {"ticket": identity})


def _document(findings: list[Finding], done: Repair | None, *, is_ok: bool) -> dict[str, object]:
    return {
        "ok": is_ok,
        "checks": [finding.document() for finding in findings],
        "repair": None if done is None else dataclasses.asdict(done),
    }
