"""Real calls by the engine to the simulator's endpoint, over lines with loss and jitter.

Every way in which a number may behave is called, several at once, and each must be recognized.
"""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from agent.probing.engine.protocol import Order
from agent.simulator.telephony.behaviour import BEHAVIOURS, Behaviour
from agent.simulator.telephony.endpoint import SipEndpoint, open_endpoint
from agent.simulator.telephony.media import Line
from tests.probing.conftest import order
from tests.probing.many_calls import (
    EXPECTED,
    LINES,
    ONE_OF_EACH,
    Results,
    assert_recognized,
    call_all,
    counts,
)
from tests.proof_size import share, size

pytestmark = pytest.mark.timeout(7200 if share() else 120)

EACH = size(1, 100)
CALLED = (
    tuple(EXPECTED)
    if share()
    else (
        *("rings", "suspended_prompt", "off_prompt", "foreign_prompt", "busy_tone", "silence"),
        *("one_way", "answers", "congested", "unknown_failure", "forwarded", "redirected"),
        *("reliable", "progress_without_media"),
    )
)
"""What is called: by default what differs in more than a status."""
LOST = (*ONE_OF_EACH.values(),) if share() else ("answers", "rings", "rejected")
"""What is called while SIP messages are lost."""
Record = Callable[[str, object], None]


def reliable(behaviour: Behaviour) -> Behaviour:
    """The same with its provisional responses acknowledged: without that a lost one is lost."""
    steps = (replace(step, reliable=100 < step.status < 200) for step in behaviour.steps)
    return replace(behaviour, steps=tuple(steps))


def call_over(
    lines: tuple[Line, ...],
    names: tuple[str, ...],
    change: Callable[[Behaviour], Behaviour] = lambda it: it,
) -> Results:
    """Call over each of ``lines`` in turn."""
    behaviours = {name: change(BEHAVIOURS[name]) for name in names}

    async def run() -> Results:
        async with AsyncExitStack() as stack:
            endpoints: list[SipEndpoint] = []
            for line in lines:
                one = await open_endpoint(lambda number, _: behaviours.get(number), line=line)
                stack.callback(one.close)
                endpoints.append(one)

            def order_of(name: str, index: int) -> Order:
                one = endpoints[(index + names.index(name)) % len(endpoints)]
                return order(one, name, longest=11.0, talk=4.0)

            return await call_all(order_of, names, EACH)

    return asyncio.run(run())


@pytest.fixture(scope="module")
def results() -> Results:
    return call_over(LINES if share() else LINES[2:3], CALLED)


@pytest.fixture(scope="module")
def results_with_lost_messages() -> Results:
    lines = tuple(replace(line, signalling_loss=line.loss) for line in LINES[1:])
    return call_over(lines if share() else lines[-1:], LOST, reliable)


def test_every_way_to_behave_is_expected_here() -> None:
    assert EXPECTED.keys() == BEHAVIOURS.keys()
    assert {EXPECTED[name] for name in BEHAVIOURS} == ONE_OF_EACH.keys()


@pytest.mark.parametrize("name", CALLED)
def test_each_way_to_behave_is_recognized(
    results: Results, name: str, record_property: Record
) -> None:
    record_property(name, counts(results[name]))
    assert_recognized(results[name], EXPECTED[name])


@pytest.mark.parametrize("name", LOST)
def test_each_outcome_is_recognized_while_messages_are_lost(
    results_with_lost_messages: Results, name: str, record_property: Record
) -> None:
    record_property(name, counts(results_with_lost_messages[name]))
    assert_recognized(results_with_lost_messages[name], EXPECTED[name])


def test_known_announcements_are_named_and_foreign_ones_are_not(results: Results) -> None:
    prompts = {name: {it.judgement.prompt for it in called} for name, called in results.items()}
    assert "suspended" in prompts["suspended_prompt"]
    for name, found in prompts.items():
        # A machine that is too busy hears an announcement too badly to name it.
        known = {"suspended_prompt": {"suspended"}, "off_prompt": {"off"}}.get(name, set())
        assert found <= {*known, ""}, name


def test_what_the_network_says_is_reported(results: Results) -> None:
    assert results["forwarded"][0].observation.signalling.is_forwarded
    assert results["redirected"][0].observation.signalling.redirected_to == "192.0.2.9"
    assert results["congested"][0].observation.signalling.cause == 34
    assert 183 in results["reliable"][0].observation.signalling.provisional
    assert results["progress_without_media"][0].observation.early.seconds == 0


def test_quality_is_measured_where_something_was_received(results: Results) -> None:
    bad = [it for it in results["suspended_prompt"] if it.observation.reception.lost]
    assert bad
    assert bad[0].observation.reception.packets > 250
    assert bad[0].score is not None
    assert 1 <= bad[0].score < 4.4
    assert results["one_way"][0].score is None
