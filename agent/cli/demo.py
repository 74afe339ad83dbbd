"""``numwatch demo``: an agent, a world and a desk over real HTTP, and a picture of it all."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop
import yaml
from aiohttp import web

from agent import logging
from agent.app import Agent
from agent.cli.run import EXIT_BAD_CONFIG, ListenError, addresses, on_signals, serve_pages, urls
from agent.config.settings import Log
from agent.demo.show import Show
from agent.demo.world import DemoError, World, served, world_file
from agent.plan import PlanError
from agent.store.errors import StoreError
from agent.web.app import make_app

DEFAULT_LISTEN = "127.0.0.1:10400"
_LOG = Log(level="warning", format="console")


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    listen: tuple[str, ...] = (DEFAULT_LISTEN,)
    world: Path | None = None
    """Another world than the story's."""
    numbers: int = 0
    """So many healthy numbers more."""
    speed: float = 1.0
    data: Path | None = None
    """Where everything is kept; a folder that goes with the demo otherwise."""


def demo(options: Options) -> int:
    """Run the demo until it is told to stop; gives the command's exit status."""
    try:
        with _folder(options.data) as folder:
            return uvloop.run(_demo(options, Path(folder)))
    except (DemoError, PlanError, StoreError, ListenError) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_BAD_CONFIG


def _folder(data: Path | None) -> "tempfile.TemporaryDirectory[str] | _Kept":
    return _Kept(data) if data else tempfile.TemporaryDirectory(prefix="numwatch-demo-")


class _Kept:
    """A folder that stays."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> str:
        self._path.mkdir(parents=True, exist_ok=True)
        return str(self._path.resolve())

    def __exit__(self, *_: object) -> None:
        """Leave the folder where it is."""


async def _demo(options: Options, folder: Path) -> int:
    stopping = asyncio.Event()
    host, port = addresses(options.listen)[0]
    path = world_file(options.world, options.numbers, folder)
    async with served(path, (host, port), options.speed, folder) as world:
        _adapt(world.config, options.listen, folder)
        agent = Agent(world.config)
        on_signals(agent, stopping.set)
        # A demo belongs to its terminal: when that is closed, it ends.
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stopping.set)
        async with _watching(agent, world, options, folder) as show:
            await show.run(stopping)
    return 0


def _adapt(config: Path, listen: tuple[str, ...], folder: Path) -> None:
    """Let the written configuration listen and keep its ledger where the demo was told to."""
    settings = yaml.safe_load(config.read_text(encoding="utf-8"))
    settings["listen"] = list(listen)
    settings["data_dir"] = str(folder / "ledger")
    settings["locale"] = "zh-CN" if os.environ.get("LANG", "").startswith("zh") else "en"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), "utf-8")


@asynccontextmanager
async def _watching(
    agent: Agent, world: World, options: Options, folder: Path
) -> AsyncIterator[Show]:
    show = Show(agent, world, options.speed)
    with (folder / "numwatch.log").open("a", encoding="utf-8") as log:
        logging.configure(_LOG, log if show.interactive else None)
        await agent.start()
        try:
            runner = await serve_pages(_app(agent, world), options.listen)
            try:
                show.addresses = _shown(urls(runner)[0], world, folder, show.interactive)
                yield show
            finally:
                await runner.cleanup()
        finally:
            await agent.stop()


def _app(agent: Agent, world: World) -> web.Application:
    """The agent's pages; the desk and the world are found at its address too."""
    app = make_app(agent.web_state())

    async def to_world(request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{world.url}{request.rel_url}")

    for path in ("/desk/tickets", "/world", "/world/events"):
        app.router.add_get(path, to_world)
    return app


def _shown(
    url: str,
    world: World,
    folder: Path,
    interactive: bool,  # noqa: FBT001 - a fact, not a flag
) -> tuple[tuple[str, str], ...]:
    return (
        ("Status page", f"{url}/"),
        ("Metrics", f"{url}/metrics"),
        ("Tickets at the desk", f"{world.url}/desk/tickets"),
        ("The world behind it", f"{world.url}/world"),
        *((("Log", str(folder / "numwatch.log")),) if interactive else ()),
    )
