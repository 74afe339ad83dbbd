"""One run of the demo: an agent and a simulated world over real HTTP, shown until a signal."""

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from aiohttp import web

from agent import logging
from agent.app import Agent
from agent.config.settings import Log
from agent.demo.clerk import Clerk
from agent.demo.display import Display
from agent.demo.pacing import FASTEST
from agent.demo.story_rules import rule_files
from agent.demo.world import World, serve_world, world_file
from agent.i18n import N_, translate
from agent.i18n.environment import locale_of
from agent.store.access_token import SHORTEST_TOKEN, write_token
from agent.store.directory import TOKEN_NAME, make_private
from agent.web.app import make_app
from agent.web.server import handle_signals, parse_address, serve, urls

DEFAULT_LISTEN = "127.0.0.1:10400"
_LOG = Log(level="warning", format="console")
TOKEN_VARIABLE = "NUMWATCH_TOKEN"  # nosec B105 # the name of the variable
"""What Alertmanager and the command line send as well, so that all three agree on it."""
_WORLD_PATHS = ("/desk/tickets", "/world", "/world/events")


@dataclass(frozen=True)
class DemoOptions:
    """The arguments of ``numwatch demo``."""

    listen: tuple[str, ...] = (DEFAULT_LISTEN,)
    world: Path | None = None
    """A world file in place of the story's."""
    numbers: int = 0
    """How many healthy numbers to add."""
    speed: float = 1.0
    data: Path | None = None
    """The folder for all files; a temporary one where it is not set."""

    @property
    def followed_speed(self) -> float:
        """The speed, but for a story that no agent could follow at it."""
        return self.speed if self.world else min(self.speed, FASTEST)


async def run_demo(options: DemoOptions) -> None:
    """Run the demo until SIGTERM, SIGINT or SIGHUP.

    Raises:
        DemoError: when the world cannot be served.
        PlanError: when its configuration or a rule file is wrong.
        StoreError: when the ledger cannot be used.
        ListenError: when an address cannot be listened at.
    """
    options = replace(options, speed=options.followed_speed)
    with _folder(options.data) as folder:
        await _run(options, folder)


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is None:
        with tempfile.TemporaryDirectory(prefix="numwatch-demo-") as folder:
            yield Path(folder)
        return
    data.mkdir(parents=True, exist_ok=True)
    yield data.resolve()


async def _run(options: DemoOptions, folder: Path) -> None:
    stopping = asyncio.Event()
    address = parse_address(options.listen[0])
    path = world_file(options.world, options.numbers, folder)
    async with serve_world(path, address, options.speed, folder) as world:
        _adapt(world.config, options, folder)
        _use_token(os.environ.get(TOKEN_VARIABLE, ""), folder)
        agent = Agent(world.config)
        handle_signals(stopping.set, agent.reload)
        # A demo belongs to its terminal: when that is closed, the demo ends.
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stopping.set)
        async with _started(agent, world, options, folder) as display:
            await display.run(stopping)


def _adapt(config: Path, options: DemoOptions, folder: Path) -> None:
    """Set addresses, the ledger's folder, rules and the locale in the world's configuration."""
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    settings["listen"] = list(options.listen)
    # An API that is slow because this machine is busy has not failed: the story has other faults.
    settings["polling"] |= (
        {"timeout": 20.0, "request_timeout": 8.0} if options.world is None else {}
    )
    # A result that a number's calls never had before counts from the second poll that shows it.
    intervals = settings["polling"]["intervals"]
    intervals["calls"] = min(intervals["calls"], intervals["reachability"])
    settings["rules"]["files"] = rule_files(folder, options.speed)
    settings["data_dir"] = str(folder / "ledger")
    # Nothing in a demo is worth keeping from readers; changes need the token all the same.
    settings["web"] = {"allow_open_listen": True}
    settings["locale"] = locale_of(os.environ)
    config.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), "utf-8")


def _use_token(token: str, folder: Path) -> None:
    """Have the agent take ``token`` as its own; without one it makes one."""
    if len(token) >= SHORTEST_TOKEN:
        make_private(folder / "ledger")
        write_token(folder / "ledger", token)


@asynccontextmanager
async def _started(
    agent: Agent, world: World, options: DemoOptions, folder: Path
) -> AsyncIterator[Display]:
    locale = locale_of(os.environ)
    display = Display(agent, world, options.speed, locale)
    with (folder / "numwatch.log").open("a", encoding="utf-8") as log_file:
        # Log lines would tear the picture that is drawn in the terminal.
        logging.configure(_LOG, log_file if display.interactive else None)
        await agent.start()
        # Another world has its own story, and its complaints are for whoever plays it.
        if options.world is None:
            display.act = Clerk(agent.tickets, locale, time.time).work
        try:
            runner = await serve(_app(agent, world), options.listen)
            try:
                log_path = folder / "numwatch.log" if display.interactive else None
                token = folder / "ledger" / TOKEN_NAME
                addresses = _addresses(urls(runner)[0], world, token, log_path, locale)
                display.addresses = (*addresses, *_speed_line(options, locale))
                yield display
            finally:
                await runner.cleanup()
        finally:
            await agent.stop()


def _app(agent: Agent, world: World) -> web.Application:
    """The agent's application; the world's own paths are redirected to the world."""
    app = make_app(agent.web_services())

    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{world.url}{request.rel_url}")

    for path in _WORLD_PATHS:
        app.router.add_get(path, redirect)
    return app


def _addresses(
    url: str, world: World, token: Path, log_path: Path | None, locale: str
) -> tuple[tuple[str, str], ...]:
    known = (
        (N_("Status page"), f"{url}/"),
        (N_("Metrics"), f"{url}/metrics"),
        (N_("Tickets at the desk"), f"{world.url}/desk/tickets"),
        (N_("The world behind it"), f"{world.url}/world"),
        (N_("Password for changes"), str(token)),
        (N_("Log"), "" if log_path is None else str(log_path)),
    )
    return tuple((translate(locale, label), address) for label, address in known if address)


def _speed_line(options: DemoOptions, locale: str) -> tuple[tuple[str, str], ...]:
    """That the story is told no faster, where more may have been asked for."""
    if options.world is not None or options.speed < FASTEST:
        return ()
    fastest = N_("{speed} times, the fastest that its agent can follow")
    text = translate(locale, fastest, speed=f"{FASTEST:g}")
    return ((translate(locale, N_("Speed")), text),)
