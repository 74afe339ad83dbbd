"""The acceptance of a number: the matrix of lines and hours, its report, and the command."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from agent.config.acceptance import Acceptance
from agent.config.dial import Caller
from agent.probing.facts import Control, ProbeCall, Purpose
from agent.probing.outcome import CallOutcome
from agent.reports.pdf import is_available
from agent.testcalls.acceptance import CellState, matrix_of
from agent.testcalls.outcome import CallRequest
from agent.web.app import make_app
from tests.forks import numwatch_ended
from tests.testcalls.conftest import ANSWERS, BUSY, CONTROL, STRANGER, calling_scene, served

pytestmark = pytest.mark.timeout(120)

ZONE = "Asia/Shanghai"
DAY = datetime(2026, 9, 22, tzinfo=ZoneInfo(ZONE)).timestamp()
"""Midnight there."""
MORNING, NIGHT = "08:00-12:00", "20:00-24:00"


def line(name: str, hours: str = "08:00-20:00") -> Caller:
    return Caller(name=name, trunk="192.0.2.1:5060", user="100", consent="all", hours=[hours])


def call(hour: float, outcome: CallOutcome, *, caller: str = "one", **more: Any) -> ProbeCall:
    values = {"purpose": Purpose.ACCEPTANCE, "control": Control.PASSED, **more}
    return ProbeCall(f"{caller}{hour}", DAY + hour * 3600, ANSWERS, caller, outcome, **values)


def matrix(*calls: ProbeCall, callers: tuple[Caller, ...] = (line("one"),), needed: int = 1) -> Any:
    settings = Acceptance(hours=[MORNING, NIGHT], calls=needed)
    newest = sorted(calls, key=lambda it: -it.at)
    return matrix_of(ANSWERS, callers, settings, newest, ZONE)


THROUGH, BUSY_TONE, UNKNOWN = CallOutcome.ANSWERED, CallOutcome.BUSY, CallOutcome.UNKNOWN


@pytest.mark.parametrize(
    ("calls", "state"),
    [
        ([], CellState.OPEN),
        ([call(9, THROUGH)], CellState.PASSED),
        ([call(9, BUSY_TONE)], CellState.FAILED),
        ([call(9, BUSY_TONE), call(10, THROUGH)], CellState.PASSED),
        ([call(9, THROUGH), call(10, BUSY_TONE)], CellState.FAILED),
        ([call(9, UNKNOWN)], CellState.UNKNOWN),
        ([call(9, BUSY_TONE, control=Control.FAILED)], CellState.UNKNOWN),
        ([call(9, THROUGH, purpose=Purpose.MANUAL)], CellState.OPEN),
        ([call(13, THROUGH)], CellState.OPEN),
        ([call(9, THROUGH, caller="other")], CellState.OPEN),
    ],
)
def test_a_cell_is_what_its_own_calls_show(calls: list[ProbeCall], state: CellState) -> None:
    ((morning, night),) = matrix(*calls).rows
    assert morning.state is state
    assert night.state is CellState.NOT_CALLED, "the line does not call at night"


def test_a_number_is_accepted_when_every_cell_is() -> None:
    lines = (line("one"), line("two", "08:00-23:00"))
    calls = [call(9, THROUGH), call(9, THROUGH, caller="two")]
    assert matrix(*calls, callers=lines).state is CellState.OPEN
    calls.append(call(21, THROUGH, caller="two"))
    assert matrix(*calls, callers=lines).state is CellState.PASSED
    assert matrix(*calls, callers=lines, needed=2).state is CellState.OPEN
    calls.append(call(22, BUSY_TONE, caller="two"))
    assert matrix(*calls, callers=lines).state is CellState.FAILED
    assert matrix(callers=()).state is CellState.OPEN, "without lines nothing is accepted"
    assert matrix(callers=(line("one", "13:00-14:00"),)).state is CellState.OPEN


def test_due_is_what_is_missing_at_this_hour() -> None:
    lines = (line("one"), line("two", "11:00-20:00"))
    found = matrix(call(9, THROUGH), callers=lines)
    assert [it.caller.name for it in found.due(DAY + 9 * 3600, ZONE)] == []
    assert [it.caller.name for it in found.due(DAY + 11.5 * 3600, ZONE)] == ["two"]
    assert found.due(DAY + 15 * 3600, ZONE) == []


@given(
    st.lists(
        st.tuples(st.floats(0, 23.9), st.sampled_from([THROUGH, BUSY_TONE, UNKNOWN])), max_size=8
    )
)
def test_nothing_is_accepted_without_a_call_that_got_through(
    seen: list[tuple[float, CallOutcome]],
) -> None:
    found = matrix(*(call(hour, outcome) for hour, outcome in seen))
    if found.state is CellState.PASSED:
        assert any(outcome is THROUGH and 8 <= hour < 12 for hour, outcome in seen)
    for cell in found.cells:
        newest = next((it for it in cell.calls if it.is_judged), None)
        if newest is not None and newest.failed:
            assert found.state is CellState.FAILED


ALL_DAY = {"hours": ["00:00-12:00", "12:00-24:00"]}


async def test_the_report_in_every_format(tmp_path: Path) -> None:
    async with calling_scene(tmp_path, control_number=CONTROL, acceptance=ALL_DAY) as scene:
        await scene.calls.call(CallRequest(BUSY, purpose=Purpose.ACCEPTANCE))
        async with TestClient(TestServer(make_app(scene.agent.web_services()))) as client:
            path = f"/api/numbers/{BUSY}/acceptance"
            document = await (await client.get(path)).json()
            assert document["state"] == "failed"
            (row,) = document["rows"]
            assert sorted(it["state"] for it in row["cells"]) == ["failed", "open"]
            assert [it["is_due"] for it in row["cells"] if it["state"] == "failed"] == [True]
            english = await (await client.get(f"{path}?format=html&lang=en")).text()
            assert "Not accepted" in english
            assert "Signatures" in english
            chinese = await (await client.get(f"{path}?format=html&lang=zh-CN")).text()
            assert "未通过" in chinese
            csv = await (await client.get(f"{path}?format=csv&lang=en")).text()
            assert "failed" in csv
            pdf = await client.get(f"{path}?format=pdf&lang=zh-CN")
            if is_available():
                assert (await pdf.read()).startswith(b"%PDF")
            strangers = await client.get(f"/api/numbers/{STRANGER}/acceptance")
            assert strangers.status == 404


async def test_the_command_makes_what_is_due_and_reports(tmp_path: Path) -> None:
    async with (
        calling_scene(tmp_path, control_number=CONTROL, acceptance=ALL_DAY) as scene,
        served(scene) as config,
    ):
        report = tmp_path / "report.html"
        done = await accept(config, ANSWERS, "--report", str(report), "--json")
        document = json.loads(done[1])
        assert (done[0], document["state"]) == (3, "open"), done
        assert "Not finished" in report.read_text()
        assert scene.calls_of(ANSWERS) == 1
        again = await accept(config, ANSWERS)
        assert scene.calls_of(ANSWERS) == 1, "nothing is due at this hour any more"
        assert "no call is due" in again[2]
        failed = await accept(config, BUSY)
        assert failed[0] == 1, failed
        assert "Not accepted" in failed[1]
        wrong = await accept(config, BUSY, "--report", "report.doc")
        assert wrong[0] == 2
        assert ".html, .pdf" in wrong[2]
        unknown = await accept(config, STRANGER, "--no-calls")
        assert (unknown[0], "no number" in unknown[2]) == (1, True), unknown


async def test_without_an_agent_nobody_is_called(tmp_path: Path) -> None:
    async with calling_scene(tmp_path) as scene:
        config = scene.config
        await scene.agent.stop()
        status, _, errors = await accept(config, ANSWERS)
        assert (status, scene.calls_of(ANSWERS)) == (1, 0)
        assert "numwatch run" in errors


async def accept(config: Path, *args: str) -> tuple[int, str, str]:
    """The status of the command and what it wrote."""
    return await numwatch_ended("--lang", "en", "accept", *args, "--config", str(config))
