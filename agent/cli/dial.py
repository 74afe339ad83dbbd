"""``numwatch dial NUMBER`` places a test call; ``numwatch dial enrol`` adds an announcement."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from agent.cli.dial_ledger import pages_of
from agent.cli.dial_report import document, lines
from agent.cli.language import locale, say
from agent.cli.observation import poll_once
from agent.cli.runner import CommandError, ExitStatus, print_json, run_command
from agent.cli.words import Words
from agent.config.load import load
from agent.config.settings import Settings
from agent.i18n import Message
from agent.probing.book import CallBook, RefusedError, Wish
from agent.probing.call import (
    LONGEST_OVERHEAD,
    PlacedCall,
    choose_caller,
    make_test_call,
    require_engine,
)
from agent.probing.engine.client import EngineMissingError
from agent.probing.engine.protocol import Event, Sip
from agent.probing.engine.trace import read_message
from agent.probing.fingerprints import EnrolmentError, enrol
from agent.probing.outcome import SUCCESSFUL, CallOutcome
from agent.probing.prompt import PromptError, read_wav, write_wav
from agent.probing.texts import ENGINE_MISSING, REFUSALS
from agent.terminal.output import console, is_live, print_lines
from agent.terminal.progress import progress
from agent.testcalls.target import Known, control_of, target_of

_POLLING = Message("asking the providers")
_STEPS = {
    180: Message("it rings"),
    181: Message("the call is forwarded"),
    183: Message("the network plays something"),
    200: Message("answered"),
}
_CALLING = Message("calling {number} from {caller}")
_REFUSED = Message("the network ends the call: {status}")
_ENROLLED = Message("{name} is enrolled in {file}")
_CONTROL = Message("calling the control number")


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
    try:
        require_engine()
        call, control, unchecked = asyncio.run(_call(settings, options))
    except EngineMissingError:
        raise CommandError(say(ENGINE_MISSING, settings)) from None
    except RefusedError as error:
        caller = choose_caller(settings.dial, options.caller).name
        values = {"caller": caller, "number": options.number}
        raise CommandError(say(REFUSALS[error.refusal].with_values(**values), settings)) from None
    if options.record is not None:
        write_wav(options.record, call.record.early + call.record.talk)
    if as_json:
        print_json(document(call, control, unchecked=unchecked))
    else:
        out = console()
        words = Words(locale(settings), settings.timezone)
        print_lines(lines(call, control, words, out.width, unchecked=unchecked), out)
    return _status(call, control)


def _status(call: PlacedCall, control: PlacedCall | None) -> int:
    if call.judgement.outcome in SUCCESSFUL:
        return ExitStatus.OK
    is_blind = control is not None and control.judgement.outcome not in SUCCESSFUL
    is_unknown = is_blind or call.judgement.outcome is CallOutcome.UNKNOWN
    return ExitStatus.UNKNOWN if is_unknown else ExitStatus.FAILED


async def _call(
    settings: Settings, options: DialOptions
) -> tuple[PlacedCall, PlacedCall | None, bool]:
    """The test call, and that of the control number where the first did not get through.

    The last value says that the control number is configured and could not be called.
    """
    caller = choose_caller(settings.dial, options.caller)
    with progress(say(_POLLING, settings)):
        report = await poll_once(settings)
    is_complete = len(report.snapshots) == len(report.accounts)
    known = Known(settings, report.snapshots, time.time(), is_complete=is_complete)
    wish = target_of(known, caller, options.number, at_any_time=options.at_any_time).wish
    longest = settings.dial.longest + LONGEST_OVERHEAD
    book = CallBook(pages_of(settings), longest, settings.timezone)
    call = await _place(settings, book, wish, _CALLING)
    control = control_of(settings, caller)
    is_needed = call.judgement.outcome not in SUCCESSFUL and control is not None
    if not is_needed or control is None or control.number == options.number:
        return call, None, False
    try:
        return call, await _place(settings, book, control, _CONTROL), False
    except RefusedError:
        return call, None, True


async def _place(settings: Settings, book: CallBook, wish: Wish, text: Message) -> PlacedCall:
    show = _show(settings)
    show(0.0, text.with_values(number=wish.number, caller=wish.caller.name))
    seen: set[int] = set()

    def on_event(event: Event) -> None:
        if not isinstance(event, Sip) or event.sent:
            return
        message = read_message(event.text)
        status = message.status
        if message.method != "INVITE" or status in seen:
            return
        seen.add(status)
        if status in _STEPS:
            show(event.at, _STEPS[status])
        elif status >= 300 and status not in {401, 407}:  # noqa: PLR2004 - RFC 3261 §7.2
            show(event.at, _REFUSED.with_values(status=str(status)))

    return await make_test_call(settings.dial, book, wish, on_event)


def _show(settings: Settings) -> Callable[[float, Message], None]:
    """Writes the steps of a call to a terminal as they come."""

    def show(at: float, text: Message) -> None:
        if is_live():
            print_lines([f"{at:5.1f} s  {say(text, settings)}"], console(stderr=True))

    return show
