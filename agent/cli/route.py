"""``numwatch route``: where a call to a number goes, and the picture of its week."""

import asyncio
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from rich.console import Console
from rich.text import Text

from agent import logging
from agent.cli.poll_once import poll_once
from agent.config.load import ConfigError, load
from agent.config.settings import Log, Settings
from agent.lints.linter import read_calendar
from agent.masking import mask_text
from agent.routing.caller import Caller
from agent.routing.coverage import Day, week
from agent.routing.evaluate import Call, Setting, evaluate
from agent.routing.outcome import TREATMENT_TEXTS, Outcome

BAD_CONFIG = 2
RINGS, STOPPED, UNKNOWN = 0, 1, 3
_RULER = "0     3     6     9     12    15    18    21    "


@dataclass(frozen=True)
class RouteOptions:
    """The call that is asked about."""

    number: str
    caller: str = ""
    area: str = ""
    at: str = ""
    """Local time as ISO 8601; empty for now."""
    pressed: str = ""


def route(config: Path, asked: RouteOptions, *, as_json: bool) -> int:
    """Print where the call goes; 0 when a phone rings, 1 when none does, 3 when not known."""
    logging.configure(Log(level="error", format="console"))
    try:
        settings = load(config)
        at = _instant(asked.at, settings)
        setting = asyncio.run(_setting(settings, asked.number))
    except (ConfigError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIG
    if setting is None:
        sys.stderr.write(f"{asked.number}: no account tells its routing\n")
        return UNKNOWN
    outcome = evaluate(setting, Call(at, Caller.of(asked.caller, asked.area), asked.pressed))
    days = week(setting, at.date())
    if as_json:
        document = {"number": asked.number, "at": at.isoformat(), **_document(outcome, days)}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
    else:
        _render(asked.number, at, outcome, days, settings.locale)
    return RINGS if outcome.rings else STOPPED


def _instant(at: str, settings: Settings) -> datetime:
    zone = ZoneInfo(settings.timezone)
    if not at:
        return datetime.fromtimestamp(time.time(), zone).replace(tzinfo=None, microsecond=0)
    try:
        told = datetime.fromisoformat(at)
    except ValueError:
        raise ValueError(f"{at!r} is no time, expected for example 2026-10-01T09:30") from None
    return told if told.tzinfo is None else told.astimezone(zone).replace(tzinfo=None)


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
                        "from": _clock(each.start),
                        "to": _clock(each.end),
                        "rings": each.outcome.rings,
                        "heard": each.outcome.treatment,
                        "bindings": [mask_text(leg.binding) for leg in each.outcome.legs],
                    }
                    for each in day.stretches
                ],
            }
            for day in days
        ],
    }


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _render(
    number: str, at: datetime, outcome: Outcome, days: tuple[Day, ...], locale: str
) -> None:
    console = Console()
    treatment = TREATMENT_TEXTS[outcome.treatment].text(locale)
    style = "bold green" if outcome.rings else "bold yellow"
    console.print(Text(f"{number}  {at:%Y-%m-%d %H:%M}  {treatment}", style=style))
    for leg in outcome.legs:
        after = "?" if leg.after is None else f"{leg.after:g}"
        wait = "?" if leg.seconds is None else f"{leg.seconds:g}"
        console.print(Text(f"  {after:>4} s  {mask_text(leg.binding)}  {wait} s"))
    if outcome.why:
        console.print(Text(f"  {outcome.why}"))
    if outcome.rings:
        end = "?" if outcome.gives_up_after is None else f"{outcome.gives_up_after:g}"
        console.print(Text(f"  {end:>4} s  {TREATMENT_TEXTS[outcome.at_the_end].text(locale)}"))
    if not outcome.certain:
        console.print(Text("  not certain: something that would matter is not told", style="dim"))
    console.print(Text(f"{'':15}{_RULER}", style="dim"))
    for day in days:
        console.print(Text(f"{day.date:%a %Y-%m-%d} {day.picture}"))
    console.print(Text("█ rings  ▒ voicemail  · neither", style="dim"))
