"""The runbook pages: both languages, links that lead somewhere, and nothing that can act."""

import re

import pytest

from agent.rules.runbooks import PUBLISHED, runbook_names
from agent.web.pages.markdown import to_html
from agent.web.pages.navigation import Links
from tests.web.test_page import Structure

HREF = re.compile(r'href="([^"]*)"')


async def get(client, path: str, status: int = 200) -> str:
    answer = await client.get(path)
    assert answer.status == status
    return await answer.text()


async def test_the_list_has_every_runbook_in_both_languages(client):
    for lang, word in (("en", "<h1>Runbooks</h1>"), ("zh-CN", "<h1>处置手册</h1>")):
        page = await get(client, f"/runbooks?lang={lang}")
        for name in runbook_names():
            assert f'href="/runbooks/{name}?lang={lang}"' in page
        assert word in page


@pytest.mark.parametrize(
    ("lang", "headings"),
    [
        ("en", ["Meaning", "Impact", "Diagnosis", "Whom to call", "Repair"]),
        ("zh-CN", ["含义", "影响", "排查", "联系谁", "处理"]),
    ],
)
async def test_a_runbook_is_read_in_the_readers_language(client, lang, headings):
    page = await get(client, f"/runbooks/LedgerUnwritable?lang={lang}")
    assert re.findall(r"<h2>(.*?)</h2>", page) == headings
    assert "<code>fuser -v ledger.db</code>" in page
    assert page.count("<h1>") == 1


async def test_every_link_of_every_runbook_resolves(client):
    for lang in ("en", "zh-CN"):
        for name in runbook_names():
            page = await get(client, f"/runbooks/{name}?lang={lang}")
            body = page.partition("<main")[2].partition("</main>")[0]
            for address in HREF.findall(body):
                if not address.startswith(PUBLISHED):
                    await get(client, address.replace("&amp;", "&"))


async def test_a_link_to_another_document_leads_to_the_published_one(client):
    for lang in ("en", "zh-CN"):
        page = await get(client, f"/runbooks/LedgerUnwritable?lang={lang}")
        assert f'href="{PUBLISHED}backup.md"' in page


@pytest.mark.parametrize("name", ["Nothing", "..%2Findex", "zh", "%00"])
async def test_an_alert_without_a_runbook_is_not_found(client, name):
    text = await get(client, f"/runbooks/{name}", 404)
    assert "/runbooks" in text


HOSTILE = """# T

<script>alert(1)</script> <b onclick="x()">b</b> [a](javascript:alert(1)) [b](data:text/html,x)
![i](http://evil.example/i.png) [c](//evil.example) [d](../../../etc/passwd)
"""


def test_markdown_that_is_hostile_stays_text():
    html = to_html(HOSTILE, "runbooks", Links(""))
    structure = Structure()
    structure.feed(str(html))
    assert structure.acting == []
    assert {"script", "b", "img"} & set(structure.tags) == set()
    assert "&lt;script&gt;" in html


def test_links_between_runbooks_keep_the_language():
    html = to_html("[x](BalanceLow.md) [y](../backup.md)", "runbooks", Links("zh-CN"))
    assert 'href="/runbooks/BalanceLow?lang=zh-CN"' in html
    assert f'href="{PUBLISHED}backup.md"' in html
