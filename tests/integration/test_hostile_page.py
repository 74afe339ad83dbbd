"""A real Prometheus takes a page whose label values are as bad as they come."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from exporters.exposition import Exposition, Page
from exporters.piece import compress
from tests.exporters.test_hostile_labels import block_of, hostile_strings
from tests.integration.processes import free_port, get, needs, running, wait_until

pytestmark = pytest.mark.integration

ROWS = 2_000
SURROGATE = b'# TYPE a gauge\na{b="\xed\xa0\x80"} 1\n'


class Target:
    """One page under a real HTTP server."""

    def __init__(self, page: Page) -> None:
        self.page = page
        handler = type("Handler", (BaseHTTPRequestHandler,), {"do_GET": self._answer})
        handler.log_message = lambda *_: None
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.address = f"127.0.0.1:{self.server.server_port}"

    @property
    def _answer(self):
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", self.page.content_type)
            if self.page.content_encoding:
                handler.send_header("Content-Encoding", self.page.content_encoding)
            handler.end_headers()
            handler.wfile.write(self.page.body)

        return answer


@pytest.fixture(params=["", "application/openmetrics-text"], ids=["text", "openmetrics"])
async def hostile(request) -> Page:
    exposition = Exposition()
    exposition.publish("a", [block_of(hostile_strings(ROWS))])
    return await exposition.scrape(request.param, "gzip")


def scraped(page: Page, folder: Path) -> Iterator[dict]:
    target = Target(page)
    threading.Thread(target=target.server.serve_forever, daemon=True).start()
    config = folder / "prometheus.yml"
    job = {
        "job_name": "a",
        "scrape_interval": "1s",
        "static_configs": [{"targets": [target.address]}],
    }
    config.write_text(json.dumps({"scrape_configs": [job]}))
    at = f"127.0.0.1:{free_port()}"
    command = [needs("prometheus"), f"--config.file={config}", f"--web.listen-address={at}"]
    command.append(f"--storage.tsdb.path={folder / 'tsdb'}")
    with running(command, folder / "prometheus.log"):
        yield wait_until(lambda: _scrape_result(at), 30, "the page was scraped")
        if page.content_encoding:
            url = f"http://{at}/api/v1/query?query=count(numwatch_number_up)"
            found = wait_until(lambda: json.loads(get(url))["data"]["result"], 10, "samples")
            assert found[0]["value"][1] == str(ROWS)
    target.server.shutdown()
    target.server.server_close()


def _scrape_result(at: str) -> dict | None:
    targets = json.loads(get(f"http://{at}/api/v1/targets"))["data"]["activeTargets"]
    return next((target for target in targets if target["health"] != "unknown"), None)


def test_prometheus_takes_the_page(hostile: Page, tmp_path: Path):
    for target in scraped(hostile, tmp_path):
        assert (target["health"], target["lastError"]) == ("up", "")


def test_prometheus_would_refuse_a_lone_surrogate(tmp_path: Path):
    page = Page("text/plain; version=0.0.4", None, (compress([SURROGATE]),))
    for target in scraped(page, tmp_path):
        assert target["health"] == "down"
