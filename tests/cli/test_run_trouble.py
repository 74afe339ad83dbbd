"""``numwatch run`` when what it needs is not there yet, and when nobody reads its log."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from agent.store.database import Database
from tests.ledger_trouble import fill, locked_by_another_process, small_disk

_RUN = """
import sys
from pathlib import Path
import agent.cli.run as run
run.PATIENCE = float(sys.argv[1])
sys.exit(run.run(Path(sys.argv[2]), sys.argv[3:]))
"""


def write_config(folder: Path, data: Path | None = None) -> Path:
    provider = {
        "name": "north",
        "profile": "generic",
        "base_url": "http://127.0.0.1:9",
        "egress_allow": ["127.0.0.0/8"],
        "accounts": [{"id": "hq", "credentials": {"key": "k-demo", "secret": "demo-secret-1"}}],
    }
    config = folder / "config.yaml"
    document = {"data_dir": str(data or folder / "data"), "providers": [provider]}
    config.write_text(json.dumps(document))
    return config


async def start(
    config: Path, listen: str, patience: float = 20.0, stderr: int = subprocess.PIPE
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _RUN, str(patience), str(config), listen),
        stdout=subprocess.DEVNULL,
        stderr=stderr,
        cwd=Path(__file__).parents[2],
    )


@asynccontextmanager
async def running(
    config: Path, listen: str, patience: float = 20.0, stderr: int = subprocess.PIPE
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await start(config, listen, patience, stderr)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answers(address: str, seconds: float = 90.0) -> None:
    async with aiohttp.ClientSession(f"http://{address}") as session, asyncio.timeout(seconds):
        while True:
            try:
                async with session.get("/-/healthy") as response:
                    assert response.status == 200
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.1)


async def until_logged(process: asyncio.subprocess.Process, event: str) -> str:
    assert process.stderr is not None
    async with asyncio.timeout(90):
        async for line in process.stderr:
            if event in line.decode():
                return line.decode()
    pytest.fail(f"the log has no {event}")


@pytest.fixture
def address(unused_tcp_port: int) -> str:
    return f"127.0.0.1:{unused_tcp_port}"


@pytest.fixture
def taken(address: str) -> Sequence[socket.socket]:
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((address.split(":", maxsplit=1)[0], int(address.split(":")[1])))
    holder.listen()
    return [holder]


async def test_an_address_that_is_freed_is_waited_for(
    tmp_path: Path, address: str, taken: Sequence[socket.socket]
) -> None:
    async with running(write_config(tmp_path), address) as process:
        assert "Address already in use;" in await until_logged(process, "start_waits")
        taken[0].close()
        await answers(address)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_an_address_that_stays_taken_ends_in_75(
    tmp_path: Path, address: str, taken: Sequence[socket.socket]
) -> None:
    async with running(write_config(tmp_path), address, patience=1.5) as process:
        _, err = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 75
        assert b"cannot listen on" in err.splitlines()[-1]
    taken[0].close()


async def test_a_locked_ledger_ends_in_75_without_advice_to_move_it(
    tmp_path: Path, address: str
) -> None:
    await (await Database.open(tmp_path / "data")).close()
    config = write_config(tmp_path)
    async with locked_by_another_process(tmp_path / "data" / "ledger.db"):
        async with running(config, address, patience=1.5) as process:
            _, err = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 75
            assert b"locked by another process" in err.splitlines()[-1]
            assert b"move" not in err
        async with running(config, address) as process:
            await until_logged(process, "start_waits")
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0
            assert time.monotonic() - begun < 10


async def test_a_lock_that_ends_is_waited_for(tmp_path: Path, address: str) -> None:
    await (await Database.open(tmp_path / "data")).close()
    async with locked_by_another_process(tmp_path / "data" / "ledger.db"):
        process = await start(write_config(tmp_path), address)
        await until_logged(process, "start_waits")
    await answers(address)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_a_full_disk_ends_in_75(tmp_path: Path, address: str) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        fill(disk)
        config = write_config(tmp_path, disk / "data")
        async with running(config, address, patience=1.5) as process:
            _, err = await asyncio.wait_for(process.communicate(), 60)
            assert process.returncode == 75
            assert b"the disk is full" in err.splitlines()[-1]


async def test_what_does_not_pass_ends_in_2_at_once(tmp_path: Path, address: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").write_bytes(b"this is not SQLite" * 100)
    async with running(write_config(tmp_path), address) as process:
        _, err = await asyncio.wait_for(process.communicate(), 15)
        assert process.returncode == 2
        assert b"numwatch restore" in err


async def test_an_agent_whose_log_nobody_reads_works_and_ends(tmp_path: Path, address: str) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    try:
        async with running(write_config(tmp_path), address, stderr=writing) as process:
            await answers(address)
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        os.close(reading)
        os.close(writing)


_FLOOD = """
import sys, time, structlog
from agent.config.settings import Log
from agent.logging import configure, dropped_lines
configure(Log())
log = structlog.get_logger()
for count in range(60_000):
    log.info("flood", count=count, text="x" * 100)
print(dropped_lines(), flush=True)
sys.stdin.readline()
log.info("after")
"""


async def test_what_is_dropped_is_counted_and_said_when_somebody_reads_again() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _FLOOD),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        limit=1024,
    )
    assert process.stdout is not None
    # asyncio stops reading standard error beyond twice the limit, as a stuck collector would.
    dropped = int(await asyncio.wait_for(process.stdout.readline(), 60))
    assert dropped > 10_000
    assert process.stdin is not None
    assert process.stderr is not None
    lines = 0
    reported = 0
    process.stdin.write(b"\n")
    async for line in process.stderr:
        document = json.loads(line)
        lines += document["event"] in {"flood", "after"}
        if document["event"] == "log_lines_dropped":
            reported += document["lines"]
    assert await process.wait() == 0
    # The last line, "after", may find the queue still full: then it is dropped and counted too.
    assert dropped <= reported <= dropped + 1
    assert lines == 60_001 - reported


def test_a_warning_of_a_library_is_one_line_of_json() -> None:
    code = (
        "import numpy, structlog\n"
        "from agent.config.settings import Log\n"
        "from agent.logging import configure\n"
        "configure(Log(format='json'))\n"
        "numpy.array([1.0]) / numpy.array([0.0])\n"
    )
    done = subprocess.run(
        (sys.executable, "-W", "always", "-c", code), capture_output=True, check=True, text=True
    )
    (line,) = done.stderr.splitlines()
    assert "divide by zero" in json.loads(line)["event"]
