"""What single commands do: load the configuration, work, print, and give the exit status."""

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console

from agent import logging
from agent.cli import poll_once as once
from agent.cli.poll_report import Report
from agent.cli.stored_baselines import look, recall
from agent.config.load import ConfigError, load
from agent.config.settings import Log, Settings
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

    return _with(config, lambda settings: _polled(settings, account), show)


async def _polled(settings: Settings, account: str | None) -> Report:
    """Poll once, and remember what was seen for the first time."""
    report = await once.poll_once(settings, account)
    snapshots = [each.snapshot for each in report.accounts if each.snapshot]
    await look(settings, snapshots, await recall(settings), time.time())
    return report


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
