"""The running agent answers as its own OpenAPI document says, whatever it is asked."""

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from agent.web.endpoint import Endpoint
from agent.web.forms import FORM
from agent.web.openapi import describe
from tests.agent_process import TOKEN, AgentProcess, agent_process, small_world
from tests.integration.processes import wait_until
from tests.proof_size import is_full, size

_LIMITED = re.compile(
    r"^(- ST401 [^\n]*)\n\s*\n\s*Expected 401 or 403, got `429 Too Many Requests`", re.MULTILINE
)
LONGEST = 10
"""Seconds after which a request counts as hung."""
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    with agent_process(tmp_path_factory.mktemp("conformance"), small_world()) as running:
        wait_until(lambda: running.json("/api/tickets")["items"], 60, "a ticket is there")
        yield running


def configuration(url: str, values: Mapping[str, list[str]]) -> str:
    """What schemathesis is told: whose credentials, which values exist, which checks.

    One check is off: that whatever fits the schema is accepted. A schema cannot say what is
    PromQL, a day, or the revision that a ticket has now.
    """
    return f"""
base-url = "{url}"
request-timeout = {LONGEST}
headers = {{ Authorization = "Bearer {TOKEN}" }}
[parameters]
{"".join(f"{name} = {json.dumps(known)}{chr(10)}" for name, known in values.items())}
[checks.positive_data_acceptance]
enabled = false
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 503]
"""


def deviations(
    url: str, folder: Path, examples: int, phases: str, values: Mapping[str, list[str]]
) -> tuple[int, list[str]]:
    """How many cases schemathesis tried, and each failure that it found."""
    config, report = folder / "schemathesis.toml", folder / "report.ndjson"
    config.write_text(configuration(url, values))
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
        *("run", f"{url}/api/openapi.json", "--phases", phases, "--no-color", "--seed", "7"),
        *("--max-examples", str(examples), "--continue-on-failure"),
        # The stream of events ends when the time for a request does.
        *(() if is_full() else ("--exclude-path", "/events")),
        *("--report", "ndjson", "--report-ndjson-path", str(report)),
    ]
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=1500, check=False
    )
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    assert ended.returncode in {0, 1}, ended.stdout + ended.stderr
    found = [line.strip() for line in ended.stdout.splitlines() if line.startswith("- ST")]
    assert bool(found) == bool(ended.returncode), ended.stdout
    # Of one address only so many wrong credentials are looked at, which is as it should be.
    limited = _LIMITED.findall(ended.stdout)
    for line in limited:
        found.remove(line)
    shown = [f"{ended.stdout[-6000:]}"] if found else []
    return sum(cases(line) for line in lines), found + shown


def cases(event: Mapping[str, Any]) -> int:
    """The cases of one scenario that ended; none of any other event."""
    scenario = event.get("ScenarioFinished")
    return len(scenario["recorder"]["cases"]) if scenario else 0


def test_nothing_deviates_from_the_description(agent: AgentProcess, tmp_path: Path) -> None:
    ticket = agent.json("/api/tickets")["items"][0]["id"]
    values = {"path.number": ["4006220001", "4006229999"], "path.id": [ticket, "none"]}
    phases = "coverage,fuzzing,stateful" if is_full() else "fuzzing"
    tried, found = deviations(agent.url, tmp_path, size(3, 30), phases, values)
    assert not found, "\n".join(found)
    assert tried >= size(100, 1000)
    assert agent.process.poll() is None


LONG = "9" * 70_000
HOSTILE_QUERIES = (
    "?%ff%fe=%c3%28",
    "?" + "&".join(f"limit={count}" for count in range(200)),
    "?limit=1&limit=2&offset=x",
    f"?query={LONG}",
    "?query=%00&time=1e400&start=-1&end=NaN&step=0",
    "?%F0%9F%92%A9=\u202e",
    "?=&&&;",
)
HOSTILE_TYPES = (
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 500,
    "application/x-www-form-urlencoded; charset=nonsense",
    "application/json; charset=utf-99",
    "application/json; charset=\xff",
    "text/plain",
    "*/*",
    "",
)
BODIES = (
    b"",
    b"\xff\xfe\xfd",
    b"{" * 2000,
    b'{"by": 1e999}',
    b"%ff=%ff&" * 500,
    b"a&" * 20_000,
    b"\x00" * 65_537,
)
METHODS = ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "get", "GET")


def requests(path: str) -> Iterator[bytes]:
    """Requests to one path that no honest client sends."""
    head = f"Host: 127.0.0.1\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n"
    for query in HOSTILE_QUERIES:
        yield f"GET {path}{query} HTTP/1.1\r\n{head}\r\n".encode("utf-8", "surrogateescape")
    for method in METHODS:
        yield f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode()
    kinds = [(kind, BODIES[number % len(BODIES)]) for number, kind in enumerate(HOSTILE_TYPES)]
    for kind, body in (*kinds, *product(("application/json", FORM), BODIES)):
        lines = f"{head}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        yield f"POST {path} HTTP/1.1\r\n{lines}".encode() + body


def status(url: str, request: bytes) -> int:
    """The status that a request is answered with; 0 where the connection is closed instead."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), LONGEST) as peer:
        peer.settimeout(LONGEST)
        try:
            peer.sendall(request)
            answer = peer.recv(64)
        except (ConnectionResetError, BrokenPipeError):
            return 0
    found = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return int(found[1]) if found else 0


def test_hostile_requests_are_answered_and_never_with_a_fault(agent: AgentProcess) -> None:
    paths = [
        re.sub(r"\{\w+\}", "4006220001", path)
        for path in agent.json("/api/openapi.json")["paths"]
        if path not in {"/events", "/-/reload"}
    ]
    assert len(paths) > 30
    answers = [
        (request, status(agent.url, request))
        for path in (
            *paths,
            "/%00",
            "/..%2f..%2fetc/passwd",
            "/\u202e",
            "//",
            "/api/v1/label/%ff/x",
        )
        for request in requests(path)
    ]
    assert len(answers) > 1000
    assert [(sent[:200], it) for sent, it in answers if it not in {0, *range(200, 500), 503}] == []
    assert agent.process.poll() is None
    log = agent.log.read_text(encoding="utf-8", errors="replace")
    assert [line for line in log.splitlines() if "failed" in line] == []


async def break_promise(_: web.Request) -> web.Response:
    raise web.HTTPTeapot


async def test_a_status_that_is_not_described_would_be_found(tmp_path: Path) -> None:
    """The control: an application that answers what its description does not list."""
    endpoint = Endpoint("GET", "/api/numbers", break_promise, "Numbers", "text/plain")

    async def show(_: web.Request) -> web.Response:
        return web.json_response(describe([endpoint], "1"))

    app = web.Application()
    app.router.add_get("/api/numbers", break_promise)
    app.router.add_get("/api/openapi.json", show)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        _, found = await asyncio.to_thread(deviations, url, tmp_path, 2, "fuzzing", {})
    assert any(line.startswith("- ST103 Undocumented status code") for line in found)


async def fail(_: web.Request) -> web.Response:
    raise RuntimeError


async def test_a_fault_would_be_seen() -> None:
    """The control: an application that fails at a path is seen to."""
    app = web.Application()
    app.router.add_get("/", fail)
    async with TestServer(app) as server:
        url = str(server.make_url("")).rstrip("/")
        request = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert await asyncio.to_thread(status, url, request) == 500
