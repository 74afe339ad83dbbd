"""Whether calls at once and recordings are well again, and why."""

import msgspec
import pytest

from agent.model import CallOutcome, Snapshot
from agent.states import CallResult
from agent.tickets.decide.decision import Finding
from tests.account_facts import NOW, ROUTING, make_snapshot, number
from tests.tickets.decide.test_reasons_of_facts import DAY, NUMBER, assessed

GOOD, BAD, UNKNOWN = Finding.GOOD, Finding.BAD, Finding.UNKNOWN


def kept(**facts_of_number: object) -> Snapshot:
    routing = msgspec.structs.replace(ROUTING, retention_days=30.0)
    return make_snapshot(number(NUMBER, **facts_of_number), routings={NUMBER: routing})


def busy(count: int) -> Snapshot:
    call = CallOutcome(NOW - 60, CallResult.ANSWERED, "b1", 5.0, 40.0)
    return make_snapshot(recent_calls={NUMBER: (call,) * count})


def unrecorded() -> Snapshot:
    routing = msgspec.structs.replace(ROUTING, recording=False)
    return make_snapshot(number(NUMBER), routings={NUMBER: routing})


CASES = [
    (kept(recordings_pending=0), "recordings", GOOD, f"every recording of {NUMBER} is exported"),
    (kept(), "recordings", UNKNOWN, f"when recordings of {NUMBER} are deleted is not known"),
    (
        kept(recording_oldest_at=NOW - 27 * DAY - 1),
        "recordings",
        BAD,
        f"a recording of {NUMBER} is deleted within three days",
    ),
    (
        kept(recording_oldest_at=NOW - 27 * DAY),
        "recordings",
        GOOD,
        f"no recording of {NUMBER} is deleted within three days",
    ),
    (unrecorded(), "recordings", GOOD, f"{NUMBER} is not recorded"),
    (busy(2), "capacity", GOOD, f"{NUMBER} had 2 of at most 10 calls at once"),
    (busy(9), "capacity", BAD, f"{NUMBER} had 9 of at most 10 calls at once"),
    (
        make_snapshot(),
        "capacity",
        UNKNOWN,
        f"how many calls at once {NUMBER} has or may have is not known",
    ),
]


@pytest.mark.parametrize(("snapshot", "symptom", "finding", "reason"), CASES)
def test_a_finding_has_its_reason(
    snapshot: Snapshot, symptom: str, finding: Finding, reason: str
) -> None:
    assessment = assessed(snapshot, symptom)
    assert assessment is not None
    assert (assessment.finding, assessment.reason) == (finding, reason)
