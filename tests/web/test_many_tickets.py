"""Pages take the open tickets from memory: they do not read all of them from the ledger."""

from dataclasses import replace

import pytest
from aiohttp.test_utils import TestClient

from agent.states import Scope
from agent.tickets.ledger import Ledger
from agent.tickets.ticket import Member, Subject
from agent.web.app import make_app
from tests.web.facts import DOWN, HEALTHY, NOW
from tests.web.ledger import ticket, write

PARENT = ticket(
    "NW-0000000000A1-1",
    subject=Subject(Scope.ACCOUNT, "account_down", "north", "hq", ""),
    members=(
        Member("key-1", Subject(Scope.NUMBER, "number_down", "north", "hq", HEALTHY), NOW),
        Member("key-2", Subject(Scope.NUMBER, "number_down", "north", "hq", DOWN), NOW, NOW),
    ),
)


class Unread(Ledger):
    """A ledger of whose open tickets nobody may read all."""

    async def open_tickets(self):
        raise AssertionError("all open tickets are read")


@pytest.fixture
async def client(services, database, aiohttp_client) -> TestClient:
    await write(database, PARENT)
    changed = replace(services, tickets=Unread(database), tickets_in_memory=lambda: (PARENT,))
    return await aiohttp_client(make_app(changed))


async def text(client: TestClient, path: str) -> str:
    answer = await client.get(path)
    assert answer.status == 200, await answer.text()
    return await answer.text()


async def test_no_page_reads_all_of_them(client: TestClient) -> None:
    assert PARENT.id in await text(client, "/")
    assert PARENT.id in await text(client, f"/numbers/{HEALTHY}"), "a member of it"
    assert PARENT.id not in await text(client, f"/numbers/{DOWN}"), "a member that has left"
    await text(client, "/rules")
    assert PARENT.id in await text(client, "/accounts/north/hq")


async def test_before_the_first_round_the_ledger_says_it(
    services, database, aiohttp_client
) -> None:
    """None in memory may be not known yet: it is not taken for none."""
    await write(database, PARENT)
    client = await aiohttp_client(make_app(services))
    assert PARENT.id in await text(client, "/")
