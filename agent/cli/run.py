"""``numwatch run``: an agent and its web application, until SIGTERM or SIGINT."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog
import uvloop

from agent import logging
from agent.app import Agent
from agent.cli.runner import ExitStatus, run_command
from agent.config.settings import Log
from agent.plan import PlanError
from agent.store import StoreError
from agent.web.app import make_app
from agent.web.server import ListenError, handle_signals, serve

log = structlog.get_logger(__name__)


def run(config: Path, listen: Sequence[str] = ()) -> int:
    """Run the agent of ``config`` and return the command's exit status.

    ``listen`` (``HOST:PORT``) takes the place of the configuration's addresses. SIGTERM and
    SIGINT drain and end it, SIGHUP loads the configuration again.
    """
    return run_command(
        lambda: uvloop.run(_run(Agent(config), listen)),
        misuse=(PlanError, StoreError, ListenError),
        log=Log(),
    )


async def _run(agent: Agent, listen: Sequence[str]) -> int:
    stopping = asyncio.Event()
    # Before the start, which may take long: a signal during it must not be lost.
    handle_signals(stopping.set, agent.reload)
    await agent.start()
    try:
        logging.configure(agent.settings.log)
        app = make_app(agent.web_services())
        runner = await serve(app, listen or agent.settings.listen)
        try:
            await stopping.wait()
            log.info("stopping")
        finally:
            await runner.cleanup()
    finally:
        await agent.stop()
    log.info("stopped")
    return ExitStatus.OK
