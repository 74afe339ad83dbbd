"""A running agent whose world is in trouble, and a browser that looks at it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visits import Visits
from tests.forks import running_numwatch
from tests.integration.processes import free_port, get, needs, wait_until

WORLD = Path(__file__).with_name("trouble.yaml")
SPEED = "20"
READY_SECONDS = 60.0
OPEN_TICKETS = 4
"""Tickets of this world that are open before the first test begins."""


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the agent has its files."""
    return tmp_path_factory.mktemp("browser")


@pytest.fixture(scope="package")
def login(agent: str, folder: Path) -> dict[str, str]:
    """The login of an administrator, as Playwright's ``http_credentials``."""
    token = (folder / "data" / "ledger" / "access.token").read_text(encoding="utf-8").strip()
    return {"username": "ops", "password": token, "origin": agent, "send": "always"}


@pytest.fixture(scope="package")
def agent(folder: Path) -> Iterator[str]:
    """The address of an agent over real HTTP, with numbers in every health and open tickets."""
    at = f"127.0.0.1:{free_port()}"
    world = ("--world", str(WORLD), "--speed", SPEED)
    data = ("--data", str(folder / "data"))
    with running_numwatch("demo", "--listen", at, *world, *data, log=folder / "demo.log"):
        wait_until(lambda: get(f"http://{at}/-/ready"), READY_SECONDS, "the agent is ready")
        wait_until(
            lambda: open_tickets(f"http://{at}") >= OPEN_TICKETS, READY_SECONDS, "tickets are open"
        )
        yield f"http://{at}"


def open_tickets(agent: str) -> int:
    """How many tickets are open."""
    return int(json.loads(get(f"{agent}/api/tickets?open=true"))["total"])


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module."""
    chromium = needs("chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield launched
        launched.close()


@pytest.fixture
def visits(browser: Browser) -> Iterator[Callable[..., Visits]]:
    """Opens a window of its own for each call: ``visits(agent, color_scheme="dark", …)``."""
    opened: list[Visits] = []

    def open_window(base: str, **options: object) -> Visits:
        opened.append(Visits(browser, base, **options))
        return opened[-1]

    yield open_window
    for window in opened:
        window.close()
