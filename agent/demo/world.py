"""The demo's simulated world: its file, its process, its address and its events."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

STORY = Path(__file__).resolve().parents[1] / "simulator" / "worlds" / "story.yaml"
"""The world that tells the story."""
_EVERY_ADDRESS = "0.0.0.0"  # nosec B104 # compared, not bound
_START_SECONDS = 60.0
_END_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_EXTRA_FIRST = 4007000000


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


@dataclass(frozen=True)
class World:
    """A world that is being served."""

    url: str
    config: Path
    """The agent's configuration that polls it."""

    async def events(self, session: aiohttp.ClientSession, after: int) -> list[dict[str, Any]]:
        """What happened since event ``after``; nothing while the world does not answer."""
        with suppress(aiohttp.ClientError, TimeoutError):
            address = f"{self.url}/world/events?after={after}"
            async with session.get(address, timeout=aiohttp.ClientTimeout(2)) as answer:
                return list(await answer.json())
        return []

    async def go_on(self, session: aiohttp.ClientSession, seconds: float) -> float | None:
        """Let time pass in the world, for ``seconds`` from now; returns the world's time.

        ``None`` where the world does not answer.
        """
        with suppress(aiohttp.ClientError, TimeoutError):
            address = f"{self.url}/world/go?seconds={seconds:.3f}"
            async with session.post(address, timeout=aiohttp.ClientTimeout(2)) as answer:
                return float((await answer.json())["elapsed_seconds"])
        return None


def world_file(chosen: Path | None, numbers: int, folder: Path) -> Path:
    """The world to serve: ``chosen`` or the story, with ``numbers`` more in its first account.

    Raises:
        DemoError: when the file cannot be read.
    """
    path = chosen or STORY
    if not numbers:
        return path
    try:
        world = yaml.safe_load(path.read_text(encoding="utf-8"))
        account = world["providers"][0]["accounts"][0]
    except (OSError, yaml.YAMLError, LookupError, TypeError) as error:
        raise DemoError(f"{path}: no world with an account to add numbers to: {error}") from error
    extra = {"count": numbers, "first": str(_EXTRA_FIRST), "bindings": 2, "unhealthy": 0.0}
    account["generate"] = [*account.get("generate", ()), extra]
    enlarged = folder / "world.yaml"
    enlarged.write_text(yaml.safe_dump(world, allow_unicode=True, sort_keys=False), "utf-8")
    return enlarged


@asynccontextmanager
async def serve_world(
    path: Path, agent: tuple[str, int], speed: float, folder: Path
) -> AsyncIterator[World]:
    """The world of ``path`` in a process of its own, on the port after its agent's if it is free.

    Raises:
        DemoError: when the world cannot be served; the text holds the output of its process.
    """
    host, port = agent[0], agent[1] + 1 if agent[1] else 0
    config, log = folder / "config.yaml", folder / "world.log"
    config.unlink(missing_ok=True)
    listen = f"{host}:{port if _is_free(host, port) else 0}"
    command = (sys.executable, "-m", "agent.demo.world_process", str(path), listen, str(speed))
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            str(config),
            _reachable(*agent),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield World(await _address(process, config, log), config)
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


async def _address(process: asyncio.subprocess.Process, config: Path, log: Path) -> str:
    """Where the world is, from the configuration that it writes once it listens."""
    for _ in range(int(_START_SECONDS / _LOOK_SECONDS)):
        if process.returncode is not None:
            raise DemoError(f"the world did not start:\n{_text(log).strip()}")
        if written := yaml.safe_load(_text(config)):
            return str(written["sinks"][0]["url"]).removesuffix("/desk/tickets")
        await asyncio.sleep(_LOOK_SECONDS)
    raise DemoError(f"the world did not start within {_START_SECONDS:g} s; see {log}")


def _reachable(host: str, port: int) -> str:
    """The address by which this machine reaches what listens there."""
    address = {_EVERY_ADDRESS: "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.exists() else ""


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind((host, port))
        return True
    return False
