"""``numwatch accept NUMBER``: the calls by which a number is accepted, and their report.

The running agent places the calls and has those of other hours and days: an acceptance goes on
over several of them. Each run of the command makes what is due now.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent.cli.client import ApiClient
from agent.cli.dial_agent import NoAgentError, call_by_agent, is_held
from agent.cli.dial_steps import shown_steps
from agent.cli.files import write_whole
from agent.cli.language import locale, say
from agent.cli.ledger_client import client_of_holder
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.config.load import load
from agent.config.settings import Settings
from agent.i18n import Message
from agent.reports.formats import ENDINGS, Format
from agent.terminal.output import console, print_lines
from agent.testcalls.acceptance import CellState
from agent.testcalls.document import Document
from agent.testcalls.words import outcome_text

_FORMATS: Final = {
    f".{ending}": form for form, ending in ENDINGS.items() if form is not Format.JSON
}
_STATUSES: Final = {
    CellState.PASSED: ExitStatus.OK,
    CellState.FAILED: ExitStatus.FAILED,
    CellState.OPEN: ExitStatus.UNKNOWN,
}
_NO_AGENT: Final = Message(
    "no agent runs, and it makes the calls of an acceptance, which last for days: start it with "
    "numwatch run"
)
_NOT_LISTED: Final = Message("{number} is no number of an account that the agent watches")
_NO_FORMAT: Final = Message("{file} has no known ending, expected one of {endings}")
_CALLED: Final = Message("{caller}: {outcome}")
_NOTHING_DUE: Final = Message("no call is due at this hour; the report says what is left")
_WRITTEN: Final = Message("the report is in {file}")
_NOT_CALLED: Final = Message("{caller} did not call: {why}")


@dataclass(frozen=True)
class AcceptOptions:
    """The arguments of the command."""

    number: str
    at_any_time: bool = False
    report: Path | None = None
    """Where the report is written; its ending says how."""
    calls: bool = True
    """Whether the calls that are due are made first."""


def accept(config: Path, options: AcceptOptions, *, as_json: bool) -> int:
    """Make the calls that are due; 0 when the number is accepted, 1 when not, 3 when unfinished."""
    return run_command(
        lambda: asyncio.run(_accept(load(config), options, as_json=as_json)),
        misuse=(LookupError, ValueError, OSError),
    )


async def _accept(settings: Settings, options: AcceptOptions, *, as_json: bool) -> int:
    form = _format_of(options.report, settings)
    if not await asyncio.to_thread(is_held, settings):
        raise CommandError(say(_NO_AGENT, settings))
    async with client_of_holder(settings) as client:
        if options.calls:
            await _make_due_calls(settings, client, options)
        found = await _acceptance(settings, client, options.number)
        if options.report is not None:
            write_whole(options.report, await _report(client, options.number, form))
            _tell(_WRITTEN.with_values(file=str(options.report)), settings)
        if as_json:
            print_json(found)
        else:
            text = await _report(client, options.number, Format.TEXT, console().width)
            print_lines(text.decode().splitlines(), console())
    return _STATUSES[CellState(found["state"])]


def _format_of(report: Path | None, settings: Settings) -> Format:
    if report is None:
        return Format.TEXT
    form = _FORMATS.get(report.suffix.lower())
    if form is None:
        values = {"file": str(report), "endings": ", ".join(_FORMATS)}
        raise ValueError(say(_NO_FORMAT.with_values(**values), settings))
    return form


async def _make_due_calls(settings: Settings, client: ApiClient, options: AcceptOptions) -> None:
    rows = (await _acceptance(settings, client, options.number))["rows"]
    due = [row["caller"] for row in rows if any(cell["is_due"] for cell in row["cells"])]
    if not due:
        _tell(_NOTHING_DUE, settings)
    for caller in due:
        await _call(settings, options, caller)


async def _call(settings: Settings, options: AcceptOptions, caller: str) -> None:
    body = {
        "caller": caller,
        "at_any_time": options.at_any_time,
        "reason": "numwatch accept",
        "for_acceptance": True,
        "keep_recording": False,
    }
    try:
        report, _ = await call_by_agent(
            settings, options.number, body, shown_steps(settings, options.number, caller)
        )
    except NoAgentError:
        raise CommandError(say(_NO_AGENT, settings)) from None
    except CommandError as error:
        # The other lines may call all the same; what is missing stays open in the report.
        _tell(_NOT_CALLED.with_values(caller=caller, why=str(error)), settings)
        return
    outcome = outcome_text(report["outcome"], locale(settings))
    _tell(_CALLED.with_values(caller=caller, outcome=outcome), settings)


async def _acceptance(settings: Settings, client: ApiClient, number: str) -> Document:
    found: Any = await client.show(f"/api/numbers/{number}/acceptance")
    if found is None:
        raise CommandError(say(_NOT_LISTED.with_values(number=number), settings))
    return dict(found)


async def _report(client: ApiClient, number: str, form: Format, width: int = 100) -> bytes:
    lang, cells = locale(), max(40, min(400, width))
    query = f"format={form.value}&lang={lang}&width={cells}"
    content = await client.download(f"/api/numbers/{number}/acceptance?{query}")
    assert content is not None, "the number was there a moment ago"
    return content


def _tell(text: Message, settings: Settings) -> None:
    print_lines([say(text, settings)], console(stderr=True))
