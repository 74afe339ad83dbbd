"""Two exporters that show an account as two replicas do, and the Prometheus that scrapes them."""

import contextlib
import json
import re
import threading
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.integration.processes import ROOT, free_port, get, needs, running, wait_until

DEPLOYED = ROOT / "deploy" / "replicas"
SECONDS = 0.3
"""Between two scrapes, and between two evaluations."""
NUMBERS = 3


@dataclass
class Exporter:
    """A replica's page of metrics."""

    port: int = field(default_factory=free_port)
    epoch: int = 0
    """Of the account's lease; 0 while it does not have it."""
    scrapes: int = 0

    def page(self) -> str:
        """What it shows of an account of three numbers, the first of them suspended."""
        self.scrapes += 1
        if not self.epoch:
            return "numwatch_replicas 2\n"
        account = 'provider="north",account="hq"'
        lines = [
            "numwatch_replicas 2",
            f"numwatch_account_lease_epoch{{{account}}} {self.epoch}",
            f"numwatch_provider_up{{{account}}} 1",
            f'numwatch_account_numbers{{{account},state="active"}} {NUMBERS}',
            f'numwatch_account_balance{{{account},currency="CNY"}} {100 - self.epoch}',
            f'numwatch_account_balance_threshold{{{account},kind="notice"}} 100',
        ]
        for index in range(NUMBERS):
            number = f'{account},number="400622000{index}"'
            state = "active" if index else "suspended_violation"
            lines += [
                f"numwatch_number_up{{{number}}} {int(index > 0)}",
                f'numwatch_number_state{{{number},state="{state}"}} 1',
                f'numwatch_number_info{{{number},carrier="carrier{self.epoch}"}} 1',
                f"numwatch_number_bindings{{{number}}} 2",
                f"numwatch_number_bindings_reachable{{{number}}} 2",
            ]
        return "\n".join([*lines, ""])


@contextlib.contextmanager
def serving(exporter: Exporter) -> Iterator[Exporter]:
    """``exporter`` at its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.page().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", exporter.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield exporter
    finally:
        server.shutdown()
        server.server_close()


def quick(text: str) -> str:
    """Rules or a configuration with the intervals of the test: a minute passes in 0.2 seconds."""
    text = re.sub(
        r"(?<= for: )(\d+)m$", lambda it: f"{200 * int(it[1])}ms", text, flags=re.MULTILINE
    )
    # Of all waits only this one may not be over before its test has seen what it waits for.
    text = re.sub(r"(?<=keep_firing_for: )\d+m$", "60s", text, flags=re.MULTILINE)
    milliseconds = f"{int(SECONDS * 1000)}ms"
    text = re.sub(r"(?<=_interval: )\d+s", milliseconds, text)
    return re.sub(r"scrape_timeout: \d+s", f"scrape_timeout: {milliseconds}", text)


def configuration(folder: Path, targets: list[int]) -> Path:
    """The shipped one with other targets and intervals; beside its rules, those of the agent.

    These keep no alert firing, and have groups of other names: the control.
    """
    text = quick((DEPLOYED / "prometheus.yml").read_text(encoding="utf-8"))
    listed = ", ".join(f'"127.0.0.1:{port}"' for port in targets)
    text, count = re.subn(r'(?<=targets: )\["127.0.0.1:10400".*\]', f"[{listed}]", text)
    assert count == 1
    for name in ("alert_rules.yml", "recording_rules.yml"):
        (folder / name).write_text(quick((DEPLOYED / name).read_text("utf-8")), "utf-8")
    control = quick((ROOT / "alert_rules" / "numwatch.yml").read_text(encoding="utf-8"))
    control = control.replace("name: numwatch_", "name: control_")
    (folder / "control.yml").write_text(control, encoding="utf-8")
    text = text.replace("  - recording_rules.yml", "  - recording_rules.yml\n  - control.yml")
    (folder / "prometheus.yml").write_text(text, encoding="utf-8")
    return folder / "prometheus.yml"


@dataclass(frozen=True)
class Prometheus:
    """A running one."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant query."""
        text = urllib.parse.urlencode({"query": expression})
        document = json.loads(get(f"{self.url}/api/v1/query?{text}"))
        return list(document["data"]["result"])

    def value(self, expression: str) -> float | None:
        """The value of the only series."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None

    def alerts(self, group: str) -> list[tuple[str, str, dict[str, str]]]:
        """State, time of activation and labels of each alert of the groups of that name."""
        groups = json.loads(get(f"{self.url}/api/v1/rules?type=alert"))["data"]["groups"]
        return [
            (alert["state"], alert["activeAt"], alert["labels"])
            for one in groups
            if one["name"] == group
            for rule in one["rules"]
            for alert in rule["alerts"]
        ]

    def evaluated(self) -> dict[str, str]:
        """When each group was evaluated last."""
        groups = json.loads(get(f"{self.url}/api/v1/rules"))["data"]["groups"]
        return {f"{one['file']} {one['name']}": one["lastEvaluation"] for one in groups}

    def errors(self) -> list[str]:
        """What rules could not be evaluated for."""
        groups = json.loads(get(f"{self.url}/api/v1/rules"))["data"]["groups"]
        return [
            rule["lastError"] for one in groups for rule in one["rules"] if rule.get("lastError")
        ]


@contextlib.contextmanager
def scraping(folder: Path, exporters: list[Exporter]) -> Iterator[Prometheus]:
    """A Prometheus that scrapes ``exporters`` by the shipped configuration."""
    binary = needs("prometheus")
    address = f"127.0.0.1:{free_port()}"
    command = [
        binary,
        f"--config.file={configuration(folder, [it.port for it in exporters])}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={address}",
    ]
    log = folder / "prometheus.log"
    with running(command, log):
        url = f"http://{address}"
        wait_until(lambda: get(f"{url}/-/ready"), 60, lambda: log.read_text(errors="replace"))
        yield Prometheus(url)
