"""The demo's story, run once as fast as it can be told with a real Prometheus scraping it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.forks import running_numwatch
from tests.integration.processes import ROOT, free_port, get, needs, running, wait_until

STORY_TICKETS = 6
STORY_SECONDS = 240
"""The story at ``--speed 50`` must end, all tickets closed, within this time."""


@dataclass(frozen=True)
class Story:
    """A demo under way and the Prometheus that scrapes it."""

    agent: str
    prometheus: str
    log: Path

    def desk(self) -> list[dict[str, Any]]:
        """The tickets at the desk now."""
        return list(json.loads(get(f"{self.agent}/desk/tickets")))

    def closed_tickets(self) -> list[dict[str, Any]] | None:
        """The desk's tickets once there are some and all are closed."""
        tickets = self.desk()
        ended = len(tickets) >= STORY_TICKETS and all(t["stage"] == "closed" for t in tickets)
        return tickets if ended else None


def prometheus_config(folder: Path, target: str) -> Path:
    """The shipped ``deploy/prometheus.yml`` with a free port and a quick scrape."""
    text = (ROOT / "deploy/prometheus.yml").read_text()
    text = text.replace("127.0.0.1:10400", target).replace(": 5s", ": 1s")
    text = text.replace("../alert_rules", str(ROOT / "alert_rules"))
    path = folder / "prometheus.yml"
    path.write_text(text)
    return path


@pytest.fixture(scope="package")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The demo's story from its beginning; ends when the tests of this folder do."""
    prometheus = needs("prometheus")
    folder = tmp_path_factory.mktemp("story")
    agent_at, prometheus_at = (f"127.0.0.1:{free_port()}" for _ in range(2))
    scraper = [
        prometheus,
        f"--config.file={prometheus_config(folder, agent_at)}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address={prometheus_at}",
    ]
    options = ("--listen", agent_at, "--speed", "50", "--data", str(folder / "data"))
    story = Story(f"http://{agent_at}", f"http://{prometheus_at}", folder / "demo.log")
    with running(scraper, folder / "prometheus.log"):
        # The story does not wait for who watches it: on a busy machine it could be over.
        wait_until(lambda: get(f"{story.prometheus}/-/ready"), 120, "Prometheus is ready")
        with running_numwatch("demo", *options, log=story.log):
            wait_until(lambda: get(f"{story.agent}/-/ready"), 120, "the demo is ready")
            yield story
