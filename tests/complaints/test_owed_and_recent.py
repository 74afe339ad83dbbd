"""What complaints are owed, also when their tickets are closed, and how many callers complain."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.complaints import owed
from agent.complaints.complaint import WINDOW, Complaint, Deadline, Step
from agent.complaints.owed import OwedSteps
from agent.complaints.repository import ComplaintRepository, Obligations
from agent.complaints.series import ComplaintSeries, recent_callers
from agent.store.database import Database
from exporters.telemetry import Telemetry
from tests.complaints.test_repository import NUMBER, report

NOW = 1_800_000_000.0
ACCOUNTS = {NUMBER: ("north", "hq")}
OWED = Obligations((Deadline(Step.REPLY, NOW), Deadline(Step.SOLVE, NOW + 100)))


def complaint(who: str, at: float, number: str = NUMBER) -> Complaint:
    return Complaint(id=f"{who}{at}", number=number, at=at, received_at=at, who=who)


def late(complaints: ComplaintRepository, now: float) -> dict[Step, int]:
    return {step: count for step, count in complaints.owed.overdue(now).items() if count}


async def test_a_step_is_overdue_until_it_is_done_whether_the_ticket_is_closed_or_not(
    database: Database,
) -> None:
    complaints = await ComplaintRepository.open(database)
    assert set(complaints.owed.overdue(NOW).values()) == {0}
    made = await complaints.add("a", report("13900001111", NOW - 50), OWED, 10, NOW - 50)
    assert made is not None
    assert late(complaints, NOW) == {}
    assert late(complaints, NOW + 1) == {Step.REPLY: 1}
    await complaints.update({}, ["a"], NOW)  # its ticket is closed
    for opened in (complaints, await ComplaintRepository.open(database)):
        assert late(opened, NOW + 101) == {Step.REPLY: 1, Step.SOLVE: 1}
    stored = await complaints.find("a")
    assert stored is not None
    done = (replace(OWED.deadlines[0], done_at=NOW + 2), OWED.deadlines[1])
    changed = replace(stored, complaint=replace(stored.complaint, deadlines=done))
    await complaints.update({"a": changed}, (), NOW + 2)
    for opened in (complaints, await ComplaintRepository.open(database)):
        assert late(opened, NOW + 101) == {Step.SOLVE: 1}


def test_so_many_complaints_are_held_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(owed, "MOST_COMPLAINTS", 3)
    steps = OwedSteps({str(it): (Deadline(Step.REPLY, float(it)),) for it in range(5)})
    assert steps.overdue(NOW)[Step.REPLY] == 3
    assert steps.overdue(2.5)[Step.REPLY] == 1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 2 * WINDOW)), max_size=8))
def test_a_caller_counts_once_and_not_for_longer_than_half_an_hour(
    made: list[tuple[str, float]],
) -> None:
    complaints = [complaint(who, NOW - age) for who, age in made]
    expected = len({who for who, age in made if NOW - age > NOW - WINDOW})
    found = recent_callers(complaints, ACCOUNTS, NOW)
    assert found == ({("north", "hq", NUMBER): expected} if expected else {})


def test_a_number_that_no_account_lists_is_left_out() -> None:
    assert recent_callers([complaint("a", NOW, "4009")], ACCOUNTS, NOW) == {}


def shown(telemetry: Telemetry) -> Iterable[tuple[str, float]]:
    return [
        (sample.labels["number"], sample.value)
        for metric in telemetry.complaints_recent.collect()
        for sample in metric.samples
    ]


def test_a_number_nobody_complains_about_any_more_has_no_series() -> None:
    telemetry = Telemetry()
    series = ComplaintSeries(telemetry)
    series.show({("north", "hq", NUMBER): 2}, {})
    assert shown(telemetry) == [(NUMBER, 2)]
    series.show({}, {})
    assert shown(telemetry) == []


def test_a_replica_that_decides_no_more_shows_no_counts() -> None:
    """The control: without it two replicas would show them, one of them for ever."""
    telemetry = Telemetry()
    series = ComplaintSeries(telemetry)
    series.show({("north", "hq", NUMBER): 2}, {Step.REPLY: 1})
    assert [len(metric.samples) for metric in telemetry.complaints_overdue.collect()] == [1]
    series.withdraw()
    assert shown(telemetry) == []
    assert [len(metric.samples) for metric in telemetry.complaints_overdue.collect()] == [0]
    series.show({("north", "hq", NUMBER): 1}, {})
    assert shown(telemetry) == [(NUMBER, 1)]
