"""A window of a browser that notes everything that must not happen on a page."""

from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request

WIDTHS = (390, 768, 1280, 1920)
HEIGHT = 900
LOAD_MILLISECONDS = 20_000
_SPREADS = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
_BEYOND = """() => [...document.querySelectorAll('main *, header *, footer *')]
  .filter(it => it.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .slice(0, 5).map(it => it.tagName + '.' + it.className + ' ' + it.textContent.slice(0, 40))"""

_COVERED = """() => [...document.querySelectorAll('td[data-label]')].filter(cell => {
    const label = getComputedStyle(cell, '::before');
    const end = parseFloat(label.left) + parseFloat(label.width);
    return label.position === 'absolute' && end > parseFloat(getComputedStyle(cell).paddingLeft);
  }).slice(0, 5).map(it => it.dataset.label + ' | ' + it.textContent.trim().slice(0, 40))"""

_CHECK = "options => axe.run(options).then(it => it.violations)"


class Visits:
    """One window: loads pages of one agent and collects what went wrong meanwhile.

    Args:
        browser: A running browser.
        base: The agent's address.
        options: Those of Playwright's ``new_context``, such as ``color_scheme``.
    """

    def __init__(self, browser: Browser, base: str, **options: Any) -> None:
        self._context = browser.new_context(
            viewport={"width": WIDTHS[2], "height": HEIGHT}, **options
        )
        self._context.set_default_timeout(LOAD_MILLISECONDS)
        self._base = base
        self._host = urlsplit(base).netloc
        self.problems: list[str] = []
        """Errors of scripts and on the console, and requests to other hosts."""
        self.page: Page = self._context.new_page()
        self.page.on("console", self._note_message)
        self.page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        self.page.on("request", self._note_request)

    def load(self, path: str) -> Page:
        """The page at ``path`` once it is there; that it is not is a problem as well."""
        answer = self.page.goto(f"{self._base}{path}", wait_until="load")
        if answer is None or not answer.ok:
            self.problems.append(f"{path}: {answer and answer.status}")
        return self.page

    def violations(self, *rules: str) -> list[str]:
        """What axe-core has against the page that is shown, a line each.

        By all its rules, or by ``rules`` only.
        """
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if rules:
            options["runOnly"] = {"type": "rule", "values": list(rules)}
        # A page that stays keeps the checker, and what passes need not be told.
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        found = self.page.evaluate(_CHECK, options)
        return [
            f"{it['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for it in found
            for node in it["nodes"]
        ]

    def overflows(self) -> list[str]:
        """The widths at which the page that is shown is wider than the window, and by what."""
        wide = []
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})
            if (by := self.page.evaluate(_SPREADS)) > 0:
                wide.append(f"{width} px: by {by} px: {self.page.evaluate(_BEYOND)}")
        return wide

    def covered_labels(self) -> list[str]:
        """The labels of cells, on a phone, that the cell's own text is written over."""
        self.page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
        covered: list[str] = self.page.evaluate(_COVERED)
        return covered

    def close(self) -> None:
        """Close the window."""
        self._context.close()

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(f"console: {message.text}")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob", "about") and address.netloc != self._host:
            self.problems.append(f"request to {request.url}")
