"""The ``numwatch diagnose`` command: polls once, diagnoses, and shows the verdict."""

import time
from collections.abc import Callable, Iterable

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.checks.baselines import Baselines
from agent.checks.engine import Checker
from agent.config.settings import Settings
from agent.diagnosis.context import Context
from agent.diagnosis.diagnose import diagnose_number
from agent.diagnosis.words import Words
from agent.model import Snapshot, Verdict
from agent.polling.once import poll_once
from agent.states import Cause

_STYLES = {Cause.HEALTHY.value: "bold green", Cause.UNKNOWN.value: "bold yellow"}


async def diagnose_once(
    settings: Settings,
    number: str,
    caller: str = "",
    *,
    baselines: Baselines | None = None,
    clock: Callable[[], float] = time.time,
) -> Verdict:
    """Poll every account once, then give the verdict on ``number``.

    Raises:
        ValueError: when a provider cannot be made from ``settings``.
        OSError: when a file the settings name cannot be read.
    """
    report = await poll_once(settings, clock=clock)
    snapshots = [account.snapshot for account in report.accounts if account.snapshot]
    return diagnose_snapshots(settings, snapshots, number, caller, clock(), baselines)


def diagnose_snapshots(
    settings: Settings,
    snapshots: Iterable[Snapshot],
    number: str,
    caller: str,
    now: float,
    baselines: Baselines | None = None,
) -> Verdict:
    """The verdict on ``number`` by what was just polled.

    Args:
        settings: The configuration.
        snapshots: One per account.
        number: The number, written in any usual way.
        caller: The caller asked about; empty for anyone.
        now: Epoch seconds.
        baselines: The approved configurations; without them nothing counts as drift.
    """
    checker = Checker(settings, baselines)
    accounts = {
        (snapshot.provider, snapshot.account): checker.check(snapshot, now)
        for snapshot in snapshots
    }
    return diagnose_number(number, Context(settings, now, accounts), caller=caller)


def render_json(verdict: Verdict) -> str:
    """The verdict as one JSON document (contracts.md, diagnosis JSON)."""
    return msgspec.json.format(msgspec.json.encode(verdict), indent=2).decode()


def render(verdict: Verdict, settings: Settings, console: Console) -> None:
    """Print the verdict for people."""
    title = Words(settings.locale).title(Cause(verdict.cause))
    style = _STYLES.get(verdict.cause, "bold red")
    console.print(Text(f"{verdict.number}  {title}", style=style))
    console.print(Text(f"{verdict.cause}  {verdict.party}  {verdict.confidence:.0%}"))
    if verdict.contact:
        console.print(Text(f"call: {verdict.contact}"))
    console.print(_evidence(verdict))
    for mark, lines in (
        ("!", verdict.findings),
        (">", verdict.next_steps),
        ("?", verdict.questions),
    ):
        for line in lines:
            console.print(Text(f"{mark} {line}"))


def _evidence(verdict: Verdict) -> Table:
    table = Table("fact", "value", "source", "age", box=None, pad_edge=False)
    for fact in verdict.evidence:
        age = "-" if fact.age_seconds is None else f"{fact.age_seconds:.0f} s"
        table.add_row(*map(Text, (fact.fact, fact.value, fact.source, age)))
    return table
