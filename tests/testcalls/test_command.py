"""``numwatch dial`` beside a running agent: the agent makes the call, the command shows it."""

import json
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.forks import numwatch_ended
from tests.testcalls.conftest import ANSWERS, BUSY, CLOSED, CONTROL, CallScene, served

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def config(scene: CallScene) -> AsyncIterator[Path]:
    """The configuration of a served agent."""
    async with served(scene) as path:
        yield path


async def dial(number: str, config: Path, *args: str, lang: str = "en") -> tuple[int, str, str]:
    """The exit status of the command, and what it wrote."""
    command = ("--lang", lang, "dial", number, "--config", str(config), *args)
    return await numwatch_ended(*command, within=90)


async def test_the_agent_makes_the_call_and_the_command_reports_it(
    scene: CallScene, config: Path
) -> None:
    recording = config.with_name("heard.wav")
    status, out, errors = await dial(ANSWERS, config, "--json", "--record", str(recording))
    assert status == 0, errors
    report = json.loads(out)
    assert (report["outcome"], report["line_at_fault"]) == ("answered", False)
    (stored,) = await scene.calls.ledger.of_number(ANSWERS)
    assert (stored.caller, stored.got_through) == (report["caller"], True)
    with wave.open(str(recording)) as heard:
        assert heard.getnframes() > 4000


async def test_a_call_that_fails_has_the_same_report_and_status_as_without_an_agent(
    scene: CallScene, config: Path
) -> None:
    status, out, errors = await dial(BUSY, config, lang="zh-CN")
    assert status == 1, errors
    assert "忙" in out
    scene.behave(CONTROL, "congested")
    scene.board._controls.clear()
    status, out, errors = await dial(BUSY, config)
    assert status == 3, errors
    assert "is at fault" in out
    assert len(await scene.calls.ledger.of_number(BUSY)) == 2


async def test_what_the_agent_refuses_is_said_in_the_reader_s_language(
    scene: CallScene, config: Path
) -> None:
    status, _, errors = await dial(CLOSED, config, lang="zh-CN")
    assert status == 1
    assert f"此刻不应拨打 {CLOSED}" in errors
    assert scene.calls_of(CLOSED) == 0
    await dial(CLOSED, config, "--any-time")
    assert scene.calls_of(CLOSED) == 1
