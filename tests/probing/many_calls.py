"""Many real calls by the engine, each to a number whose behaviour is known: what was made of them.

The expected outcomes are those of the simulator's behaviours; whoever else answers calls uses the
same names.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from agent.probing.analysis import observe
from agent.probing.engine.client import CallRecord, place
from agent.probing.engine.protocol import Order
from agent.probing.hearing.fingerprint import Features, features_of
from agent.probing.hearing.quality import mean_opinion_score
from agent.probing.hearing.sound import samples_of
from agent.probing.observation import Observation
from agent.probing.outcome import CallOutcome, Judgement, outcome_of
from agent.simulator.telephony.media import Line
from agent.simulator.telephony.sounds import packets
from tests.proof_size import share

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
    "barred": CallOutcome.BARRED,
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
"""The outcome of each behaviour of the simulator's endpoint."""
ONE_OF_EACH = {
    CallOutcome.ANSWERED: "answers",
    CallOutcome.SILENT: "silence",
    CallOutcome.ONE_WAY: "one_way",
    CallOutcome.NO_ANSWER: "rings",
    CallOutcome.BUSY: "busy_tone",
    CallOutcome.CONGESTED: "congestion_tone",
    CallOutcome.REJECTED: "rejected",
    CallOutcome.BARRED: "barred",
    CallOutcome.NONEXISTENT: "nonexistent",
    CallOutcome.UNREACHABLE: "unreachable",
    CallOutcome.ANNOUNCEMENT: "suspended_prompt",
    CallOutcome.UNKNOWN: "foreign_prompt",
}
"""A behaviour of each outcome: that which is hardest to recognize."""
LINES = (Line(), Line(0.01, 0.01), Line(0.03, 0.02), Line(0.05, 0.04))
"""From 0 to 5 % loss, and up to two packets of jitter."""
ATTEMPTS = 3
"""A machine that is too busy to play sound in time leaves a call unknown; it is then called again.
At full size or a share of it nothing is called again."""
AT_ONCE = 8
NEEDED = 0.98


@dataclass(frozen=True)
class Called:
    """A call that was made, and what was made of it."""

    judgement: Judgement
    observation: Observation
    score: float | None


Results = Mapping[str, list[Called]]


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
    """The fingerprints of three of the endpoint's announcements."""
    names = ("suspended", "off", "barred")
    return {name: features_of(samples_of(decoded(name))) for name in names}


async def call_all(
    order_of: Callable[[str, int], Order], names: Sequence[str], each: int
) -> Results:
    """Call each of ``names`` so many times, some at once; ``order_of`` has the order of one."""
    known, free = enrolled(), asyncio.Semaphore(AT_ONCE)
    results: dict[str, list[Called]] = {name: [] for name in names}

    async def call(name: str, index: int) -> tuple[str, int, CallRecord]:
        async with free:
            return name, index, await place(order_of(name, index))

    wanted = [(name, index) for index in range(each) for name in names]
    for attempt in range(1 if share() else ATTEMPTS):
        # Judged when all have ended: the sound of this process must not wait for it.
        again = []
        for name, index, record in await asyncio.gather(*(call(*it) for it in wanted)):
            observation = observe(record, known)
            judgement = outcome_of(observation)
            is_last = share() or attempt == ATTEMPTS - 1
            if is_last or judgement.outcome is EXPECTED[name]:
                score = mean_opinion_score(observation.reception)
                results[name].append(Called(judgement, observation, score))
            else:
                # Whatever the machine does, nothing wrong may be said.
                assert judgement.outcome is CallOutcome.UNKNOWN, (name, judgement)
                again.append((name, index))
        wanted = again
    return results


def assert_recognized(called: Sequence[Called], expected: CallOutcome) -> None:
    """98 of 100 have the outcome, and nothing wrong is said of the others."""
    outcomes = Counter(it.judgement.outcome for it in called)
    others = [it for it in called if it.judgement.outcome is not expected][:2]
    assert outcomes[expected] >= math.floor(NEEDED * len(called)), others
    assert outcomes[expected] > 0, others
    assert set(outcomes) <= {expected, CallOutcome.UNKNOWN}, others


def counts(called: Sequence[Called]) -> str:
    """The outcomes of calls with how many there are of each."""
    found = Counter(
        "engine failed" if it.judgement.evidence == ("engine",) else it.judgement.outcome.value
        for it in called
    )
    return ", ".join(f"{outcome} {count}" for outcome, count in found.most_common())
