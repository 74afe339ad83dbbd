"""Real calls by the engine to the simulator's endpoint, over lines with loss and jitter.

Every way in which a number may behave is called, all at once, and each must be recognized.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pytest

from agent.probing.analysis import observe
from agent.probing.engine.client import CallRecord, place
from agent.probing.hearing.fingerprint import Features, features_of
from agent.probing.hearing.quality import mean_opinion_score
from agent.probing.hearing.sound import samples_of
from agent.probing.observation import Observation
from agent.probing.outcome import CallOutcome, Judgement, outcome_of
from agent.simulator.telephony.behaviour import BEHAVIOURS
from agent.simulator.telephony.endpoint import SipEndpoint, open_endpoint
from agent.simulator.telephony.media import Line
from agent.simulator.telephony.sounds import packets
from tests.probing.conftest import order
from tests.proof_size import is_full, size

pytestmark = pytest.mark.timeout(900 if is_full() else 120)

EXPECTED = {
    "answers": CallOutcome.ANSWERED,
    "hangs_up": CallOutcome.ANSWERED,
    "silence": CallOutcome.SILENT,
    "one_way": CallOutcome.ONE_WAY,
    "slow": CallOutcome.ANSWERED,
    "rings": CallOutcome.NO_ANSWER,
    "rings_without_media": CallOutcome.NO_ANSWER,
    "progress_without_media": CallOutcome.UNREACHABLE,
    "busy": CallOutcome.BUSY,
    "busy_tone": CallOutcome.BUSY,
    "congestion_tone": CallOutcome.CONGESTED,
    "congested": CallOutcome.CONGESTED,
    "rejected": CallOutcome.REJECTED,
    "nonexistent": CallOutcome.NONEXISTENT,
    "unreachable": CallOutcome.UNREACHABLE,
    "no_answer": CallOutcome.NO_ANSWER,
    "unknown_failure": CallOutcome.UNKNOWN,
    "special": CallOutcome.NONEXISTENT,
    "suspended_prompt": CallOutcome.ANNOUNCEMENT,
    "off_prompt": CallOutcome.UNREACHABLE,
    "foreign_prompt": CallOutcome.UNKNOWN,
    "forwarded": CallOutcome.ANSWERED,
    "redirected": CallOutcome.UNKNOWN,
    "reliable": CallOutcome.ANSWERED,
}
EACH = size(1, 100)
ATTEMPTS = 3
"""A machine that is too busy to play sound in time leaves a call unknown; it is then called again.
At full size nothing is called again."""
AT_ONCE = 8
CALLED = (
    tuple(EXPECTED)
    if is_full()
    else (
        *("rings", "suspended_prompt", "off_prompt", "foreign_prompt", "busy_tone", "silence"),
        *("one_way", "answers", "congested", "unknown_failure", "forwarded", "redirected"),
        *("reliable", "progress_without_media"),
    )
)
"""What is called: by default what differs in more than a status."""
Results = Mapping[str, list[tuple[Judgement, Observation, float | None]]]


def decoded(sound: str) -> bytes:
    """A sound of the endpoint as PCM (ITU-T G.711, the way back)."""
    coded = np.frombuffer(b"".join(packets(sound)), np.uint8) ^ 0x55
    exponent, mantissa = (coded >> 4) & 7, (coded & 15).astype(int)
    steps = np.where(
        exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent, 1) - 1
    )
    sign = np.where(coded & 0x80, 1, -1)
    return (sign * steps * 8).astype("<i2").tobytes()


def enrolled() -> Mapping[str, Features]:
    names = ("suspended", "off", "barred")
    return {name: features_of(samples_of(decoded(name))) for name in names}


async def call_all(endpoint: SipEndpoint) -> Results:
    known, free = enrolled(), asyncio.Semaphore(AT_ONCE)
    results: dict[str, list[tuple[Judgement, Observation, float | None]]] = {
        name: [] for name in CALLED
    }

    async def call(name: str) -> tuple[str, CallRecord]:
        async with free:
            record = await place(order(endpoint, name, longest=11.0, talk=2.0))
        assert not record.failure
        return name, record

    wanted = [name for _ in range(EACH) for name in CALLED]
    for attempt in range(1 if is_full() else ATTEMPTS):
        # Judged when all have ended: the sound of this process must not wait for it.
        again = []
        for name, record in await asyncio.gather(*map(call, wanted)):
            observation = observe(record, known)
            judgement = outcome_of(observation)
            is_wanted = judgement.outcome is EXPECTED[name]
            if is_wanted or is_full() or attempt == ATTEMPTS - 1:
                score = mean_opinion_score(observation.reception)
                results[name].append((judgement, observation, score))
            else:
                # Whatever the machine does, nothing wrong may be said.
                assert judgement.outcome is CallOutcome.UNKNOWN, (name, judgement)
                again.append(name)
        wanted = again
    return results


@pytest.fixture(scope="module")
def results() -> Results:
    async def run() -> Results:
        line = Line(loss=0.03, jitter=0.02)
        endpoint = await open_endpoint(lambda number, _: BEHAVIOURS.get(number), line=line)
        try:
            return await call_all(endpoint)
        finally:
            endpoint.close()

    return asyncio.run(run())


def test_every_way_to_behave_is_expected_here() -> None:
    assert EXPECTED.keys() == BEHAVIOURS.keys()


@pytest.mark.parametrize("name", CALLED)
def test_each_way_to_behave_is_recognized(results: Results, name: str) -> None:
    outcomes = Counter(judgement.outcome for judgement, _, _ in results[name])
    seen = [(it, observed) for it, observed, _ in results[name]]
    assert outcomes[EXPECTED[name]] >= 0.98 * EACH, seen[:2]
    # Whatever was not recognized is unknown: nothing wrong is said.
    assert set(outcomes) <= {EXPECTED[name], CallOutcome.UNKNOWN}, seen[:2]


def test_known_announcements_are_named_and_foreign_ones_are_not(results: Results) -> None:
    assert {it.prompt for it, _, _ in results["suspended_prompt"]} == {"suspended"}
    # Its cause decides: it is not called again where the machine was too busy to hear it well.
    assert {it.prompt for it, _, _ in results["off_prompt"]} <= {"off", ""}
    for name in results.keys() - {"suspended_prompt", "off_prompt"}:
        assert {it.prompt for it, _, _ in results[name]} == {""}, name


def test_what_the_network_says_is_reported(results: Results) -> None:
    assert results["forwarded"][0][1].signalling.is_forwarded
    assert results["redirected"][0][1].signalling.redirected_to == "192.0.2.9"
    assert results["congested"][0][1].signalling.cause == 34
    assert 183 in results["reliable"][0][1].signalling.provisional
    early = results["progress_without_media"][0][1].early
    assert early.seconds == 0


def test_quality_is_measured_where_something_was_received(results: Results) -> None:
    _, observation, score = results["suspended_prompt"][0]
    assert observation.reception.packets > 250
    assert observation.reception.lost > 0
    assert score is not None
    assert 1 <= score < 4.4
    assert results["one_way"][0][2] is None
