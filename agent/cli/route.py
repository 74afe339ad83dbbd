"""``numwatch route``: where a call to a number goes, and which hours of the week ring."""

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from rich.text import Text

from agent.cli.language import locale, say
from agent.cli.observation import poll_once
from agent.cli.runner import ExitStatus, fail, run_command
from agent.cli.words import Words
from agent.config.load import load
from agent.config.settings import Settings
from agent.diagnosis.evidence_words import reason_text
from agent.i18n import N_, Message
from agent.lints.linter import read_calendar
from agent.masking import mask_text
from agent.routing.caller import Caller
from agent.routing.coverage import Day, week
from agent.routing.evaluate import Call, Setting, evaluate
from agent.routing.outcome import TREATMENT_TEXTS, Outcome
from agent.terminal.grid import paragraph
from agent.terminal.output import console, print_lines
from agent.terminal.progress import progress

_POLLING = Message("asking the providers")
_NO_ROUTING = Message("{number}: no account's API shows its routing")
_LEG = Message("after {after} s: {phone}, for {wait} s")
_END = Message("after {after} s: {end}")
_NO_TIME = Message("'{sent}' is no time, expected for example 2026-10-01T09:30")
_UNSURE = Message("not certain: the provider's API does not show everything that matters")
_KEY = Message("█ rings  ▒ voicemail  · neither")
_WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_RULER = "0     3     6     9     12    15    18    21    "


@dataclass(frozen=True)
class RouteOptions:
    """The arguments of the command: one call."""

    number: str
    caller: str = ""
    area: str = ""
    at: str = ""
    """Local time as ISO 8601; empty for now."""
    pressed: str = ""


def route(config: Path, options: RouteOptions, *, as_json: bool) -> int:
    """Print where the call goes; 0 when a phone rings, 1 when none does, 3 when not known."""
    return run_command(
        lambda: _route(load(config), options, as_json=as_json), misuse=(ValueError, OSError)
    )


def _route(settings: Settings, options: RouteOptions, *, as_json: bool) -> int:
    at = _local_time(options.at, settings)
    with progress(say(_POLLING, settings)):
        setting = asyncio.run(_setting(settings, options.number))
    if setting is None:
        reason = say(_NO_ROUTING.with_values(number=options.number), settings)
        return fail(reason, ExitStatus.UNKNOWN)
    caller = Caller.of(options.caller, options.area)
    outcome = evaluate(setting, Call(at, caller, options.pressed))
    days = week(setting, at.date())
    if as_json:
        document = {"number": options.number, "at": at.isoformat(), **_document(outcome, days)}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
    else:
        out = console()
        words = Words(locale(settings), settings.timezone)
        print_lines(_render(options.number, at, outcome, days, words, out.width), out)
    return ExitStatus.OK if outcome.rings else ExitStatus.FAILED


def _local_time(at: str, settings: Settings) -> datetime:
    """``at`` in the agent's time zone, without a zone; now where it is empty."""
    zone = ZoneInfo(settings.timezone)
    if not at:
        return datetime.fromtimestamp(time.time(), zone).replace(tzinfo=None, microsecond=0)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise ValueError(say(_NO_TIME.with_values(sent=at), settings)) from None
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)


async def _setting(settings: Settings, number: str) -> Setting | None:
    report = await poll_once(settings)
    calendar = read_calendar(settings.calendar)
    for account in report.accounts:
        routing = account.routing(number)
        if routing is not None:
            return Setting(routing, account.bindings(number), calendar)
    return None


def _document(outcome: Outcome, days: tuple[Day, ...]) -> dict[str, Any]:
    return {
        "rings": outcome.rings,
        "heard": outcome.treatment,
        "cause": outcome.obstacle,
        "why": outcome.why,
        "legs": [
            {
                "binding": mask_text(leg.binding),
                "after_seconds": leg.after,
                "for_seconds": leg.seconds,
            }
            for leg in outcome.legs
        ],
        "at_the_end": outcome.at_the_end,
        "gives_up_after_seconds": outcome.gives_up_after,
        "certain": outcome.certain,
        "week": [
            {
                "date": day.date,
                "stretches": [
                    {
                        "from": _clock(stretch.start),
                        "to": _clock(stretch.end),
                        "rings": stretch.outcome.rings,
                        "heard": stretch.outcome.treatment,
                        "bindings": [mask_text(leg.binding) for leg in stretch.outcome.legs],
                    }
                    for stretch in day.stretches
                ],
            }
            for day in days
        ],
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _render(
    number: str, at: datetime, outcome: Outcome, days: tuple[Day, ...], words: Words, width: int
) -> Iterator[Text]:
    treatment = TREATMENT_TEXTS[outcome.treatment].text(words.locale)
    style = "bold green" if outcome.rings else "bold yellow"
    yield from paragraph(Text(f"{number}  {at:%Y-%m-%d %H:%M}  {treatment}", style=style), width)
    for leg in outcome.legs:
        values = {"after": _seconds(leg.after), "wait": _seconds(leg.seconds)}
        text = words.say(_LEG, **values, phone=mask_text(leg.binding))
        yield from paragraph(text, width, "  ")
    if outcome.why:
        yield from paragraph(reason_text(outcome.why, words.locale), width, "  ")
    if outcome.rings:
        end = TREATMENT_TEXTS[outcome.at_the_end].text(words.locale)
        text = words.say(_END, after=_seconds(outcome.gives_up_after), end=end)
        yield from paragraph(text, width, "  ")
    if not outcome.certain:
        yield from paragraph(Text(words.say(_UNSURE), style="dim"), width, "  ")
    yield Text(f"{'':15}{_RULER}", style="dim")
    for day in days:
        weekday = words.heading(_WEEKDAYS[day.date.weekday()])
        blank = " " * max(1, 4 - Text(weekday).cell_len)
        yield Text(f"{weekday}{blank}{day.date:%Y-%m-%d} {day.picture}")
    yield Text(words.say(_KEY), style="dim")


def _seconds(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"
