"""Published descriptions of APIs, run as mocks in Prism."""

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.config.secret import Secret
from agent.config.settings import Account, Polling, ProviderSettings
from agent.net.http_client import HttpClient, HttpClientLimits
from agent.providers.base import Provider
from agent.providers.registry import build

SPECS = Path(__file__).parents[3] / "shared" / "specs"
"""Beside the repository: descriptions that are the vendors' own are not part of it."""
START_SECONDS = 300
"""The first run may have to download the mock."""
_COMMAND = ("npx", "--yes", "@stoplight/prism-cli@5", "mock", "-h", "127.0.0.1")


def read_description(name: str) -> dict[str, Any]:
    """The published description in file ``name``; the test is skipped where it is not."""
    file = SPECS / name
    if not file.exists():
        pytest.skip(f"the published description {name} is not beside us")
    if shutil.which("npx") is None:
        pytest.skip("npx (Node) is not installed")
    description: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return description


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _answers(url: str, mock: subprocess.Popen[bytes]) -> bool:
    """Whether the mock answers in time; false when it ended instead."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and mock.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.1)
    return False


@contextlib.contextmanager
def serving_description(description: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """The address of a mock of ``description``; the test is skipped where it does not start."""
    file, log, port = folder / "description.json", folder / "mock.log", _free_port()
    file.write_text(json.dumps(description), encoding="utf-8")
    with log.open("wb") as out:
        mock = subprocess.Popen(
            (*_COMMAND, "-p", str(port), str(file)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # npx leaves a child: the whole group must end
        )
        try:
            if not _answers(f"http://127.0.0.1:{port}/", mock):
                pytest.skip(f"the mock did not start: {log.read_text(errors='replace')[-300:]}")
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(mock.pid, signal.SIGKILL)
            mock.wait()


@contextlib.asynccontextmanager
async def reading_mock(
    url: str, profile: str, credentials: Mapping[str, str]
) -> AsyncIterator[Provider]:
    """The profile with these credentials, at the mock."""
    settings = ProviderSettings(
        name="west",
        profile=profile,
        base_url=url,
        accounts=[Account(id="hq", credentials={k: Secret(v) for k, v in credentials.items()})],
    )
    client = HttpClient(HttpClientLimits(), egress_allow=["127.0.0.0/8"])
    try:
        yield build(settings, settings.accounts[0], client.fetch, Polling())
    finally:
        await client.close()
        await asyncio.sleep(0)
