"""A stored ticket's members are read in parts: the same ones, without decoding all of them."""

import msgspec
import pytest

from agent.states import Scope, Severity
from agent.store.database import Database
from agent.tickets.index_filter import IndexFilter
from agent.tickets.ledger import Ledger
from agent.tickets.members import LARGE, in_parts, without_members
from agent.tickets.ticket import Member, Subject, Ticket
from tests.web.facts import NOW
from tests.web.ledger import ticket, write

MANY = 1000
NAME = "NW-0000000000A1-1"


def member(place: int) -> Member:
    """Every tenth has left."""
    subject = Subject(Scope.NUMBER, "number_down", "north", "hq", str(4_006_000_000 + place))
    left_at = NOW if place % 10 == 0 else None
    return Member(f"key-{place}", subject, NOW - place, left_at, "restored" if left_at else "")


@pytest.fixture
async def parent(tmp_path) -> tuple[Ledger, Ticket]:
    database = await Database.open(tmp_path)
    stored = ticket(NAME, Severity.CRITICAL, members=tuple(map(member, range(MANY))))
    await write(database, stored, ticket("NW-0000000000A2-1"))
    yield Ledger(database), stored
    await database.close()


async def test_a_page_of_members_is_the_same_as_from_the_whole(parent) -> None:
    ledger, stored = parent
    in_order = sorted(stored.members, key=lambda it: it.left_at is not None)
    whole = await ledger.get(NAME)
    for offset in (0, 890, 990, MANY):
        short, members = await ledger.opened_out(NAME, offset, 20)
        assert members.items == tuple(in_order[offset : offset + 20])
        assert (members.total, members.present) == (MANY, MANY - MANY // 10)
        assert msgspec.structs.replace(short, members=whole.members) == whole


async def test_a_ticket_without_members_and_one_that_is_not_there(parent) -> None:
    ledger, _ = parent
    short, members = await ledger.opened_out("NW-0000000000A2-1", 0, 20)
    assert (members.items, members.total, members.present) == ((), 0, 0)
    assert short == await ledger.get("NW-0000000000A2-1")
    assert await ledger.opened_out("NW-0000000000A3-1", 0, 20) is None


async def test_lists_have_the_ticket_without_them(parent) -> None:
    ledger, stored = parent
    page = await ledger.index.page(IndexFilter(), NOW, 10)
    (found,) = [it for it in page.tickets if it.id == NAME]
    assert found == msgspec.structs.replace(stored, members=(), timeline=())


def test_nothing_else_is_read_of_the_others() -> None:
    """A member that cannot be decoded does not matter where it is not shown."""
    members = b"[" + b",".join([msgspec.json.encode(member(1)), b'{"left_at": null}']) + b"]"
    document = b'{"id": "x", "members": ' + members + b"}"
    short, shown = in_parts(document, 0, 1)
    assert (short, shown.items) == (without_members(document), (member(1),))
    with pytest.raises(msgspec.ValidationError):
        in_parts(document, 1, 1)
    assert msgspec.json.decode(without_members(document)) == {"id": "x", "members": []}
    assert len(msgspec.json.encode([member(it) for it in range(MANY)])) > LARGE
