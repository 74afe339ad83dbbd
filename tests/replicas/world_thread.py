"""A simulated world in a thread of the test, which therefore sees every request it is sent."""

import asyncio
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import yaml

from agent.simulator.agent_config import build_config
from agent.simulator.request_log import ReceivedRequest
from agent.simulator.server import SimulatorServer, start
from agent.simulator.world import World

_SPEED = 10.0
_T = TypeVar("_T")


class WorldThread:
    """The world of ``plan``, served at ``host`` until :meth:`close`."""

    def __init__(self, plan: dict[str, Any], folder: Path, host: str = "127.0.0.1") -> None:
        file = folder / "world.yaml"
        file.write_text(yaml.safe_dump(plan, allow_unicode=True), encoding="utf-8")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: SimulatorServer = self._run(start(World.read(file), host, 0, _SPEED))

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def settings(self) -> dict[str, Any]:
        """The configuration of an agent that watches it."""
        return build_config(self._server.world, self._server.url, _SPEED)

    def take_requests(self) -> list[ReceivedRequest]:
        """The requests since the last call; there must have been fewer than 5,000 of a provider."""

        async def take() -> list[ReceivedRequest]:
            taken = []
            for provider in self._server.world.providers.values():
                taken += provider.requests
                provider.requests.clear()
            return taken

        return self._run(take())

    def apply(self, entry: dict[str, Any]) -> None:
        """Change the world at once, as an entry of its timeline does."""

        async def apply() -> None:
            self._server.apply(entry)

        self._run(apply())

    def close(self) -> None:
        """End it."""
        self._run(self._server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
