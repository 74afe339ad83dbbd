"""Credentials that are refused stop the polls, and no secret is shown anywhere."""

import pytest
from structlog.testing import capture_logs

from agent.simulator.dialects.tencent_records import EXTENSION_PASSWORD
from agent.states import Capability
from tests.providers.contract.contract_bench import KEY, ContractBench, contract_bench, until
from tests.providers.contract.subject import FAULTS, Subject
from tests.providers.contract.subjects import LISTING

OTHERS = 4
"""Polls of what still works, after which what was refused must not have been polled again."""
PACE = dict.fromkeys(map(str, Capability), 0.05)


async def test_a_wrong_secret_is_refused_and_stops_every_poll(subject: Subject) -> None:
    """The dialect verifies the signature by its own code: nothing gets through."""
    async with contract_bench(
        subject, secret="another-s3cret", begin=True, intervals=PACE, breaker_pause=60
    ) as bench:
        await until(lambda: is_refused(bench, subject.main), "it is refused")
        assert "not polled again before" in bench.status(subject.main).detail
        assert bench.snapshot.listing is None or subject.inventory_lists
        # Polls that need the numbers wait for them; the others were refused once each.
        sent = [it.capability for it in bench.requests]
        # Where each number is asked for, those at once are refused together.
        at_once = len(subject.inventory) if subject.inventory_lists else 1
        assert 1 <= sent.count(subject.main) <= at_once


@pytest.mark.parametrize(
    "subject",
    [it for it in LISTING if len(it.capabilities) > 1],
    ids=lambda it: it.name,
    indirect=True,
)
async def test_a_refusal_stops_its_capability_and_nothing_else(subject: Subject) -> None:
    async with contract_bench(subject, begin=True, intervals=PACE, breaker_pause=60) as bench:
        await until(lambda: polled(bench, Capability.NUMBERS), "the numbers are known")
        bench.begin("auth", Capability.NUMBERS)
        await until(lambda: is_refused(bench, Capability.NUMBERS), "the numbers are refused")
        assert bench.count("poll_failures", capability="numbers", reason="auth") == 1
        other = subject.capabilities[-1]
        seen = bench.count("poll_attempts", capability=other)
        await until(
            lambda: bench.count("poll_attempts", capability=other) >= seen + OTHERS,
            f"{other} is still polled",
        )
        assert bench.count("poll_failures", capability="numbers", reason="auth") == 1
        assert bench.status(other).failure is None


def polled(bench: ContractBench, capability: Capability) -> bool:
    snapshot = bench.fleet.get(*KEY)
    return snapshot is not None and snapshot.polls[capability].last_success is not None


def is_refused(bench: ContractBench, capability: Capability) -> bool:
    snapshot = bench.fleet.get(*KEY)
    return snapshot is not None and snapshot.polls[capability].failure == "auth"


async def test_no_secret_is_logged_shown_or_recorded(bench: ContractBench) -> None:
    quick = [fault for fault in FAULTS if fault not in {"hang", "drip"}]
    with capture_logs() as logs:
        texts = []
        for fault in quick:
            bench.begin(fault, retry_after=0)
            texts += [it.detail for it in (await bench.poll()).values()]
            bench.end()
        await bench.polled_well()
    texts += map(str, logs)
    texts += [f"{it.request} {it.detail}" for it in bench.recorder.failures(KEY)]
    texts += [it.request for it in bench.recorder.answers(KEY)]
    texts.append(repr(bench.snapshot))
    secret = bench.subject.credentials[bench.subject.secret]
    assert logs
    assert [text for text in texts if secret in text or EXTENSION_PASSWORD in text] == []
