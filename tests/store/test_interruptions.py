"""No work on the ledger is broken off in the middle of a statement.

Its one connection would be made anew, SQLite would begin another write-ahead log, and the agent
would take its ledger for replaced until it is started again.
"""

import ast
import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from agent.store import StoreError
from agent.store.database import Database
from agent.tickets.changes import OPENED, Change
from agent.tickets.repeats import marks
from tests.project.modules import REPOSITORY
from tests.web.ledger import NOW, ticket

OPENING = {"transaction", "reading"}
OF_ITS_OWN = REPOSITORY / "agent" / "history"
"""The history has a file of its own, which nobody compares with the one that was opened."""


def name_of(call: ast.AST) -> str:
    function = call.func if isinstance(call, ast.Call) else None
    return str(getattr(function, "id", "") or getattr(function, "attr", ""))


def is_protected(function: ast.AsyncFunctionDef) -> bool:
    """Whether it runs to its end, or hands the connection to somebody who must."""
    names = {ast.unparse(it).rpartition(".")[2] for it in function.decorator_list}
    return bool(names & {"uninterrupted", "asynccontextmanager"})


def opens(function: ast.AsyncFunctionDef) -> bool:
    blocks = (it for it in ast.walk(function) if isinstance(it, ast.AsyncWith))
    return any(name_of(item.context_expr) in OPENING for block in blocks for item in block.items)


def calls_unfinished(function: ast.AsyncFunctionDef, name: str) -> bool:
    """Whether it calls ``name`` otherwise than within ``finish(...)``."""
    finished = {
        id(inner)
        for call in ast.walk(function)
        if name_of(call) == "finish"
        for inner in ast.walk(call)
    }
    return any(
        name_of(call) == name and id(call) not in finished
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
    )


def interruptible(source: str) -> set[str]:
    """The functions of a module that use the ledger and may be broken off in it."""
    functions = [it for it in ast.walk(ast.parse(source)) if isinstance(it, ast.AsyncFunctionDef)]
    unprotected = {it.name: it for it in functions if not is_protected(it)}
    using = {name for name, function in unprotected.items() if opens(function)}
    found: set[str] = set()
    while using:
        name = using.pop()
        callers = [it for it in functions if it.name != name and calls_inside(it, name)]
        if not callers:
            found.add(name)
        for caller in callers:
            if calls_unfinished(caller, name) and caller.name in unprotected:
                using.add(caller.name)
    return found


def calls_inside(function: ast.AsyncFunctionDef, name: str) -> bool:
    return any(name_of(it) == name for it in ast.walk(function) if isinstance(it, ast.Call))


def modules() -> Iterator[Path]:
    for file in sorted((REPOSITORY / "agent").rglob("*.py")):
        if OF_ITS_OWN not in file.parents:
            yield file


def test_whoever_uses_the_ledger_runs_to_its_end() -> None:
    found = {
        f"{file.relative_to(REPOSITORY)}: {name}"
        for file in modules()
        for name in interruptible(file.read_text(encoding="utf-8"))
    }
    assert found == set()


OPENS = "async def _f(d):\n async with d.transaction(): 1\n"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("async def f(d):\n async with d.reading() as c: await c.x()", {"f"}),
        ("@uninterrupted\nasync def f(d):\n async with d.reading() as c: await c.x()", set()),
        (f"{OPENS}async def g(d): await _f(d)", {"g"}),
        (f"{OPENS}async def g(d): await finish(_f(d))", set()),
    ],
)
def test_the_guard_sees_who_does_not(body: str, names: set[str]) -> None:
    assert interruptible(body) == names


async def test_a_count_that_is_cancelled_anywhere_leaves_the_ledger_writable(
    database: Database,
) -> None:
    opened = ticket("t-1")
    change = Change(None, opened, OPENED)
    for steps in range(40):
        task = asyncio.create_task(marks(database, {opened.key: opened}, [change], NOW))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await database.put("page", b"content")
    assert database.trouble is None


async def test_the_control_a_reading_that_is_broken_off_costs_the_ledger(
    database: Database,
) -> None:
    async def read() -> None:
        async with database.reading() as connection:
            await connection.execute(
                text(
                    "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers"
                    " LIMIT 300000) SELECT max(n) FROM numbers"
                )
            )

    with suppress(TimeoutError):
        await asyncio.wait_for(read(), 0.05)
    with pytest.raises(StoreError):
        await write_for_a_while(database)


async def write_for_a_while(database: Database) -> None:
    """Write until the reading that goes on in the lost connection has ended, and once more."""
    for _ in range(100):
        await database.put("page", b"content")
        await asyncio.sleep(0.05)
