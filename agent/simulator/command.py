"""``numwatch simulate``: a world from a file, served until a signal ends it."""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

from agent.simulator.agent_config import (
    AGENT_LISTEN,
    build_config,
    dial_section,
    write_config,
)
from agent.simulator.complaints import new_secret
from agent.simulator.events import Event
from agent.simulator.server import SimulatorServer, start
from agent.simulator.telephony.endpoint import open_endpoint
from agent.simulator.telephony.world import answering
from agent.simulator.world import World

DEFAULT_LISTEN = "127.0.0.1:10401"
"""The default address of the simulator."""


def split_listen(listen: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``; an IPv6 host stands in brackets.

    Raises:
        ValueError: when it is not that.
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the largest port
        raise ValueError(f"{listen!r} is not an address, expected HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)


async def simulate(  # noqa: PLR0913 - the options of a command
    world_file: Path,
    listen: str = DEFAULT_LISTEN,
    speed: float = 1.0,
    config_file: Path | None = None,
    out: TextIO = sys.stderr,
    *,
    agent: str = AGENT_LISTEN,
    wait: float = 0.0,
    sip: str = "",
) -> int:
    """Serves the world until SIGINT or SIGTERM, printing events to ``out``; returns 0.

    ``agent`` is where the agent of the written configuration listens: complaints are posted to
    its hook. World time begins after ``wait`` seconds, or when it is told to.
    With ``sip``, a ``HOST:PORT``, its numbers can be called there by SIP over UDP.

    Raises:
        WorldFileError: with every mistake in the world file.
        ValueError: when ``listen`` or ``speed`` is not usable.
        OSError: when the address cannot be listened on, or the configuration not written.
    """
    host, port = split_listen(listen)
    stopping = _stop_signals()
    world = World.read(world_file)
    # A world may have 100,000 numbers, which live as long as the process: a full collection
    # that visits them all stops every answer for a tenth of a second and finds nothing.
    gc.freeze()
    async with await start(world, host, port, speed) as running, _telephony(world, sip) as phone:
        if wait:
            world.clock.wait(wait, 0.0)
        if config_file is not None:
            secret = new_secret()
            running.post_complaints_to(f"http://{agent}/hooks/complaints", secret)
            config = build_config(
                running.world, running.url, speed, listen=agent, complaints_secret=secret
            )
            config |= {"dial": dial_section(phone)} if phone else {}
            write_config(config_file, config)
        _print(out, addresses(running, config_file))
        if phone:
            _print(out, (f"numbers by SIP over UDP: {phone}",))
        printing = asyncio.create_task(_print_events(running, out))
        await stopping.wait()
        printing.cancel()
        await asyncio.gather(printing, return_exceptions=True)
    return 0


@asynccontextmanager
async def _telephony(world: World, sip: str) -> AsyncIterator[str]:
    """The SIP endpoint of the world at ``sip``; its address, empty where there is none."""
    if not sip:
        yield ""
        return
    endpoint = await open_endpoint(answering(world), *split_listen(sip))
    try:
        yield "{}:{}".format(*endpoint.address)
    finally:
        endpoint.close()


def _stop_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    return stopping


def addresses(running: SimulatorServer, config_file: Path | None) -> Sequence[str]:
    """The lines with the addresses of everything."""
    return (
        *(
            f"provider {name}: {running.base_url(name)}  "
            f"({sum(len(account.numbers) for account in provider.accounts)} numbers)"
            for name, provider in running.world.providers.items()
        ),
        f"ticket desk: {running.desk_url}",
        f"state of the world: {running.url}/world  its log: {running.url}/world/events",
        *((f"agent configuration: {config_file}",) if config_file else ()),
    )


async def _print_events(running: SimulatorServer, out: TextIO) -> None:
    async for event in running.events.follow():
        _print(out, (line(event),))


def line(event: Event) -> str:
    """One event as one line of text."""
    account = f"/{event.account}" if event.account else ""
    subject = " ".join(part for part in (f"{event.provider}{account}", event.number) if part)
    text = "".join(char if char.isprintable() else " " for char in event.text)
    return f"{event.at:8.1f}s  {event.kind:<12}  {subject:<24}  {text}"


def _print(out: TextIO, lines: Sequence[str]) -> None:
    out.writelines(f"{text}\n" for text in lines)
    out.flush()
