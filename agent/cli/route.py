"""``numwatch route``: where a call to a number goes, and which hours of the week ring."""

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

from agent.cli.observation import poll_once
from agent.cli.runner import ExitStatus, fail, run_command
from agent.config.load import load
from agent.config.settings import Settings
from agent.lints.linter import read_calendar
from agent.masking import mask_text
from agent.routing.caller import Caller
from agent.routing.coverage import Day, week
from agent.routing.evaluate import Call, Setting, evaluate
from agent.routing.outcome import TREATMENT_TEXTS, Outcome

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
    setting = asyncio.run(_setting(settings, options.number))
    if setting is None:
        reason = f"{options.number}: no account's API shows its routing"
        return fail(reason, ExitStatus.UNKNOWN)
    caller = Caller.of(options.caller, options.area)
    outcome = evaluate(setting, Call(at, caller, options.pressed))
    days = week(setting, at.date())
    if as_json:
        document = {"number": options.number, "at": at.isoformat(), **_document(outcome, days)}
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
    else:
        _render(options.number, at, outcome, days, settings.locale)
    return ExitStatus.OK if outcome.rings else ExitStatus.FAILED


def _local_time(at: str, settings: Settings) -> datetime:
    """``at`` in the agent's time zone, without a zone; now where it is empty."""
    zone = ZoneInfo(settings.timezone)
    if not at:
        return datetime.fromtimestamp(time.time(), zone).replace(tzinfo=None, microsecond=0)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise ValueError(f"{at!r} is no time, expected for example 2026-10-01T09:30") from None
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
        console.print(
            Text(
                "  not certain: the provider's API does not show everything that matters",
                style="dim",
            )
        )
    console.print(Text(f"{'':15}{_RULER}", style="dim"))
    for day in days:
        console.print(Text(f"{day.date:%a %Y-%m-%d} {day.picture}"))
    console.print(Text("█ rings  ▒ voicemail  · neither", style="dim"))
