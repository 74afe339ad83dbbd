"""The list of tickets over HTTP: filters, order, pages, the board, views and clocks."""

import re
from importlib.resources import files

import pytest

from agent.states import Grade, Severity, Stage
from agent.tickets.policy import DEFAULTS
from agent.tickets.sla import clocks
from agent.tickets.sla.clocks import PauseReason
from tests.web.conftest import OWN_TOKEN
from tests.web.facts import NOW, PHONE
from tests.web.ledger import ticket, write
from tests.web.test_actions import Forms, basic
from tests.web.test_page import read

_LINK = re.compile(r'href="/tickets/(t-[^"?]+)')


def begun(ago: float) -> clocks.Events:
    return clocks.start(Grade.AAA, DEFAULTS[Grade.AAA], NOW - ago)


async def listed(client, query: str = "", **headers: str) -> list[str]:
    text, _ = await read(client, f"/tickets?{query}", **headers)
    return _LINK.findall(text)


async def test_what_is_due_first_comes_first_and_clocks_have_their_deadline(client, database):
    await write(
        database,
        ticket("t-later", clocks=begun(60)),
        ticket("t-late", clocks=begun(3900)),
        ticket("t-none"),
        ticket("t-closed", stage=Stage.CLOSED, closed_at=NOW - 60),
    )
    assert await listed(client) == ["t-late", "t-later", "t-none"]
    assert await listed(client, "state=closed") == ["t-closed"]
    assert await listed(client, "closed=7") == ["t-closed"]
    assert await listed(client, "overdue=1") == ["t-late"]
    text, _ = await read(client, "/tickets?lang=en")
    assert f'data-now="{NOW}"' in text
    contact = NOW - 3900 + (DEFAULTS[Grade.AAA].contact or 0)
    assert f'data-deadline="{contact}"' in text
    assert "50 min 0 s late" in text
    chinese, _ = await read(client, "/tickets?lang=zh-CN")
    assert 'data-units="{n} 天|{n} 小时|{n} 分钟|{n} 秒"' in chinese


async def test_a_paused_clock_has_no_deadline_to_count_down_to(client, database):
    paused = clocks.pause(begun(60), PauseReason.CUSTOMER_CAUSED, NOW - 50)
    await write(database, ticket(clocks=paused))
    text, _ = await read(client, "/tickets?lang=en")
    assert "paused: customer caused" in text
    assert "data-deadline" not in text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stage=accepted&severity=&grade=&text=", ["t-2"]),
        ("severity=warning&party=", ["t-2"]),
        ("cause=number_suspended_arrears&number=4006220002", ["t-1"]),
        ("text=示例", ["t-2"]),
        ("assignee=Li+Wei", ["t-2"]),
        ("assigned=nobody", ["t-1"]),
        ("company=%25", []),
        ("grade=AA", []),
    ],
)
async def test_filters(client, database, query, expected):
    second = ticket(
        "t-2",
        Severity.WARNING,
        stage=Stage.ACCEPTED,
        company="示例公司",
        assignee="Li Wei",
        diagnosis=None,
    )
    await write(database, ticket(), second)
    assert await listed(client, query) == expected
    if expected:
        assert await listed(client, f"{query}&view=board") == expected


async def test_a_value_that_does_not_fit_is_refused_with_what_is_expected(client):
    answer = await client.get("/tickets?stage=broken")
    assert answer.status == 400
    assert "stage=" in await answer.text()
    assert (await client.get("/tickets?colour=red")).status == 400


async def test_a_viewer_cannot_search_for_a_phone(services, client, database):
    company = f"Shop {PHONE}"
    await write(database, ticket(company=company))
    anonymous = {"Authorization": ""}
    assert (await client.get(f"/tickets?text={PHONE}", headers=anonymous)).status == 400
    assert (await client.get(f"/tickets?company={PHONE}", headers=anonymous)).status == 400
    assert await listed(client, f"text={PHONE}") == ["t-1"], "an operator can"
    text, _ = await read(client, "/tickets", **anonymous)
    assert PHONE not in text


async def test_pages_and_the_board_keep_what_is_chosen(client, database):
    await write(database, *(ticket(f"t-{row:03}", clocks=begun(60 + row)) for row in range(60)))
    text, _ = await read(client, "/tickets?lang=en&severity=critical")
    assert len(_LINK.findall(text)) == 50
    following = re.search(r'rel="next" href="([^"]+)"', text)
    assert following is not None
    address = following[1].replace("&amp;", "&")
    assert "severity=critical" in address
    assert "lang=en" in address
    rest, _ = await read(client, address)
    assert sorted(_LINK.findall(text) + _LINK.findall(rest)) == [f"t-{row:03}" for row in range(60)]
    board, _ = await read(client, "/tickets?view=board&lang=en")
    assert len(_LINK.findall(board)) == 12
    assert "All 60" in board


async def test_mine_are_those_of_who_reads(client, database):
    await write(database, ticket(assignee="王芳"), ticket("t-2", assignee="Li Wei"))
    assert await listed(client, "assigned=me", **basic("王芳", OWN_TOKEN)) == ["t-1"]
    assert await listed(client, "assigned=me") == [], "nobody's name is known"


async def test_a_view_is_saved_for_everybody_and_deleted_again(client, database):
    await write(database, ticket(), ticket("t-2", Severity.WARNING))
    text, _ = await read(client, "/tickets?lang=en&severity=warning&view=board")
    forms = Forms(text)
    fields = forms.forms[""]
    saved = await client.post("/tickets/views?lang=en", data={**fields, "name": "Night <b>shift"})
    assert saved.url.query.get("severity") == "warning"
    assert saved.url.query.get("view") == "board"
    page = await saved.text()
    assert "Night &lt;b&gt;shift" in page
    token = {"csrf_token": fields["csrf_token"]}
    viewer = {"Authorization": ""}
    refused = await client.post("/tickets/views", data={**token, "name": "x"}, headers=viewer)
    assert refused.status == 401
    wrong = {**token, "name": "x", "query": "colour=red"}
    assert (await client.post("/tickets/views", data=wrong)).status == 400
    gone = {**token, "name": "Night <b>shift", "delete": "1"}
    assert "Night" not in await (await client.post("/tickets/views", data=gone)).text()


async def test_every_default_view_is_a_query_of_the_list(client, database):
    await write(database, ticket())
    text, _ = await read(client, "/tickets?lang=en", **basic("li", OWN_TOKEN))
    views = re.search(r'<nav class="views".*?</nav>', text, re.DOTALL)
    assert views is not None
    links = re.findall(r'href="(/tickets[^"]*)"', views[0])
    assert len(links) == 7
    for link in links:
        assert (await client.get(link.replace("&amp;", "&"))).status == 200


def test_every_rule_of_the_style_sheet_is_closed():
    """An open one swallows every rule behind it, and no other test would see it."""
    sheet = files("agent.web").joinpath("static", "numwatch.css").read_text()
    depth = 0
    for position, sign in enumerate(sheet):
        depth += (sign == "{") - (sign == "}")
        assert 0 <= depth <= 2, sheet[max(0, position - 80) : position + 20]
    assert depth == 0
