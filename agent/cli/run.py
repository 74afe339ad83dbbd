"""``numwatch run``: an agent and its web application, until SIGTERM or SIGINT."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import structlog
import uvloop

from agent import logging
from agent.app import Agent
from agent.cli.runner import ExitStatus, fail, run_command
from agent.config.settings import Log
from agent.config.web import Web
from agent.config.web_config import is_guarded, read_web_config
from agent.i18n import load_catalogues
from agent.net.heap import give_large_blocks_back_at_once
from agent.plan import PlanError
from agent.store import StoreError
from agent.web.app import make_app
from agent.web.server import ListenError, handle_signals, refuse_open_addresses, serve

log = structlog.get_logger(__name__)


PATIENCE = 30.0
"""Seconds for which a start that fails for what passes is tried again."""
_FIRST_WAIT = 1.0
_LONGEST_WAIT = 5.0

_T = TypeVar("_T")


def run(config: Path, listen: Sequence[str] = ()) -> int:
    """Run the agent of ``config`` and return the command's exit status.

    ``listen`` (``HOST:PORT``) takes the place of the configuration's addresses. SIGTERM and
    SIGINT drain and end it, SIGHUP loads the configuration again. A ledger that is locked, a disk
    that is full and an address that is taken are waited for; after :data:`PATIENCE` the status is
    ``ExitStatus.LATER``, so that a supervisor starts the agent again.
    """

    def command() -> int:
        give_large_blocks_back_at_once()
        # Verdicts speak every language; reading a catalogue would hold up the event loop.
        load_catalogues()
        try:
            return uvloop.run(_run(config, listen))
        except (StoreError, ListenError) as error:
            if not error.passes:
                raise
            return fail(error, ExitStatus.LATER)

    return run_command(command, misuse=(PlanError, StoreError, ListenError), log=Log())


async def _run(config: Path, listen: Sequence[str]) -> int:
    stopping = asyncio.Event()
    agent: Agent | None = None

    async def reload() -> None:
        if agent is not None:
            await agent.reload()

    async def start() -> Agent:
        # A new one for every attempt: the parts of one that failed are closed.
        starting = Agent(config)
        await starting.start()
        return starting

    # Before the start, which may take long: a signal during it must not be lost.
    handle_signals(stopping.set, reload)
    agent = await _patiently(start, stopping)
    if agent is None:
        return ExitStatus.OK
    try:
        settings = agent.settings
        logging.configure(settings.log)
        if not await asyncio.to_thread(_may_be_open, settings.web):
            refuse_open_addresses(listen)
        app = make_app(replace(agent.web_services(), listen=tuple(listen)))
        # The agent watches its numbers while it waits for its address.
        runner = await _patiently(lambda: serve(app, listen or settings.listen), stopping)
        if runner is not None:
            try:
                await _first_of(stopping, agent.database.lost)
                log.info("stopping")
            finally:
                await runner.cleanup()
    finally:
        await agent.stop()
    log.info("stopped")
    # The ledger is another agent's now; a supervisor starts this one again, to wait for its turn.
    return ExitStatus.LATER if agent.database.lost.is_set() else ExitStatus.OK


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def _may_be_open(web: Web) -> bool:
    """Whether the agent may listen at addresses that other machines reach."""
    if web.token is not None or web.allow_open_listen:
        return True
    if web.config_file is None:
        return False
    return is_guarded(read_web_config(Path(web.config_file)), web.users)


async def _patiently(
    attempt: Callable[[], Coroutine[Any, Any, _T]], stopping: asyncio.Event
) -> _T | None:
    """The result of ``attempt``, tried again while it fails for what passes.

    Returns ``None`` when ``stopping`` was set before it succeeded.

    Raises:
        StoreError: when the ledger cannot be used and that does not pass in time.
        ListenError: when an address cannot be listened at and that does not pass in time.
    """
    loop = asyncio.get_running_loop()
    deadline, wait = loop.time() + PATIENCE, _FIRST_WAIT
    while True:
        try:
            return await _unless_stopped(attempt(), stopping)
        except (StoreError, ListenError) as error:
            if not error.passes or loop.time() + wait > deadline:
                raise
            log.warning("start_waits", reason=str(error), seconds=wait)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), wait)
            return None
        wait = min(2 * wait, _LONGEST_WAIT)


async def _unless_stopped(work: Coroutine[Any, Any, _T], stopping: asyncio.Event) -> _T | None:
    """The result of ``work``, which is cancelled when ``stopping`` is set before its end."""
    task = asyncio.ensure_future(work)
    stop = asyncio.ensure_future(stopping.wait())
    try:
        await asyncio.wait((task, stop), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
    finally:
        stop.cancel()
    task.cancel()
    await asyncio.wait((task,))
    # It may have come to its end all the same.
    return None if task.cancelled() else task.result()
