"""The ``numwatch diagnose`` command: polls once, diagnoses, and shows the verdict."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.checks.baselines import Declared
from agent.config.settings import Settings
from agent.diagnosis.context import Context
from agent.diagnosis.diagnose import diagnose_number
from agent.diagnosis.remembered import look, recall
from agent.diagnosis.words import Words
from agent.model import Verdict
from agent.polling.once import poll_once
from agent.states import Cause

_STYLES = {Cause.HEALTHY.value: "bold green", Cause.UNKNOWN.value: "bold yellow"}


@dataclass(frozen=True)
class Question:
    """What a person asks: about a number, for a caller, with what they know already."""

    number: str
    """Written in any usual way."""
    caller: str = ""
    """Empty for anyone."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What people have found out, by question."""


async def diagnose_once(
    settings: Settings,
    question: Question,
    declared: Mapping[str, Declared] | None = None,
    clock: Callable[[], float] = time.time,
) -> Verdict:
    """Poll every account once, then give the verdict on the number.

    What is declared, and what the agent's ledger remembers as approved or first seen, is what
    the configuration is held to; what is seen for the first time is remembered.

    Raises:
        ValueError: when a provider cannot be made from ``settings``, or a baseline is damaged.
        OSError: when a file the settings name cannot be read.
    """
    book = await recall(settings)
    book.declare(declared or {})
    report = await poll_once(settings, clock=clock)
    snapshots = [account.snapshot for account in report.accounts if account.snapshot]
    accounts = await look(settings, snapshots, book, clock())
    context = Context(settings, clock(), accounts, book)
    return diagnose_number(
        question.number, context, caller=question.caller, answers=question.answers
    )


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
