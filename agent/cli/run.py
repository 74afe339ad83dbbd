"""``numwatch run``: an agent and its pages, until it is told to stop."""

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
import uvloop
from aiohttp import web

from agent import logging
from agent.app import Agent
from agent.config.settings import Log
from agent.plan import PlanError
from agent.store.errors import StoreError
from agent.web.app import make_app

log = structlog.get_logger(__name__)

EXIT_BAD_CONFIG = 2
_SHUTDOWN_SECONDS = 5.0

Addresses = Sequence[tuple[str, int]]


class ListenError(Exception):
    """An address cannot be listened on; the text says which and why."""


def run(config: Path, listen: Sequence[str] = ()) -> int:
    """Run the agent of ``config``; gives the command's exit status.

    ``listen`` (``HOST:PORT``) takes the place of the configuration's addresses. SIGTERM and
    SIGINT drain and end it, SIGHUP loads the configuration again.
    """
    logging.configure(Log())
    try:
        return uvloop.run(_run(Agent(config), listen))
    except (PlanError, StoreError, ListenError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_CONFIG


async def _run(agent: Agent, listen: Sequence[str]) -> int:
    stopping = asyncio.Event()
    on_signals(agent, stopping.set)
    await agent.start()
    try:
        logging.configure(agent.settings.log)
        pages = make_app(agent.web_state())
        runner = await serve_pages(pages, listen or agent.settings.listen)
        try:
            await stopping.wait()
            log.info("stopping")
        finally:
            await runner.cleanup()
    finally:
        await agent.stop()
    log.info("stopped")
    return 0


def on_signals(agent: Agent, stop: Callable[[], None]) -> None:
    """Stop on SIGTERM and SIGINT, reload on SIGHUP. Call it inside the event loop."""
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[list[str]]] = set()

    def reload() -> None:
        task = loop.create_task(agent.reload(), name="reload")
        reloads.add(task)
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, reload)


async def serve_pages(pages: web.Application, listen: Sequence[str]) -> web.AppRunner:
    """Serve ``pages`` at every address of ``listen``; the caller cleans the runner up.

    Raises:
        ListenError: when an address cannot be listened on.
    """
    runner = web.AppRunner(pages, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        for host, port in addresses(listen):
            await _listen(runner, host, port)
    except BaseException:
        await runner.cleanup()
        raise
    log.info("listening", urls=urls(runner))
    return runner


async def _listen(runner: web.AppRunner, host: str, port: int) -> None:
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        raise ListenError(
            f"cannot listen on {host}:{port}: {error.strerror or error};"
            " choose another address with --listen HOST:PORT"
        ) from error


def addresses(listen: Sequence[str]) -> Addresses:
    """Host and port of each ``HOST:PORT``; an IPv6 host stands in brackets.

    Raises:
        ListenError: when one is not that.
    """
    return [_address(text) for text in listen]


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit():
        raise ListenError(f"{text!r} is not an address, expected HOST:PORT such as 127.0.0.1:10400")
    return host.removeprefix("[").removesuffix("]"), int(port)


def urls(runner: web.AppRunner) -> list[str]:
    """Where the pages are, as bound."""
    return [f"http://{_shown(host)}:{port}" for host, port, *_ in runner.addresses]


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
