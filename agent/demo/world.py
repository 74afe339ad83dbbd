"""The demo's world, started and asked: which file it tells, where it is, what happened in it."""

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
_START_SECONDS = 60.0
_END_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_CROWD_FIRST = 4007000000


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
    crowd = {"count": numbers, "first": str(_CROWD_FIRST), "bindings": 2, "unhealthy": 0.0}
    account["generate"] = [*account.get("generate", ()), crowd]
    crowded = folder / "world.yaml"
    crowded.write_text(yaml.safe_dump(world, allow_unicode=True, sort_keys=False), "utf-8")
    return crowded


@asynccontextmanager
async def served(
    path: Path, agent: tuple[str, int], speed: float, folder: Path
) -> AsyncIterator[World]:
    """The world of ``path`` in a process of its own, beside where its agent will listen.

    Raises:
        DemoError: when the world cannot be served; it says what the world said.
    """
    host, port = agent[0], agent[1] + 1 if agent[1] else 0
    config, said = folder / "config.yaml", folder / "world.log"
    config.unlink(missing_ok=True)
    listen = f"{host}:{port if _is_free(host, port) else 0}"
    command = (sys.executable, "-m", "agent.demo.world_process", str(path), listen, str(speed))
    with said.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command,
            str(config),
            _shown(*agent),
            stdin=asyncio.subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield World(await _address(process, config, said), config)
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


async def _address(process: asyncio.subprocess.Process, config: Path, said: Path) -> str:
    """Where the world is, from the configuration that it writes once it listens."""
    for _ in range(int(_START_SECONDS / _LOOK_SECONDS)):
        if process.returncode is not None:
            raise DemoError(f"the world did not start:\n{_text(said).strip()}")
        if written := yaml.safe_load(_text(config)):
            return str(written["sinks"][0]["url"]).removesuffix("/desk/tickets")
        await asyncio.sleep(_LOOK_SECONDS)
    raise DemoError(f"the world did not start within {_START_SECONDS:g} s; see {said}")


def _shown(host: str, port: int) -> str:
    """The address by which this machine reaches what listens there."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"[{reached}]:{port}" if ":" in reached else f"{reached}:{port}"


def _text(path: Path) -> str:
    return path.read_text("utf-8", "replace") if path.exists() else ""


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind((host, port))
        return True
    return False
