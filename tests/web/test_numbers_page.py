"""The list of numbers: what it finds, in which order, and that nothing masked can be found."""

import re
from html import unescape

import msgspec
import pytest
from aiohttp.test_utils import TestClient

from agent.model import Marking
from agent.states import BindingState, Grade, MarkingTag, NumberState, Severity
from agent.web.app import make_app
from tests.web.facts import DOWN, HEALTHY, PHONE, WEAK, number, phone, phones, snapshot
from tests.web.ledger import ticket

SILENT, FAR = "4006220004", "4009550001"


@pytest.fixture
def fleet(facts):
    """One number in each health at one account, and a stale account with another."""
    marked = Marking(MarkingTag.FRAUD, 7, 0.0)
    facts.show(
        snapshot(
            [
                number(HEALTHY, company="Alpha"),
                number(DOWN, NumberState.SUSPENDED_ARREARS, company="beta", grade=Grade.AAA),
                number(WEAK, company="Gamma", marking=marked),
                number(SILENT, company=f"delta, ask {PHONE}"),
            ],
            {**phones(), SILENT: (phone("b1", BindingState.UNKNOWN),)},
        ),
        snapshot([number(FAR, company="Alpha")], {}, account="branch", seen=facts.now - 9000),
    )
    return facts


async def listed(client: TestClient, query: str = "", status: int = 200) -> list[str]:
    """The numbers of the page, in order."""
    answer = await client.get(f"/numbers?{query}")
    text = await answer.text()
    assert answer.status == status, text
    return re.findall(r'<a class="number"[^>]*>(\d+)<', text)


async def test_the_worst_come_first_and_what_is_not_known_before_what_is_weak(client, fleet):
    assert await listed(client) == [DOWN, SILENT, FAR, WEAK, HEALTHY]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("health=down", [DOWN]),
        ("health=trouble", [DOWN, SILENT, FAR, WEAK]),
        ("health=ok", [HEALTHY]),
        ("state=suspended_arrears", [DOWN]),
        ("account=branch", [FAR]),
        ("provider=south", []),
        ("carrier=telecom", [FAR]),
        ("grade=AAA", [DOWN]),
        ("marked=yes", [WEAK]),
        ("marked=no", []),
        ("stale=yes", [FAR]),
        ("ticket=yes", [HEALTHY]),
        ("q=alpha", [FAR, HEALTHY]),
        ("q=622-0003", [WEAK]),
        ("q=telecom", [FAR]),
        ("q=%EF%BC%94", []),
        ("sort=number", [HEALTHY, DOWN, WEAK, SILENT, FAR]),
        ("sort=company", [HEALTHY, FAR, DOWN, SILENT, WEAK]),
        ("sort=seen", [FAR, HEALTHY, DOWN, WEAK, SILENT]),
        ("sort=number&limit=2&offset=2", [WEAK, SILENT]),
        ("sort=number&limit=2&offset=100", []),
    ],
)
async def test_filters_orders_and_pages(client, fleet, query, found):
    warned = ticket("NW-1", Severity.INFO)
    subject = msgspec.structs.replace(warned.subject, number=HEALTHY)
    fleet.tickets = (msgspec.structs.replace(warned, subject=subject),)
    assert await listed(client, query) == found
    answer = await client.get(f"/api/numbers?{query}")
    document = await answer.json()
    names = [item["number"] for item in document["items"]]
    assert (names if "sort" in query else sorted(names)) == (
        found if "sort" in query else sorted(found)
    )


async def test_what_is_chosen_stays_over_pages_links_and_the_form(client, fleet):
    text = unescape(await (await client.get("/numbers?q=4&limit=2&sort=number&lang=zh-CN")).text())
    assert 'href="/numbers?limit=2&q=4&sort=number&offset=2&lang=zh-CN"' in text
    assert 'href="/numbers?limit=2&q=4&sort=number&health=down&lang=zh-CN"' in text
    assert '<input type="hidden" name="lang" value="zh-CN">' in text
    assert 'name="q" maxlength="60" value="4"' in text


async def test_a_filter_that_is_none_is_refused(client, fleet):
    for query in ("health=fine", "sort=oldest", "limit=0", "color=red"):
        assert await listed(client, query, 400) == []


async def test_a_ticket_makes_the_number_worst_and_is_linked(client, fleet):
    hurt = msgspec.structs.replace(ticket("NW-00000000000A-1").subject, number=HEALTHY)
    fleet.tickets = (ticket("NW-00000000000A-1", subject=hurt),)
    text = await (await client.get("/numbers?health=down")).text()
    assert await listed(client, "health=down") == [HEALTHY, DOWN]
    assert 'href="/tickets/NW-00000000000A-1"' in text


@pytest.fixture
async def viewer(services, aiohttp_client) -> TestClient:
    """Reads without the agent's token."""
    return await aiohttp_client(make_app(services))


@pytest.mark.parametrize("part", [PHONE, PHONE[:5], PHONE[3:7], "ask 138"])
async def test_a_viewer_finds_nothing_by_the_digits_that_are_masked(client, viewer, fleet, part):
    assert await listed(client, f"q={part}") == [SILENT]
    shown = await (await viewer.get("/numbers?q=ask")).text()
    assert PHONE not in shown
    hidden = part != "ask 138"
    assert await listed(viewer, f"q={part}") == ([] if hidden else [SILENT])
