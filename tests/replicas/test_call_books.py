"""Two agents that share a ledger never call the same phone at once, and count every call.

Negative control: without the lock on the book's page (``with_for_update``) both read the same page,
and of two calls one is forgotten.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.config.dial import Caller
from agent.config.store import Store
from agent.probing.book import CallBook, Refusal, RefusedError, Wish
from agent.store.database import Database
from agent.testcalls.book_pages import book_pages

NOON = 1_790_000_000.0 - 1_790_000_000.0 % 86_400 + 4 * 3600
"""By the clock of Shanghai."""
PHONE = "13800000001"
ATTEMPTS = 40
LINE = Caller.model_validate(
    {
        "name": "line",
        "trunk": "192.0.2.1:5060",
        "user": "100",
        "consent": "all of us",
        "concurrency": 10,
        "daily_budget": 1000,
    }
)


@pytest.fixture
async def books(empty_store: Store, tmp_path: Path) -> AsyncIterator[list[CallBook]]:
    """The books of two agents."""
    shared = empty_store.model_copy(update={"replicas": True})
    databases = [await Database.open(tmp_path / name, shared) for name in ("one", "two")]
    yield [CallBook(book_pages(it), 60.0, "Asia/Shanghai", lambda: NOON) for it in databases]
    for database in databases:
        await database.close()


async def test_of_two_that_find_no_page_only_one_makes_it(
    empty_store: Store, tmp_path: Path
) -> None:
    shared = empty_store.model_copy(update={"replicas": True})
    one, two = [await Database.open(tmp_path / name, shared) for name in ("one", "two")]
    open_one, open_two = book_pages(one), book_pages(two)

    async def late() -> None:
        async with open_one() as pages:
            assert await pages.load("book") is None
            async with open_two() as others:
                assert await others.load("book") is None
                await others.save("book", b"the first")
            await pages.save("book", b"the second")

    with pytest.raises(OSError, match=r"(?i)unique|refused|constraint"):
        await late()
    async with open_one() as pages:
        assert await pages.load("book") == b"the first"
        await pages.save("book", b"the third")
    async with open_two() as pages:
        assert await pages.load("book") == b"the third"
    await one.close()
    await two.close()


async def test_a_phone_is_never_called_by_both_at_once(books: list[CallBook]) -> None:
    ringing, most, made = 0, 0, 0
    refusals: list[Refusal] = []

    async def attempt(index: int) -> None:
        nonlocal ringing, most, made
        # Each number is another, and the same phone is behind both.
        wish = Wish(LINE, f"400622000{index % 2}", (PHONE,))
        book = books[index % 2]
        try:
            permit = await book.permit(wish)
        except RefusedError as error:
            refusals.append(error.refusal)
            return
        ringing, made = ringing + 1, made + 1
        most = max(most, ringing)
        await asyncio.sleep(0)
        ringing -= 1
        assert await book.end(permit)

    async def agent(index: int) -> None:
        for _ in range(ATTEMPTS // 4):
            await attempt(index)

    await asyncio.gather(*(agent(index) for index in range(4)))
    assert most == 1
    assert made + len(refusals) == ATTEMPTS
    # Whoever inserts the page first may refuse the other, which finds it there.
    assert refusals.count(Refusal.LEDGER) <= 1
    assert made > 1
    for book in books:
        assert await book.remaining(LINE) == LINE.daily_budget - made
