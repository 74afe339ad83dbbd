"""Every page, walked by its links as a Chinese reader of an English agent: no English is left."""

import base64
import re
import urllib.request
from collections import Counter
from urllib.parse import urljoin, urlsplit

from tests.chinese_prose import english_in, read_page

EACH = 3
"""Pages of one kind that are read."""
_KIND = re.compile(r"\d{6,}|NW-[\w-]+|(?<=/runbooks/)\w+|[0-9a-f]{12,}")
_NO_PAGE = ("/api", "/static", "/metrics", "/-/")
NAMES = frozenset(
    {
        *("north", "hq", "branch", "south", "shop", "desk", "generic"),
        "Averyveryverylongcompanynamewithoutanyspaceinwhichnothingcanwrap Limited",
        "<script>alert(1)</script>",
        "<secret>",
    }
)
"""Names of this world's accounts, sinks and companies."""
PROVIDERS_WORDS = frozenset(
    {"ok", "off", "active", "unknown", "busy", "normal", "expired", "frozen"}
)
"""The provider's own words, shown as its words."""
KINDS = 12
"""Kinds of pages that the walk must find at least, else it proves nothing."""


def test_no_english_prose_is_left_on_any_page(agent, login):
    user = f"{login['username']}:{login['password']}"
    headers = {"Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
    todo, seen, kinds = ["/?lang=zh-CN"], set(), Counter()
    left: dict[str, list[str]] = {}
    while todo:
        path = todo.pop(0)
        kind = _KIND.sub("*", urlsplit(path).path)
        if path in seen or kinds[kind] >= EACH:
            continue
        seen.add(path)
        kinds[kind] += 1
        request = urllib.request.Request(f"{agent}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            if answer.headers.get_content_type() != "text/html":
                continue
            texts, links = read_page(answer.read().decode())
        for text in texts:
            names = NAMES | {login["username"]} | (PROVIDERS_WORDS if "原文" in text else set())
            words = english_in(text, names)
            if words and not _is_word_of_provider(text):
                left.setdefault(kind, []).append(text)
        found = (urljoin(path, link).partition("#")[0] for link in links)
        todo += [
            it
            for it in found
            if it.startswith("/") and not it.startswith(_NO_PAGE) and "lang=en" not in it
        ]
    assert left == {}
    assert len(kinds) >= KINDS, sorted(kinds)


def _is_word_of_provider(text: str) -> bool:
    return text in PROVIDERS_WORDS


def test_english_prose_and_codes_are_found():
    texts, _ = read_page("<p title='Look here'>号码 4006220001 <b>is down</b></p><code>x y</code>")
    assert [english_in(text) for text in texts] == [["Look", "here"], [], ["is", "down"]]
    assert english_in("状态为 frozen，见 NW-12AB-1 与 numwatch_number_up") == ["frozen"]
