"""Test calls of a running agent: placed, checked by the control number, stored and known."""

import pytest

from agent.probing.book import Refusal, RefusedError
from agent.probing.facts import Control, Purpose
from agent.probing.outcome import CallOutcome
from agent.testcalls.outcome import RECORDING, TRACE, CallRequest
from tests.app.conftest import until
from tests.testcalls.conftest import ANSWERS, BUSY, CLOSED, CONTROL, NORTH, STRANGER, CallScene

pytestmark = pytest.mark.timeout(120)


async def test_a_call_that_gets_through_is_known_everywhere(scene: CallScene) -> None:
    call = await scene.calls.call(CallRequest(ANSWERS))
    assert call.got_through
    assert (call.outcome, call.control) == (CallOutcome.ANSWERED, Control.NOT_NEEDED)
    assert (call.provider, call.account) == NORTH
    assert await scene.calls.ledger.of_number(ANSWERS) == [call]
    assert await scene.calls.ledger.files_of(call.id) == [], "what got through is not recorded"
    checked = lambda: scene.agent.checked(*NORTH)  # noqa: E731 - read again and again
    await until(lambda: checked() and checked().probes.get(ANSWERS) == (call,), "checks know it")
    assert scene.calls_of(CONTROL) == 0


async def test_a_call_that_fails_is_blamed_on_the_number_once_the_control_number_answers(
    scene: CallScene,
) -> None:
    call = await scene.calls.call(CallRequest(BUSY))
    assert call.failed
    assert (call.outcome, call.control) == (CallOutcome.BUSY, Control.PASSED)
    assert {it.name for it in await scene.calls.ledger.files_of(call.id)} >= {TRACE}
    again = await scene.calls.call(CallRequest(BUSY))
    assert (again.failed, scene.calls_of(CONTROL)) == (True, 1), "the line is known to work"
    (control,) = scene.board.controls()[call.caller]
    assert (control.purpose, control.number, control.reference) == (
        Purpose.CONTROL,
        CONTROL,
        call.id,
    )


async def test_where_the_control_number_fails_nothing_is_said_of_the_number(
    scene: CallScene,
) -> None:
    scene.behave(CONTROL, "congested")
    call = await scene.calls.call(CallRequest(BUSY))
    assert call.control is Control.FAILED
    assert not call.failed
    assert not call.is_judged


async def test_strangers_and_closed_numbers_are_not_called(scene: CallScene) -> None:
    for number, refusal in ((STRANGER, Refusal.NOT_OURS), (CLOSED, Refusal.NUMBER_HOURS)):
        with pytest.raises(RefusedError) as refused:
            await scene.calls.call(CallRequest(number))
        assert refused.value.refusal is refusal
    await scene.calls.call(CallRequest(CLOSED, at_any_time=True))
    assert [scene.calls_of(it) for it in (STRANGER, CLOSED)] == [0, 1]


async def test_what_others_stored_is_read_once(scene: CallScene) -> None:
    call = await scene.calls.call(CallRequest(ANSWERS))
    before = scene.board.of(NORTH)
    await scene.calls.read()
    assert scene.board.of(NORTH)[ANSWERS] == before[ANSWERS] == (call,)


async def test_a_recording_is_kept_of_a_call_that_was_heard_and_failed(scene: CallScene) -> None:
    scene.behave(BUSY, "busy_tone")
    call = await scene.calls.call(CallRequest(BUSY))
    files = {it.name: it.content for it in await scene.calls.ledger.files_of(call.id)}
    assert files[RECORDING].startswith(b"RIFF")
    assert len(files[RECORDING]) > 8000
