"""What ``numwatch baseline show``, ``approve`` and ``diff`` do; each gives its exit status."""

import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent import logging
from agent.cli.baseline_sources import Source, SourceError, Wanted, open_source
from agent.config.settings import Log
from agent.plan import PlanError, make_plan
from agent.store.errors import StoreError

FAILED = 1
BAD_CONFIG = 2

Document = dict[str, Any]


def wanted(number: str, account: str) -> Wanted:
    """``number``, at ``account`` (``provider/account``) where that is given."""
    provider, _, name = account.partition("/")
    return Wanted(number, provider, name)


def show(config: Path, number: Wanted, *, as_json: bool) -> int:
    """Print what the number is held to; 1 when nobody has it."""
    return _report(config, number, _print_json if as_json else _print_baseline)


def diff(config: Path, number: Wanted, *, as_json: bool) -> int:
    """Print what differs from the approved configuration; 1 when something does."""
    differs: list[bool] = []

    def tell(report: Document) -> None:
        differs.append(bool(report["differences"]))
        _print_differences(report)

    def note(report: Document) -> None:
        differs.append(bool(report["differences"]))
        _print_json(report)

    status = _report(config, number, note if as_json else tell)
    return status or (FAILED if any(differs) else 0)


def approve(config: Path, number: Wanted, by: str, note: str, *, as_json: bool) -> int:
    """Approve the number's configuration as it is now; 1 when it cannot be."""
    name = by or getpass.getuser()

    def tell(approved: Document) -> None:
        if as_json:
            _print_json(approved)
        else:
            version = approved["version"]
            Console().print(f"{number.number}: version {version} approved by {name}")

    return _with(config, number, lambda source: source.approve(number, name, note), tell)


def _report(config: Path, number: Wanted, tell: Callable[[Document], None]) -> int:
    return _with(config, number, lambda source: source.report(number), tell)


def _with(
    config: Path,
    number: Wanted,
    ask: Callable[[Source], Awaitable[Document | None]],
    tell: Callable[[Document], None],
) -> int:
    logging.configure(Log(level="error", format="console"))
    try:
        told = asyncio.run(_ask(config, ask))
    except PlanError as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIG
    except (StoreError, SourceError, ValueError, OSError) as error:
        return _complain(str(error))
    if told is None:
        return _complain(f"no account has {number.number}; numwatch poll shows what there is")
    tell(told)
    return 0


async def _ask(
    config: Path, ask: Callable[[Source], Awaitable[Document | None]]
) -> Document | None:
    async with open_source(await asyncio.to_thread(make_plan, config)) as source:
        return await ask(source)


def _print_json(document: Document) -> None:
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _print_baseline(report: Document) -> None:
    console, held = Console(), report["baseline"]
    console.print(Text(_headline(report), style="bold"))
    if held is None:
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
    for each in report["differences"]:
        table.add_row(*map(Text, (each["section"], each["field"], each["was"], each["now"])))
    console.print(table)
    for effect in report.get("effects", ()):
        console.print(Text(f"callers: {effect['en']}"))
    if report["since"]:
        console.print(Text(f"since {report['since']}"))
    if report["planned"]:
        planned = report["planned"]
        console.print(Text(f"planned until {planned['end']}: {planned['reason']}"))


def _headline(report: Document) -> str:
    place = f"{report['number']} at {report['provider']}/{report['account']}"
    held = report["baseline"]
    if held is None:
        return f"{place}: its configuration was never seen whole, so it is held to nothing yet"
    return f"{place}: {_version(held)}"


def _version(version: Document) -> str:
    by = f" by {version['approved_by']}" if version["approved_by"] else ""
    note = f" ({version['note']})" if version["note"] else ""
    return f"{version['origin']} version {version['version']}{by}, {version['taken_at']}{note}"


def _complain(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return FAILED
