"""``numwatch baseline show``, ``diff`` and ``approve``; each returns its exit status."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.cli.client import Client, Document, NumberKey
from agent.cli.ledger_client import open_ledger_or_holder
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.plan import PlanError, make_plan
from agent.store import StoreError


def show(config: Path, number: NumberKey, *, as_json: bool) -> int:
    """Print the approved configuration of a number; 1 when no account has it."""

    def print_report(report: Document) -> int:
        (print_json if as_json else _print_baseline)(report)
        return ExitStatus.OK

    return _run(config, number, lambda client: client.baseline(number), print_report)


def diff(config: Path, number: NumberKey, *, as_json: bool) -> int:
    """Print what differs from the approved configuration; 1 when something does."""

    def print_report(report: Document) -> int:
        (print_json if as_json else _print_differences)(report)
        return ExitStatus.FAILED if report["differences"] else ExitStatus.OK

    return _run(config, number, lambda client: client.baseline(number), print_report)


def approve(config: Path, number: NumberKey, by: str, note: str, *, as_json: bool) -> int:
    """Approve a number's configuration as it is now; 1 when it cannot be."""
    approver = by or getpass.getuser()

    def print_version(version: Document) -> int:
        if as_json:
            print_json(version)
        else:
            text = f"{number.number}: version {version['version']} approved by {approver}"
            Console().print(text)
        return ExitStatus.OK

    return _run(
        config, number, lambda client: client.approve(number, approver, note), print_version
    )


def _run(
    config: Path,
    number: NumberKey,
    request: Callable[[Client], Awaitable[Document | None]],
    print_document: Callable[[Document], int],
) -> int:
    def command() -> int:
        document = asyncio.run(_request(config, request))
        if document is None:
            raise CommandError(f"no account has {number.number}; numwatch poll shows what there is")
        return print_document(document)

    return run_command(command, misuse=(PlanError,), failures=(StoreError, ValueError, OSError))


async def _request(
    config: Path, request: Callable[[Client], Awaitable[Document | None]]
) -> Document | None:
    plan = await asyncio.to_thread(make_plan, config)
    async with open_ledger_or_holder(plan.settings, plan.declared) as client:
        return await request(client)


def _print_baseline(report: Document) -> None:
    console = Console()
    console.print(Text(_headline(report), style="bold"))
    if report["baseline"] is None:
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    for name, value in (report["routing"] or {}).items():
        table.add_row(Text(name), Text(json.dumps(value, ensure_ascii=False)))
    for phone in report["phones"] or ():
        row = f"{phone['phone']} {phone['kind']} {phone['position']}"
        table.add_row(Text(f"phone {phone['binding']}"), Text(row))
    console.print(table)
    for version in report["history"]:
        console.print(Text(f"before: {_version(version)}"))


def _print_differences(report: Document) -> None:
    console = Console()
    console.print(Text(_headline(report), style="bold"))
    if not report["differences"]:
        console.print("nothing differs")
        return
    table = Table("section", "field", "approved", "now", box=None, pad_edge=False)
    for difference in report["differences"]:
        table.add_row(*(Text(difference[name]) for name in ("section", "field", "was", "now")))
    console.print(table)
    for effect in report.get("effects", ()):
        console.print(Text(f"callers: {effect['en']}"))
    if report["since"]:
        console.print(Text(f"since {report['since']}"))
    if report["planned"]:
        planned = report["planned"]
        console.print(Text(f"planned until {planned['end']}: {planned['reason']}"))


def _headline(report: Document) -> str:
    scope = f"{report['number']} at {report['provider']}/{report['account']}"
    if report["baseline"] is None:
        return f"{scope}: no baseline yet, its configuration was never seen whole"
    return f"{scope}: {_version(report['baseline'])}"


def _version(version: Document) -> str:
    by = f" by {version['approved_by']}" if version["approved_by"] else ""
    note = f" ({version['note']})" if version["note"] else ""
    return f"{version['origin']} version {version['version']}{by}, {version['taken_at']}{note}"
