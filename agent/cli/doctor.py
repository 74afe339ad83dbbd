"""``numwatch doctor``: what is wrong with the data folder and the ledger, and its repair."""

import dataclasses
import sys
from pathlib import Path

from agent.cli.runner import ExitStatus, print_json, run_command
from agent.config.load import load
from agent.store import StoreError
from agent.store.directory import LEDGER_NAME
from agent.store.finding import Finding, Status
from agent.store.inspection import inspect_folder, inspect_ledger
from agent.store.repair import Repair, repair
from agent.tickets.ledger import is_usable


def doctor(config: Path, *, is_repair: bool = False, as_json: bool = False) -> int:
    """Inspect what ``config`` names; returns 1 when something is not as it should be.

    With ``is_repair`` what can be repaired is, before the inspection; 1 while an agent runs.
    """

    def command() -> int:
        directory = Path(load(config).data_dir)
        done = repair(directory, is_usable) if is_repair else None
        findings = [*inspect_folder(directory), *inspect_ledger(directory / LEDGER_NAME)]
        is_ok = all(it.status is Status.OK for it in findings)
        if as_json:
            print_json(_document(findings, done, is_ok=is_ok))
        else:
            sys.stdout.writelines(f"{line}\n" for line in _lines(findings, done))
        return ExitStatus.OK if is_ok else ExitStatus.FAILED

    return run_command(command, failures=(StoreError,))


def _lines(findings: list[Finding], done: Repair | None) -> list[str]:
    lines = [] if done is None else [f"repaired {step}" for step in done.steps]
    if done is not None and done.salvage is not None:
        saved = done.salvage.saved
        lines.append(
            f"saved    {saved.get('tickets', 0)} tickets, {saved.get('outbox', 0)} deliveries,"
            f" {sum(saved.values())} rows in all"
        )
        lines += [f"lost     {count} rows of {name}" for name, count in done.salvage.lost.items()]
        lines += [f"lost     ticket {identity}" for identity in done.salvage.lost_tickets]
    return [*lines, *(finding.line() for finding in findings)]


def _document(findings: list[Finding], done: Repair | None, *, is_ok: bool) -> dict[str, object]:
    return {
        "ok": is_ok,
        "checks": [dataclasses.asdict(finding) for finding in findings],
        "repair": None if done is None else dataclasses.asdict(done),
    }
