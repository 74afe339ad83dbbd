"""What a line of ours did wrong is never blamed on the number that it called.

Random calls go through the service, the book and the ledger, and what the alerts, the recovery of
tickets and the diagnosis make of them is compared with what the documentation says of each call.
"""

import random
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import copytree

import pytest

from agent.config.store import Store
from agent.probing import facts
from agent.probing.call_ledger import MOST_READ
from agent.probing.facts import Control, ProbeCall
from agent.store.database import Database
from agent.testcalls import service
from agent.testcalls.outcome import CallRequest
from tests.account_facts import NOW
from tests.app.conftest import until
from tests.probe_calls import found_in
from tests.proof_size import share, size
from tests.testcalls.blame import (
    GAPS,
    CalledNumber,
    assert_nobody_is_blamed_for_a_line,
    make_calls,
)
from tests.testcalls.conftest import BUSY, CONTROL, CallScene, calling_scene
from tests.testcalls.scripted_calls import ScriptedCalls, caller, listed, scripted_calls

pytestmark = pytest.mark.timeout(7200 if share() else 180)

AT_ONCE = size(6, 12)
"""Numbers that are called side by side."""
ROUNDS = size(2, 420)
WITHOUT_CONTROL = size(2, 4)
"""One round of so many has no control number."""
STEPS = 9
UNBELIEVED = {Control.FAILED, Control.UNKNOWN}
FAILS = ("congested", "busy", "nonexistent")


@asynccontextmanager
async def ledger(folder: Path, empty: Path) -> AsyncIterator[Database]:
    """A ledger of one round's own, made of ``empty``: after a restart all of it is compared."""
    copytree(empty, folder)
    database = await Database.open(folder, Store())
    try:
        yield database
    finally:
        await database.close()


def service_of(
    monkeypatch: pytest.MonkeyPatch, database: Database, chance: random.Random, index: int
) -> ScriptedCalls:
    numbers = [f"400{index:04}{n:03}" for n in range(AT_ONCE)]
    budgets = [chance.choice((3, 6, 100)) for _ in range(2 * AT_ONCE)]
    callers = [caller(f"line{n}", daily_budget=it) for n, it in enumerate(budgets)]
    more = {} if index % WITHOUT_CONTROL else {"control_number": None}
    return scripted_calls(monkeypatch, database, callers, listed(*numbers), **more)


async def called(
    monkeypatch: pytest.MonkeyPatch, database: Database, index: int
) -> tuple[ScriptedCalls, list[CalledNumber]]:
    chance = random.Random(f"blame {index}")
    made = service_of(monkeypatch, database, chance, index)
    # All end by the time at which the numbers' schedules are open: nothing else is wrong with them.
    made.now = NOW - STEPS * max(GAPS)
    return made, await make_calls(made, chance, STEPS)


async def test_only_calls_whose_line_works_say_anything_of_a_number(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await (await Database.open(tmp_path / "empty", Store())).close()
    kinds: set[str] = set()
    found_out: set[Control] = set()
    controls: set[Control] = set()
    count = 0
    for index in range(1, 1 + ROUNDS):
        async with ledger(tmp_path / str(index), tmp_path / "empty") as database:
            made, sequences = await called(monkeypatch, database, index)
            assert_nobody_is_blamed_for_a_line(made, sequences)
            hidden = UNBELIEVED - found_out
            found_out |= {it for it in hidden if is_found_out(made, sequences, it)}
            # The same from the ledger, as after a restart.
            again = service_of(monkeypatch, database, random.Random(f"blame {index}"), index)
            again.now = made.now
            await again.service.read()
            assert found_in(again.board)["probes"] == found_in(made.board)["probes"]
            stored = await made.service.ledger.since(0.0)
            assert len(stored) == len(made.placed) < MOST_READ, "every call, and all are read"
            count += len(stored)
            controls |= {it.control for it in stored}
        kinds |= {kind for it in sequences for kind in (it.alerts or {it.finding.value})}
    sys.stdout.write(f"{ROUNDS} rounds, {count} calls\n")
    assert kinds >= {"ProbeFailAll", "bad", "unknown"}, "all of it was met"
    assert controls == set(Control), "with a control number and without one"
    assert found_out == UNBELIEVED, "a guard that believes such calls is found out"


def is_found_out(made: ScriptedCalls, called: list[CalledNumber], control: Control) -> bool:
    """Whether it would be noticed if calls with that result of the control number counted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts, "_BELIEVED", facts._BELIEVED | {control})
        try:
            assert_nobody_is_blamed_for_a_line(made, called)
        except AssertionError:
            return True
    return False


@pytest.mark.skipif(not share(), reason="many real calls: at full size; see NUMWATCH_FULL")
async def test_real_calls_beside_a_control_number_that_fails_open_no_ticket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CONTROL_LASTS", 0.0)
    calls: list[ProbeCall] = []
    async with calling_scene(tmp_path, control_number=CONTROL) as scene:
        for n in range(size(2, 50)):
            scene.behave(BUSY, FAILS[n % len(FAILS)])
            scene.behave(CONTROL, FAILS[n % 2])
            calls.append(await scene.calls.call(CallRequest(BUSY)))
        assert {it.control for it in calls} == {Control.FAILED}
        assert scene.calls_of(CONTROL) == len(calls)
        now, rules = scene.agent._clock(), scene.agent._evaluation.engine
        await until(lambda: rules.evaluated_at > now + 1.0, "the rules have seen them", 40.0)
        assert blamed(scene) == set()
        # The control: the same number, once the line is known to work.
        scene.behave(CONTROL, "answers")
        for _ in range(2):
            assert (await scene.calls.call(CallRequest(BUSY))).failed
        await until(lambda: blamed(scene) == {"probe_fail_all"}, "the desk has a ticket", 40.0)


def blamed(scene: CallScene) -> set[str]:
    """The symptoms of the number's tickets at the desk that are about test calls."""
    tickets = scene.world.world.desk.tickets()
    found = {it["symptom"] for it in tickets if it["number"] == BUSY}
    return {it for it in found if it.startswith("probe_")}
