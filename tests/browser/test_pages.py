"""Every page in a real browser: quiet, accessible, nothing too wide, usable without JavaScript."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from agent.web.pages.navigation import NAVIGATION
from tests.browser.visits import WIDTHS, Visits
from tests.integration.processes import get
from tests.proof_size import is_full

pytestmark = pytest.mark.integration

LANGUAGES = ("en", "zh-CN")
DOWN, DRIFTED, SILENT = "4006220002", "4006220001", "4006220004"

Open = Callable[..., Visits]


def pages(agent: str) -> list[str]:
    """The paths of all pages that this agent has: those of the navigation, and one of each kind."""
    paths = set(json.loads(get(f"{agent}/api/openapi.json"))["paths"])
    known = [path for path, _ in NAVIGATION if path in paths]
    tickets = json.loads(get(f"{agent}/api/tickets?open=true&limit=3"))["items"]
    details = [
        ("/numbers/{number}", [DOWN, DRIFTED, SILENT]),
        ("/tickets/{id}", [ticket["id"] for ticket in tickets]),
    ]
    known += [
        template.partition("{")[0] + quote(value, safe="")
        for template, values in details
        if template in paths
        for value in values
    ]
    more = {
        "/accounts/{provider}/{account}": ["/accounts/north/hq", "/accounts/south/shop"],
        "/numbers/{number}/diagnosis": [
            f"/numbers/{number}/diagnosis" for number in (DOWN, DRIFTED, SILENT)
        ],
        "/runbooks/{alert}": ["/runbooks/NumberNotActive"],
    }
    return known + [path for template, of in more.items() if template in paths for path in of]


def language(path: str, lang: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}lang={lang}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_quiet_accessible_and_fits(
    agent: str, login: dict[str, str], visits: Open, lang: str
) -> None:
    # Some pages need a login; with one, a page has all that it can have.
    window = visits(agent, color_scheme="light", http_credentials=login)
    wrong: dict[str, list[str]] = {}
    # Half of the pages in each language, but for the full size.
    every, first = (1, 0) if is_full() else (2, LANGUAGES.index(lang))
    for path in pages(agent)[first::every]:
        window.load(language(path, lang))
        found = window.violations()
        # Light and dark differ in nothing but their colours.
        window.page.emulate_media(color_scheme="dark")
        found += window.violations("color-contrast")
        window.page.emulate_media(color_scheme="light")
        wrong[path] = [*found, *window.overflows(), *window.covered_labels()]
    assert {path: found for path, found in wrong.items() if found} == {}
    assert window.problems == []


def test_every_page_says_the_same_without_javascript(
    agent: str, login: dict[str, str], visits: Open
) -> None:
    window = visits(agent, java_script_enabled=False, http_credentials=login)
    for path in pages(agent):
        page = window.load(path)
        assert page.locator("main h1, main h2").first.is_visible(), path
    assert window.problems == []


BROKEN_PAGE = b"""<!doctype html><html><title>x</title><main><img src="http://127.0.0.2:9/x.png">
<style>td{position:relative;padding:5px}td::before{content:"at";position:absolute;left:0}</style>
<table><tr><td data-label="at">noon</td></tr></table>
<p style="width:3000px;color:#ddd;background:#fff">pale</p><script>nothere()</script></main>"""


@pytest.fixture
def broken_site() -> Iterator[str]:
    class Broken(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(BROKEN_PAGE)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Broken)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_page_with_all_of_these_faults_would_be_noticed(broken_site: str, visits: Open) -> None:
    window = visits(broken_site)
    window.load("/")
    noted = " ".join(window.problems)
    assert "nothere" in noted
    assert "request to http://127.0.0.2:9/x.png" in noted
    assert {line.partition(":")[0] for line in window.violations()} >= {
        "color-contrast",
        "html-has-lang",
        "image-alt",
    }
    assert {line.partition(":")[0] for line in window.violations("image-alt")} == {"image-alt"}
    assert len(window.overflows()) == len(WIDTHS)
    assert window.covered_labels() == ["at | noon"]
