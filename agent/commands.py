"""What single commands do: load the configuration, work, print, and give the exit status."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from agent import logging
from agent.config.load import ConfigError, load
from agent.config.settings import Log, Settings
from agent.diagnosis import report as diagnosis
from agent.diagnosis.diagnose import exit_code
from agent.model import Verdict
from agent.polling import once
from agent.polling.report import Report
from agent.simulator.command import simulate
from agent.simulator.document import WorldFileError

BAD_CONFIG = 2
_Result = TypeVar("_Result")


def poll(config: Path, account: str | None, *, as_json: bool) -> int:
    """Poll once and print what was seen; 0 when all was polled, 1 when some failed."""

    def show(report: Report) -> int:
        if as_json:
            sys.stdout.write(once.render_json(report) + "\n")
        else:
            once.render(report, Console())
        return report.exit_code

    return _with(config, lambda settings: once.poll_once(settings, account), show)


def diagnose(config: Path, number: str, caller: str, *, as_json: bool) -> int:
    """Poll once and print the verdict on a number; 0 healthy, 1 a fault, 3 unknown."""
    settings: list[Settings] = []

    def look(loaded: Settings) -> Coroutine[Any, Any, Verdict]:
        settings.append(loaded)
        question = diagnosis.Question(number, caller)
        return diagnosis.diagnose_once(loaded, question)

    def show(verdict: Verdict) -> int:
        if as_json:
            sys.stdout.write(diagnosis.render_json(verdict) + "\n")
        else:
            diagnosis.render(verdict, settings[0], Console())
        return exit_code(verdict)

    return _with(config, look, show)


def simulate_world(world: Path, listen: str, speed: float, config: Path | None) -> int:
    """Serve a world until told to stop; 2 when its file or address cannot be used."""
    try:
        return asyncio.run(simulate(world, listen, speed, config))
    except (WorldFileError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIG


def _with(
    config: Path,
    work: Callable[[Settings], Coroutine[Any, Any, _Result]],
    show: Callable[[_Result], int],
) -> int:
    """Do ``work`` with the configuration and ``show`` what it gave; 2 when it cannot be done."""
    logging.configure(Log(level="error", format="console"))
    try:
        settings = load(config)
        return show(asyncio.run(work(settings)))
    except (ConfigError, ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return BAD_CONFIG
