"""A source's messages are ordered by the times in them, whatever order they arrive in."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.webhooks.alertmanager.external_alert import (
    LATE_REPEAT_SECONDS,
    AlertStatus,
    ExternalAlert,
    MergeOutcome,
    ResolveTrust,
    merge,
)
from agent.webhooks.alertmanager.payload import SourceAlert
from tests.webhooks.conftest import FOREIGN, START

BELIEVED = ResolveTrust()
TO_CONFIRM = ResolveTrust(needs_confirmation=True)


def report(start: float, end: float | None = None) -> SourceAlert:
    return SourceAlert("f", FOREIGN, {}, firing=end is None, starts_at=start, ends_at=end)


def merged(
    reports: list[tuple[SourceAlert, float]], trust: ResolveTrust = BELIEVED
) -> ExternalAlert | None:
    alert: ExternalAlert | None = None
    for source_alert, now in reports:
        alert, _outcome = merge(alert, source_alert, trust, now)
    return alert


EPISODES = st.lists(st.tuples(st.floats(1, 100), st.floats(1, 100)), min_size=1, max_size=4)


def story(episodes: list[tuple[float, float]], *, ends: bool) -> list[SourceAlert]:
    """Firings and resolves one after the other; the last firing ends or not."""
    now, reports = START, []
    for lasts, pause in episodes:
        reports += [report(now), report(now, now + lasts)]
        now += lasts + pause
    return reports if ends else reports[:-1]


@settings(deadline=None)
@given(EPISODES, st.booleans(), st.data())
def test_repeats_and_late_messages_change_nothing(
    episodes: list[tuple[float, float]], ends: bool, data: st.DataObject
) -> None:
    reports = story(episodes, ends=ends)
    now = START + 1000.0
    alert: ExternalAlert | None = None
    for index, source_alert in enumerate(reports):
        alert, _outcome = merge(alert, source_alert, BELIEVED, now)
        for again in data.draw(st.lists(st.sampled_from(reports[: index + 1]), max_size=3)):
            alert, outcome = merge(alert, again, BELIEVED, now)
            assert outcome not in (MergeOutcome.FIRED, MergeOutcome.RESOLVED)
    assert alert is not None
    assert alert.counts_as_firing is not ends


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1e4), st.booleans()), max_size=20))
def test_no_messages_ever_break_an_alert(changes: list[tuple[float, bool]]) -> None:
    reports = [
        (report(START + at, START + at + 1 if resolved else None), START + at)
        for at, resolved in changes
    ]
    alert = merged(reports)
    if alert is not None:
        assert alert.started_at <= alert.newest_start <= max(at for _alert, at in reports)


def test_a_late_firing_is_believed_once_it_can_be_no_repeat() -> None:
    resolved = merged([(report(START), START), (report(START, START + 9), START + 10)])
    assert resolved is not None
    late, outcome = merge(resolved, report(START), BELIEVED, START + 10 + LATE_REPEAT_SECONDS - 1)
    assert (late, outcome) == (resolved, MergeOutcome.LATE)
    again, outcome = merge(resolved, report(START), BELIEVED, START + 10 + LATE_REPEAT_SECONDS)
    assert outcome is MergeOutcome.FIRED
    assert again is not None
    assert again.counts_as_firing


def test_a_foreign_resolve_counts_as_firing_until_it_is_confirmed() -> None:
    reports = [(report(START), START), (report(START, START + 9), START + 10)]
    pending = merged(reports, TO_CONFIRM)
    assert pending is not None
    assert (pending.status, pending.counts_as_firing) == (AlertStatus.RESOLVE_PENDING, True)
    back, outcome = merge(pending, report(START + 11), TO_CONFIRM, START + 12)
    assert outcome is MergeOutcome.FIRED
    assert back is not None
    assert (back.status, back.started_at) == (AlertStatus.FIRING, START)


def test_the_stored_names_stay() -> None:
    alert = merged([(report(START), START)])
    stored = msgspec.to_builtins(alert)
    assert (stored["standing"], "status" in stored) == ("firing", False)
    assert msgspec.convert(stored, ExternalAlert) == alert
    assert [status.value for status in AlertStatus] == ["firing", "ending", "over"]
