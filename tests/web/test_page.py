"""The status page: what it says, in which language, and that nothing in it can act."""

from html import unescape
from html.parser import HTMLParser

import msgspec
import pytest

from agent.i18n.catalogue import translations
from agent.states import NumberState, PollFailure, Severity
from agent.tickets.ticket import Text
from agent.web.labels import LABELS
from agent.web.language import choose_locale
from agent.web.pages.overview import MOST_NUMBERS, MOST_TICKETS
from tests.web.facts import DOWN, HEALTHY, NOW, STALE_AFTER, WEAK, number, phones, snapshot
from tests.web.ledger import ticket, write

CHINESE = "zh-CN,zh;q=0.9,en;q=0.8"
PAYLOADS = (
    "<script>document.title='hacked'</script>",
    '"><img src=x onerror="document.title=1">',
    "'-alert(1)-'",
    "javascript:alert(1)",
    "</title><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202etxt.exe",
)


class Structure(HTMLParser):
    """The tags of a page and what could act in it."""

    VOID = frozenset({"meta", "link", "br", "img", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.acting: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.acting.append(f"{tag} {name}={value}")
            if name in ("href", "src") and not (value or "").startswith(("/", "#")):
                self.acting.append(f"{tag} {name}={value}")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


async def read(client, path: str = "/", **headers: str) -> tuple[str, Structure]:
    answer = await client.get(path, headers=headers)
    assert answer.status == 200
    text = await answer.text()
    structure = Structure()
    structure.feed(text)
    assert structure.open == []
    return text, structure


async def test_the_page_says_what_is_wrong(client, database):
    await write(database, ticket(), ticket("t-2", Severity.WARNING))
    text, _ = await read(client)
    assert "1 of 3 numbers are down" in text
    for expected in (DOWN, WEAK, "suspended: arrears", "phone: b1 in arrears", "9.80 CNY", "low"):
        assert expected in text
    for expected in (
        "4006220002 is suspended for arrears",
        "finance",
        "66 min",
        "/tickets/t-1",
    ):
        assert expected in text
    assert f">{HEALTHY}<" not in text
    assert 'href="/metrics"' in text


async def test_a_failing_account_says_why_and_how_old_its_facts_are(client, facts):
    facts.show(
        snapshot(
            failure=PollFailure.TIMEOUT, detail="nothing within 10 s", seen=NOW - STALE_AFTER - 300
        )
    )
    text, _ = await read(client)
    assert "The state of 3 of 3 numbers is not known" in text
    assert "numbers: timeout <code>nothing within 10 s</code>" in text
    assert "stale" in text
    assert "8 min ago" in text


async def test_a_quiet_fleet_is_told_as_one(client, facts):
    facts.show(snapshot([number(HEALTHY)], {HEALTHY: phones()[HEALTHY]}))
    text, _ = await read(client)
    for expected in (
        "Every number can be reached (1)",
        "No open tickets.",
        "No number is in trouble.",
    ):
        assert expected in text


async def test_an_agent_that_is_not_ready_says_so(client, facts):
    facts.not_ready = "no poll has ended yet"
    text, _ = await read(client)
    assert "Not ready: no poll has ended yet" in text


@pytest.mark.parametrize(
    ("query", "accept", "locale", "expected"),
    [
        ("", "", "en", "en"),
        ("", "", "zh-CN", "zh-CN"),
        ("", CHINESE, "en", "zh-CN"),
        ("", "en;q=0.5, zh-TW;q=0.7", "en", "zh-CN"),
        ("", "fr, de;q=0.5", "zh-CN", "zh-CN"),
        ("", "zh;q=0, en", "zh-CN", "en"),
        ("", "zh;q=junk", "en", "en"),
        ("en", CHINESE, "zh-CN", "en"),
        ("zh-CN", "en", "en", "zh-CN"),
    ],
)
def test_the_language(query, accept, locale, expected):
    assert choose_locale(query, accept, locale) == expected


async def test_the_page_in_chinese(client, database):
    await write(database, ticket())
    text, _ = await read(client, **{"Accept-Language": CHINESE})
    assert '<html lang="zh-CN">' in text
    for expected in ("3 个号码中有 1 个中断", "欠费停机", "财务", "号码欠费停机", "未结工单"):
        assert expected in text
    english, _ = await read(client, "/?lang=en", **{"Accept-Language": CHINESE})
    assert '<html lang="en">' in english


def test_every_label_has_both_languages_and_the_same_placeholders():
    for code, message in LABELS.items():
        translated = translations("zh-CN").pgettext(message.context, message.msgid)
        if not message.context:
            translated = translations("zh-CN").gettext(message.msgid)
        assert translated, code
        placeholders = [
            {part.split("}")[0] for part in text.split("{")[1:]}
            for text in (message.msgid, translated)
        ]
        assert placeholders[0] == placeholders[1], code


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_hostile_text_is_only_text(client, facts, database, payload):
    hostile = number(payload, NumberState.FROZEN, company=payload, reason=payload)
    facts.show(snapshot([hostile], {}, failure=PollFailure.DECODE, detail=payload))
    await write(database, ticket(text=Text(payload, payload)))
    _, clean = await read(client)
    assert clean.acting == []
    assert clean.tags.count("script") == 1
    assert "img" not in clean.tags
    assert sum(payload in words for words in clean.words) >= 3


async def test_ten_thousand_numbers_in_trouble_make_a_short_page(client, facts):
    many = [number(f"40080{row:05}", NumberState.FROZEN) for row in range(10_000)]
    facts.show(snapshot(many, {}))
    text, structure = await read(client)
    assert len(text) < 200_000
    assert f"{10_000 - MOST_NUMBERS:,} more are not shown here" in text
    assert structure.tags.count("tr") < MOST_NUMBERS + 20


async def test_many_tickets_make_a_short_page(client, database):
    await write(database, *(ticket(f"t-{row}") for row in range(MOST_TICKETS + 5)))
    text, _ = await read(client)
    assert "5 more are not shown here" in text


async def test_the_page_needs_no_script(client):
    _, structure = await read(client)
    assert structure.tags.count("script") == 1
    assert structure.tags.count("table") >= 2


async def test_style_and_script_are_served_from_here(client):
    text, _ = await read(client)
    for name, kind in (("numwatch.css", "text/css"), ("numwatch.js", "text/javascript")):
        assert f"/static/{name}?" in text
        answer = await client.get(f"/static/{name}")
        assert (answer.status, answer.content_type) == (200, kind)
    assert (await client.get("/static/..%2fapp.py")).status == 404


async def test_no_block_of_the_style_sheet_swallows_the_next(client):
    text = await (await client.get("/static/numwatch.css")).text()
    assert text.count("{") == text.count("}")


async def test_an_unknown_parameter_is_told(client):
    answer = await client.get("/?language=fr")
    assert answer.status == 400
    assert "only lang" in await answer.text()


async def test_home_leads_to_pages_and_to_every_broken_number(client, facts, database):
    hurt = msgspec.structs.replace(ticket().subject, number=HEALTHY)
    facts.tickets = (ticket("NW-00000000000A-1", subject=hurt),)
    await write(database, *facts.tickets)
    text = unescape((await read(client))[0])
    assert "2 of 3 numbers are down" in text
    for path in (
        f"/numbers/{HEALTHY}?provider=north&account=hq",
        "/numbers?health=down",
        "/tickets/NW-00000000000A-1",
        "/tickets",
        "/accounts",
        "/accounts/north/hq",
    ):
        assert f'href="{path}"' in text
        assert (await client.get(path)).status == 200
    assert 'href="/api/numbers' not in text


async def test_home_says_what_the_agent_cannot_see(client, facts):
    facts.show(snapshot([number(HEALTHY)], {}), snapshot(account="branch", seen=NOW - 9000))
    text = unescape((await read(client))[0])
    assert "of 1 number nothing tells whether calls get through" in text
    assert "its listing is too old, so the state of 3 numbers is not known" in text
    assert 'href="/numbers?health=unknown&provider=north&account=branch"' in text
