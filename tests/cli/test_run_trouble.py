"""``numwatch run`` when what it needs is not there yet, and when nobody reads its log."""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from agent.store.database import Database
from tests.forks import running_numwatch
from tests.integration.processes import RunningProcess, get, wait_until
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


def running(
    config: Path, listen: str, log: Path, patience: float = 20.0
) -> AbstractContextManager[RunningProcess]:
    return running_numwatch(str(patience), str(config), listen, log=log, code=_RUN)


def end_on_request(process: RunningProcess) -> None:
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def answers(address: str) -> None:
    wait_until(lambda: get(f"http://{address}/-/healthy") is not None, 90, f"{address} answers")


def until_logged(log: Path, event: str) -> str:
    def line() -> str | None:
        return next((it for it in log.read_text().splitlines() if event in it), None)

    return wait_until(line, 90, f"the log has {event}")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "agent.log"


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


def test_an_address_that_is_freed_is_waited_for(
    tmp_path: Path, address: str, log: Path, taken: Sequence[socket.socket]
) -> None:
    with running(write_config(tmp_path), address, log) as process:
        assert "Address already in use;" in until_logged(log, "start_waits")
        taken[0].close()
        answers(address)
        end_on_request(process)


def test_an_address_that_stays_taken_ends_in_75(
    tmp_path: Path, address: str, log: Path, taken: Sequence[socket.socket]
) -> None:
    with running(write_config(tmp_path), address, log, patience=1.5) as process:
        assert process.wait(60) == 75
    assert "cannot listen on" in log.read_text().splitlines()[-1]
    taken[0].close()


async def test_a_locked_ledger_ends_in_75_without_advice_to_move_it(
    tmp_path: Path, address: str, log: Path
) -> None:
    await (await Database.open(tmp_path / "data")).close()
    config = write_config(tmp_path)
    async with locked_by_another_process(tmp_path / "data" / "ledger.db"):
        with running(config, address, log, patience=1.5) as process:
            assert process.wait(60) == 75
        assert "locked by another process" in log.read_text().splitlines()[-1]
        assert "move" not in log.read_text()
        with running(config, address, log) as process:
            until_logged(log, "start_waits")
            begun = time.monotonic()
            end_on_request(process)
            assert time.monotonic() - begun < 10


async def test_a_lock_that_ends_is_waited_for(tmp_path: Path, address: str, log: Path) -> None:
    await (await Database.open(tmp_path / "data")).close()
    with contextlib.ExitStack() as ends:
        async with locked_by_another_process(tmp_path / "data" / "ledger.db"):
            process = ends.enter_context(running(write_config(tmp_path), address, log))
            until_logged(log, "start_waits")
        answers(address)
        end_on_request(process)


def test_a_full_disk_ends_in_75(tmp_path: Path, address: str, log: Path) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        fill(disk)
        config = write_config(tmp_path, disk / "data")
        with running(config, address, log, patience=1.5) as process:
            assert process.wait(60) == 75
        assert "the disk is full" in log.read_text().splitlines()[-1]


def test_what_does_not_pass_ends_in_2_at_once(tmp_path: Path, address: str, log: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").write_bytes(b"this is not SQLite" * 100)
    with running(write_config(tmp_path), address, log) as process:
        assert process.wait(15) == 2
    assert "numwatch restore" in log.read_text()


def test_an_agent_whose_log_nobody_reads_works_and_ends(
    tmp_path: Path, address: str, log: Path
) -> None:
    os.mkfifo(log)
    reading = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    writing = os.open(log, os.O_WRONLY | os.O_NONBLOCK)
    try:
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writing, b"x" * 4096)
        with running(write_config(tmp_path), address, log) as process:
            answers(address)
            end_on_request(process)
        assert set(os.read(reading, 1 << 20)) == set(b"x"), "there was no room for a line"
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
