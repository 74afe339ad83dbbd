"""The pictures of the documents, taken from the demo: ``make screenshots``.

The demo runs the story's world as it is when everything is broken and nothing is mended yet, so
that there is time to look at it. The pictures go to ``docs/images``.
"""

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from playwright.sync_api import Browser, sync_playwright

from agent.demo.world import STORY
from tests.integration.processes import ROOT, free_port, get, needs, numwatch, running, wait_until

FOLDER: Final = ROOT / "docs" / "images"
LANGUAGES: Final = {"en": "", "zh-CN": "-zh"}
"""Each language, and how its pictures' names end."""
PAGES: Final = {
    "home": "/",
    "numbers": "/numbers",
    "number": "/numbers/4006220001",
    "ticket": "/tickets/{id}",
    "tickets": "/tickets",
    "accounts": "/accounts",
}
MOST_BYTES: Final = 150_000
SIZE: Final = {"width": 1080, "height": 700}
TICKETS: Final = 6
"""The tickets of the story, of which this world mends nothing."""
TICKET: Final = "binding_down"
"""The symptom of the ticket that has a picture of its own."""
_BROKEN_SECONDS: Final = 55.0
"""World seconds at which everything of the story is broken."""
_SPEED: Final = "5"
_LONGEST_SECONDS: Final = 300.0
_TIMEZONE: Final = "Asia/Shanghai"


def picture_name(page: str, language: str) -> str:
    """The file of the picture of ``page`` in ``language``."""
    return f"{page}{LANGUAGES[language]}.png"


def broken_world() -> dict[str, Any]:
    """The story's world, without what mends it."""
    world: dict[str, Any] = yaml.safe_load(STORY.read_text("utf-8"))
    world["timeline"] = [it for it in world["timeline"] if _seconds(it["at"]) <= _BROKEN_SECONDS]
    for entry in world["timeline"]:
        entry.get("fault", {}).pop("for", None)
    return world


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def take(agent: str, folder: Path) -> None:
    """Write a picture of every page in every language."""
    paths = _paths(wait_until(lambda: _all_tickets(agent), _LONGEST_SECONDS, "every ticket"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=needs("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for language in LANGUAGES:
            _take_in(browser, agent, paths, language, folder)
        browser.close()


def _take_in(
    browser: Browser, agent: str, paths: Mapping[str, str], language: str, folder: Path
) -> None:
    window = browser.new_context(
        viewport=SIZE, color_scheme="light", locale=language, timezone_id=_TIMEZONE
    )
    page = window.new_page()
    for name, path in paths.items():
        page.goto(f"{agent}{path}?lang={language}", wait_until="load")
        page.locator(".live:visible").wait_for()
        file = folder / picture_name(name, language)
        page.screenshot(path=file, animations="disabled")
        if file.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{file}: {file.stat().st_size} bytes, at most {MOST_BYTES}")
    window.close()


def _all_tickets(agent: str) -> list[dict[str, Any]] | None:
    """The open tickets once the whole story is broken."""
    tickets = list(json.loads(get(f"{agent}/api/tickets?open=true&limit=100"))["items"])
    return tickets if len(tickets) >= TICKETS else None


def _paths(tickets: list[dict[str, Any]]) -> dict[str, str]:
    shown = next(it["id"] for it in tickets if it["symptom"] == TICKET)
    return {name: path.format(id=shown) for name, path in PAGES.items()}


def main() -> int:
    """Run the demo and take the pictures; returns 0."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="numwatch-screenshots-") as name:
        folder, at = Path(name), f"127.0.0.1:{free_port()}"
        world = folder / "broken.yaml"
        world.write_text(yaml.safe_dump(broken_world(), allow_unicode=True), "utf-8")
        command = numwatch("demo", "--listen", at, "--world", str(world), "--speed", _SPEED)
        with running([*command, "--data", str(folder / "data")], folder / "demo.log"):
            take(f"http://{at}", FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
