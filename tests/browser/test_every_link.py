"""From the home page on, every link of every page of the agent is answered, in both languages."""

import base64
import html
import re
import urllib.error
import urllib.request
from collections import deque
from urllib.parse import urldefrag, urljoin

import pytest

pytestmark = pytest.mark.integration

LINK = re.compile(r'<(?:a|link|script|img)\b[^>]*?(?:href|src)="([^"]+)"')
MOST_PAGES = 60
ENDLESS = re.compile(r"/(?:events|metrics)\b")


def ask(address: str, login: dict[str, str]) -> tuple[int, str]:
    """The status of an address, and its text where it is a page."""
    proof = base64.b64encode(f"{login['username']}:{login['password']}".encode()).decode()
    request = urllib.request.Request(address, headers={"Authorization": f"Basic {proof}"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            is_page = answer.headers.get_content_type() == "text/html"
            return answer.status, answer.read().decode() if is_page else ""
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, ""


def unanswered(base: str, first: str, login: dict[str, str]) -> tuple[dict[str, str], int]:
    """The links that are not answered, with the page that has each; and how many were asked."""
    waiting, known, wrong = deque([(base + first, "")]), {base + first}, {}
    asked = 0
    while waiting and asked < MOST_PAGES:
        address, page = waiting.popleft()
        status, text = ask(address, login)
        asked += 1
        if status != 200:
            wrong[address.removeprefix(base)] = f"{status}, on {page.removeprefix(base)}"
        for link in LINK.findall(text):
            to = urldefrag(urljoin(address, html.unescape(link))).url
            if to.startswith(f"{base}/") and to not in known and not ENDLESS.search(to):
                known.add(to)
                waiting.append((to, address))
    return wrong, asked


def test_every_link_is_answered(agent: str, login: dict[str, str]) -> None:
    """Each page links to itself in the other language, so that both are walked."""
    wrong, asked = unanswered(agent, "/?lang=en", login)
    assert wrong == {}
    assert asked > 40


def test_a_link_that_leads_nowhere_is_noticed(agent: str, login: dict[str, str]) -> None:
    """The control: an address that no page has."""
    wrong, _ = unanswered(agent, "/numbers/4000000000?provider=nobody", login)
    assert "/numbers/4000000000?provider=nobody" in wrong
