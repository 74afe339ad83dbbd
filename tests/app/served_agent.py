"""A whole agent over a simulated world, served over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from agent.app import Agent
from agent.simulator.agent_config import build_config
from agent.simulator.server import start
from agent.simulator.world import World
from agent.web.app import make_app
from agent.web.server import serve, urls
from tests.app.conftest import SPEED, WORLD, Scene, quicken


class Served:
    """A scene whose agent is served over HTTP."""

    def __init__(self, scene: Scene, session: aiohttp.ClientSession) -> None:
        self.scene = scene
        self.session = session

    @property
    def ledger(self) -> Path:
        return self.scene.agent.database.path

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(path) as response:
            return response.status, await response.text()

    async def until_ready(self, status: int) -> str:
        async with asyncio.timeout(15):
            while True:
                got, text = await self.get("/-/ready")
                if got == status:
                    return text
                await asyncio.sleep(0.1)

    async def writable(self) -> str:
        _, text = await self.get("/metrics")
        (line,) = [it for it in text.splitlines() if it.startswith("numwatch_ledger_writable ")]
        return line.split()[1].removesuffix(".0")


@asynccontextmanager
async def served_agent(data: Path, folder: Path, store_url: str = "") -> AsyncIterator[Served]:
    """One with its ledger in ``data``, or in the PostgreSQL at ``store_url``."""
    async with await start(World.parse(WORLD)) as world:
        config = folder / "config.yaml"
        settings = quicken(build_config(world.world, world.url, SPEED), folder)
        settings["data_dir"] = str(data)
        if store_url:
            settings["store"] = {"url": store_url, "connect_timeout": 1}
        config.write_text(yaml.safe_dump(settings, allow_unicode=True))
        agent = Agent(config)
        await agent.start()
        runner = await serve(make_app(agent.web_services()), ["127.0.0.1:0"])
        try:
            async with aiohttp.ClientSession(urls(runner)[0]) as session:
                served = Served(Scene(agent, world, config), session)
                await served.until_ready(200)
                yield served
        finally:
            await runner.cleanup()
            await agent.stop()


def turns(logs: list[Any]) -> list[str]:
    return [it["event"] for it in logs if it["event"] in {"ledger_unwritable", "ledger_writable"}]


def tracebacks(logs: list[Any]) -> list[str]:
    return [line["event"] for line in logs if line.get("exc_info")]
