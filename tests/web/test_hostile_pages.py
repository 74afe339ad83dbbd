"""Two hundred hostile texts of a provider, on every page: nothing in any of them can act.

A text goes through the public door of the pages as a company, a reason, a status, a carrier, an
alert's text, a ticket's title, evidence, a name in the timeline and a comment.
"""

from collections.abc import Iterator

import pytest

from agent.states import NumberState
from agent.tickets.ticket import Entry, Text
from agent.verdict import Evidence, Verdict
from agent.web.routes import ROUTES
from tests.exporters.test_hostile_labels import hostile_strings
from tests.web.facts import NOW, number, phone, snapshot
from tests.web.ledger import ticket, write
from tests.web.test_page import PAYLOADS, Structure

ACTIVE = (
    *PAYLOADS,
    "<a href=javascript:alert(1)>x</a>",
    "<form action=https://evil.example><button>",
    "<iframe src=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<style>*{display:none}</style>",
    "<base href=//evil.example>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '"></textarea><script>alert(1)</script>',
)
HOSTILE = (*ACTIVE, *hostile_strings(200 - len(ACTIVE)))
FORBIDDEN = frozenset({"iframe", "base", "object", "embed", "style"})
NUMBERS = [f"400622{index:04}" for index in range(len(HOSTILE) // 4)]
"""A number for every four texts."""
TICKETS = range(len(HOSTILE) // 8)
"""A ticket for every eight."""


def numbers() -> list:
    states = tuple(NumberState)
    return [
        number(
            name,
            states[index % len(states)],
            company=HOSTILE[4 * index],
            reason=HOSTILE[4 * index + 1],
            native_status=HOSTILE[4 * index + 2],
            carrier=HOSTILE[4 * index + 3],
        )
        for index, name in enumerate(NUMBERS)
    ]


def tickets() -> Iterator:
    # Half a character reaches no ticket.
    texts = [text.encode("utf-8", "replace").decode() for text in HOSTILE]
    for index in TICKETS:
        title, about, company, contact, fact, step, actor, reason = texts[8 * index : 8 * index + 8]
        verdict = Verdict(
            NUMBERS[index],
            "number_suspended_arrears",
            "finance",
            contact,
            0.9,
            NOW - 4000,
            (Evidence(fact[:40], fact, fact),),
            next_steps=(step,),
            questions=(step,),
        )
        yield ticket(
            f"t-{index}",
            text=Text(title, about, {"zh-CN": (title, about)}),
            company=company,
            carrier=contact,
            diagnosis=verdict,
            provider_ticket=step,
            timeline=(Entry(NOW - 3900, actor, "comment", reason),),
        )


@pytest.fixture
async def hostile(client, facts, database):
    facts.show(snapshot(numbers(), {name: (phone("b1"),) for name in NUMBERS}))
    await write(database, *tickets())
    return client


def paths() -> list[str]:
    """Every page without a parameter, and with one for each text."""
    pages = [it.path for it in ROUTES if it.method == "GET" and it.response == "text/html"]
    plain = [path for path in pages if "{" not in path]
    assert len(plain) > 8
    of_each = [f"/numbers/{name}" for name in NUMBERS] + [
        f"/tickets/t-{index}" for index in TICKETS
    ]
    lists = [f"/numbers?limit=200&sort={sort}" for sort in ("number", "company")]
    return [*plain, *lists, *of_each, "/tickets?view=board", "/numbers?q=%3Cscript%3E"]


def problems(text: str) -> list[str]:
    """What of a page could act, or is not closed."""
    structure = Structure()
    structure.feed(text)
    found = [f"<{tag}>" for tag in structure.tags if tag in FORBIDDEN]
    scripts = [tag for tag in structure.tags if tag == "script"]
    return [*structure.acting, *found, *scripts[1:]]


async def test_nothing_of_a_provider_can_act_on_any_page(hostile):
    shown = 0
    for path in paths():
        answer = await hostile.get(path, headers={"Accept-Language": "zh-CN"})
        # Parts that this application is made without answer 503 or 404.
        assert answer.status in {200, 404, 503}, path
        text = await answer.text()
        if answer.content_type == "text/html":
            assert problems(text) == [], path
            shown += "alert(1)" in text
    assert shown > 20


def test_what_acts_would_be_noticed():
    page = "<html><script src=/static/numwatch.js></script>{}</html>"
    for text in ("<script>alert(1)</script>", "<img src=x onerror=1>", "<iframe></iframe>"):
        assert problems(page.format(text))
    assert problems(page.format("")) == []
