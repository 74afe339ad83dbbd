"""``numwatch dial NUMBER`` places a test call; ``numwatch dial enrol`` adds an announcement."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agent.cli.dial_agent import NoAgentError, call_by_agent, is_held
from agent.cli.dial_ledger import pages_of
from agent.cli.dial_report import lines
from agent.cli.dial_steps import shown_steps
from agent.cli.language import locale, say
from agent.cli.observation import poll_once
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.cli.words import Words
from agent.config.load import load
from agent.config.settings import Settings
from agent.i18n import Message
from agent.probing.book import CallBook, RefusedError
from agent.probing.call import (
    LONGEST_OVERHEAD,
    choose_caller,
    make_test_call,
    require_engine,
)
from agent.probing.engine.client import EngineMissingError
from agent.probing.facts import Control
from agent.probing.fingerprints import EnrolmentError, enrol
from agent.probing.outcome import SUCCESSFUL, CallOutcome
from agent.probing.prompt import PromptError, read_wav, write_wav
from agent.probing.texts import ENGINE_MISSING, REFUSALS
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress
from agent.testcalls.document import Document, call_document, report_document
from agent.testcalls.outcome import control_says
from agent.testcalls.steps import step_reader
from agent.testcalls.target import Known, control_of, target_of

_POLLING = Message("asking the providers")
_ENROLLED = Message("{name} is enrolled in {file}")


@dataclass(frozen=True)
class DialOptions:
    """The arguments of the command."""

    number: str
    caller: str = ""
    at_any_time: bool = False
    record: Path | None = None
    """Where what was heard is written as WAV."""


def dial(config: Path, options: DialOptions, *, as_json: bool) -> int:
    """Place a test call; 0 when it got through, 1 when not, 3 when that is not known."""
    return run_command(
        lambda: _dial(load(config), options, as_json=as_json),
        failures=(PromptError,),
        misuse=(LookupError, ValueError, OSError),
    )


def enrol_announcement(config: Path, name: str, file: Path) -> int:
    """Add the announcement in a WAV file to those that are recognized."""

    def command() -> int:
        settings = load(config)
        path = enrol(Path(settings.dial.fingerprints), name, read_wav(file, 60.0))
        text = say(_ENROLLED.with_values(name=name, file=str(path)), settings)
        print_lines([text], console())
        return ExitStatus.OK

    return run_command(command, failures=(EnrolmentError, PromptError), misuse=(OSError,))


def _dial(settings: Settings, options: DialOptions, *, as_json: bool) -> int:
    caller = choose_caller(settings.dial, options.caller).name
    try:
        report = asyncio.run(_call(settings, options))
    except EngineMissingError:
        raise CommandError(say(ENGINE_MISSING, settings)) from None
    except RefusedError as error:
        values = {"caller": caller, "number": options.number}
        raise CommandError(say(REFUSALS[error.refusal].with_values(**values), settings)) from None
    if as_json:
        print_json(report)
    else:
        out = console()
        words = Words(locale(settings), settings.timezone)
        print_lines(lines(report, words, out.width), out)
    return _status(report)


def _status(report: Document) -> int:
    outcome = CallOutcome(report["outcome"])
    if outcome in SUCCESSFUL:
        return ExitStatus.OK
    # Whether the line works decides whether the call says anything of the number.
    is_unknown = report["line_at_fault"] is not False or outcome is CallOutcome.UNKNOWN
    return ExitStatus.UNKNOWN if is_unknown else ExitStatus.FAILED


async def _call(settings: Settings, options: DialOptions) -> Document:
    """The report of the call, made by the running agent where one holds the ledger."""
    if await asyncio.to_thread(is_held, settings):
        body = {
            "caller": options.caller,
            "at_any_time": options.at_any_time,
            "reason": "numwatch dial",
            "keep_recording": options.record is not None,
        }
        caller = choose_caller(settings.dial, options.caller).name
        on_step = shown_steps(settings, options.number, caller)
        with suppress(NoAgentError):
            report, recording = await call_by_agent(settings, options.number, body, on_step)
            if options.record is not None:
                await asyncio.to_thread(_write, options.record, recording)
            return report
    return await _call_here(settings, options)


def _write(file: Path, recording: bytes) -> None:
    if recording:
        file.write_bytes(recording)
    else:
        write_wav(file, b"")


async def _call_here(settings: Settings, options: DialOptions) -> Document:
    """The report of a call that this process makes, and of the control number where it is needed.

    Raises:
        RefusedError: when the call must not be made.
        EngineMissingError: when the engine is not installed.
    """
    require_engine()
    caller = choose_caller(settings.dial, options.caller)
    with progress(say(_POLLING, settings)):
        report = await poll_once(settings)
    is_complete = len(report.snapshots) == len(report.accounts)
    known = Known(settings, report.snapshots, time.time(), is_complete=is_complete)
    wish = target_of(known, caller, options.number, at_any_time=options.at_any_time).wish
    longest = settings.dial.longest + LONGEST_OVERHEAD
    book = CallBook(pages_of(settings), longest, settings.timezone)
    on_step = shown_steps(settings, options.number, caller.name)
    call = await make_test_call(settings.dial, book, wish, step_reader(on_step))
    if options.record is not None:
        write_wav(options.record, call.record.early + call.record.talk)
    calls, says = [call_document(call)], Control.NOT_NEEDED
    control = control_of(settings, caller)
    is_needed = call.judgement.outcome not in SUCCESSFUL and control is not None
    if is_needed and control is not None and control.number != options.number:
        reader = step_reader(on_step, of_control=True)
        try:
            placed = await make_test_call(settings.dial, book, control, reader)
        except RefusedError:
            says = Control.UNKNOWN
        else:
            calls.append(call_document(placed))
            says = control_says(placed.judgement.outcome)
    return report_document(options.number, calls, says)
