"""Secrets and people's phones, planted everywhere, are in nothing that leaves the agent.

A provider and a ticket system echo every secret they know in every spelling, the agent logs at
its most talkative level, and everything it writes is searched.
"""

import base64
import csv
import io
import json
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.agent_process import TOKEN, AgentProcess, Settings, agent_process, small_world
from tests.integration.processes import get, wait_until
from tests.proof_size import size

SECRETS = {
    "provider key": "Canary-Key-4f6b1d/+=9a",
    "provider secret": "Canary:Secret&7c2e9f 81",
    "sink header": "Canary-Header-a91e77d0~",
    "sink secret": "whsec_" + base64.b64encode(b"canary of the sink, 32 bytes long").decode(),
    "complaint token": "Canary-Complaints-0d5b8a6611",
    "web token": TOKEN,
}
PHONES = ("13812340001", "13912340002", "02287650003", "+8613712340004")
"""A bound phone, a caller, a landline, and one that an error text has."""


FORMULA = '=HYPERLINK("http://evil.example";"click")'
"""A company's name that a spreadsheet would calculate."""


def spellings(text: str) -> set[bytes]:
    """What ``text`` looks like in base64, percent-encoded, hexadecimal and escaped, and plain."""
    raw = text.encode()
    inner = [base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3)]
    forms = {raw, raw.hex().encode(), raw.hex().upper().encode(), json.dumps(text)[1:-1].encode()}
    return forms | {quote(text, safe="").encode(), quote(text).encode(), *inner}


def echo() -> bytes:
    """An error text that has every secret in every spelling, and a person's phone."""
    words = [form.decode() for secret in SECRETS.values() for form in sorted(spellings(secret))]
    basic = base64.b64encode(f"user:{SECRETS['provider secret']}".encode()).decode()
    return json.dumps(
        {
            "code": "50001",
            "message": f"denied for {PHONES[3]}: Basic {basic}",
            "error": " ".join(words),
        }
    ).encode()


class Echo(BaseHTTPRequestHandler):
    """Answers every request with :func:`echo`, with one status after the other."""

    count = 0

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        type(self).count += 1
        body = echo()
        self.send_response((200, 400, 500, 422)[self.count % 4])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = _answer  # noqa: N815 - named by the base class

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def echo_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def world() -> Settings:
    planted = small_world()
    account = planted["providers"][0]["accounts"][0]
    account["credentials"] = {
        "key": SECRETS["provider key"],
        "secret": SECRETS["provider secret"],
    }
    account["numbers"][0]["company"] = FORMULA
    for number in account["numbers"]:
        number["bindings"][0]["phone"], number["bindings"][1]["phone"] = PHONES[0], PHONES[2]
    return planted


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory, echo_url: str) -> Iterator[AgentProcess]:
    folder = tmp_path_factory.mktemp("canaries")

    def plant(settings: Settings) -> None:
        credentials = {"key": SECRETS["provider key"], "secret": SECRETS["provider secret"]}
        north = settings["providers"][0]
        settings["providers"].append(
            {
                **north,
                "name": "echoing",
                "base_url": echo_url,
                "accounts": [{"id": "hq", "credentials": credentials}],
            }
        )
        settings["sinks"].append(
            {
                "name": "echoing-desk",
                "kind": "webhook",
                "url": echo_url,
                "secret": SECRETS["sink secret"],
                "headers": {"X-Api-Key": SECRETS["sink header"]},
                "egress_allow": ["127.0.0.0/8"],
            }
        )
        settings["intake"]["complaints"]["token"] = SECRETS["complaint token"]
        settings["log"] = {"level": "debug"}

    with agent_process(folder, world(), plant) as running:
        complain(running)
        wait_until(lambda: running.json("/api/tickets")["items"], 60, "a ticket is there")
        wait_until(lambda: Echo.count >= size(12, 200), 600, "the echoes were heard")
        yield running


def complain(agent: AgentProcess) -> None:
    report = {"number": "4006220001", "caller": PHONES[1], "content": f"call me at {PHONES[1]}"}
    request = urllib.request.Request(
        f"{agent.url}/hooks/complaints",
        json.dumps(report).encode(),
        {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {SECRETS['complaint token']}",
        },
    )
    urllib.request.urlopen(request, timeout=10).close()


def read(url: str) -> bytes:
    """What anyone is answered; nothing where reading needs a login."""
    try:
        return get(url)
    except urllib.error.HTTPError as error:
        return error.read()


def outputs(agent: AgentProcess, folder: Path) -> dict[str, bytes]:
    """Everything that leaves the agent, by what it is."""
    ticket = agent.json("/api/tickets")["items"][0]["id"]
    paths = (
        *("/", "/metrics", "/numbers/4006220001", f"/tickets/{ticket}", "/api/numbers"),
        *("/api/numbers/4006220001", "/api/accounts", "/api/tickets", f"/api/tickets/{ticket}"),
        *("/api/complaints", "/api/diagnose/4006220001", "/api/v1/alerts", "/api/v1/rules"),
        *("/api/v1/series?match[]={__name__!=''}", "/api/openapi.json", "/api/statistics.csv"),
    )
    found = {f"GET {path}": read(agent.url + path) for path in paths}
    found |= {f"GET {path} with the token": agent.get(path) for path in paths[:2]}
    assert found["GET /metrics"].startswith(b"#"), "reading needs no login here"
    bundle = agent.get(f"/api/tickets/{ticket}/evidence.zip")
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        found |= {f"bundle {name}": archive.read(name) for name in archive.namelist()}
    found |= {"log": agent.log.read_bytes()}
    found |= {"command line": Path(f"/proc/{agent.process.pid}/cmdline").read_bytes()}
    return found


def stored(agent: AgentProcess) -> dict[str, bytes]:
    """The files of the ledger."""
    folder = agent.config.parent / "data"
    return {f"file {file.name}": file.read_bytes() for file in folder.iterdir() if file.is_file()}


def hits(texts: dict[str, bytes], canaries: dict[str, set[bytes]]) -> list[tuple[str, str]]:
    """Where which canary is found."""
    return [
        (where, name)
        for where, text in texts.items()
        for name, forms in canaries.items()
        if any(form in text for form in forms)
    ]


@pytest.mark.timeout(900)
def test_no_secret_is_in_anything_that_leaves_the_agent(agent: AgentProcess, tmp_path) -> None:
    canaries = {name: spellings(secret) for name, secret in SECRETS.items()}
    everything = outputs(agent, tmp_path) | stored(agent)
    assert len(everything) > 20
    assert b"echoing/hq" in everything["log"], "the failed polls were logged"
    assert hits(everything, canaries) == []


@pytest.mark.timeout(900)
def test_no_phone_is_in_anything_that_anyone_reads(agent: AgentProcess, tmp_path) -> None:
    canaries = {phone: spellings(phone.removeprefix("+86")) for phone in PHONES}
    assert hits(outputs(agent, tmp_path), canaries) == []


def formulas(texts: dict[str, bytes]) -> list[tuple[str, str]]:
    """Where which cell of a CSV file is one that a spreadsheet calculates."""
    return [
        (where, cell)
        for where, text in texts.items()
        if where.endswith(".csv")
        for row in csv.reader(io.StringIO(text.decode("utf-8-sig")))
        for cell in row
        if cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    ]


@pytest.mark.timeout(900)
def test_no_cell_is_a_formula(agent: AgentProcess, tmp_path) -> None:
    everything = outputs(agent, tmp_path)
    tables = {where: text for where, text in everything.items() if where.endswith(".csv")}
    tables["statistics with the token .csv"] = agent.get("/api/statistics.csv")
    assert any(b"HYPERLINK" in text for text in tables.values())
    assert formulas(tables) == []


def test_a_cell_that_is_a_formula_would_be_noticed() -> None:
    assert formulas({"a.csv": f"1,{FORMULA}\n".encode()})


def test_a_secret_that_leaks_in_any_spelling_would_be_noticed() -> None:
    """The control: the error text that the peers sent, as an agent would show it unredacted."""
    leaked = {"log": echo()}
    canaries = {name: spellings(secret) for name, secret in SECRETS.items()}
    assert {name for _, name in hits(leaked, canaries)} == SECRETS.keys()
    for name, secret in SECRETS.items():
        for form in spellings(secret):
            assert hits({"page": b"error: " + form + b" refused"}, canaries), name
