"""The decisions about a recovery, whole: transition, reason and progress."""

import pytest
from msgspec.structs import replace

from agent.states import Grade, Scope, Severity, Stage
from agent.tickets.decide.decision import Assessment, Decision, DecisionPolicy, Finding, Transition
from agent.tickets.decide.recovery import broken_again, contradicted, evaluate_recovery, resumed
from agent.tickets.forms import Resolution
from agent.tickets.ticket import Progress, Subject, Ticket

POLICY = DecisionPolicy(recovery_polls=2, hold=120.0, reopen_window=1800.0, gone_after=600.0)
CONFIRMED = replace(POLICY, confirmation=frozenset({Grade.AAA}))
SUBJECT = Subject(Scope.NUMBER, "number_down", "north", "hq", "4006220001")
GOOD = Assessment(Finding.GOOD, "it is active", 1000.0)
NOW = 1010.0


def ticket(stage: Stage = Stage.DETECTED, **facts: object) -> Ticket:
    progress = {it: facts.pop(it) for it in Progress.__struct_fields__ if it in facts}
    return Ticket(
        "t1",
        "k1",
        1,
        SUBJECT,
        stage,
        Severity.CRITICAL,
        Grade.AAA,
        0.0,
        0.0,
        progress=Progress(**progress),
        **facts,
    )


def evaluated(
    of: Ticket,
    assessment: Assessment = GOOD,
    alert_at: float = 900.0,
    policy: DecisionPolicy = POLICY,
    now: float = NOW,
) -> list[Decision]:
    return evaluate_recovery(of, assessment, alert_at, policy, now)


def decision(transition: Transition, reason: str, **more: object) -> Decision:
    return Decision(transition, "k1", reason, **more)


def test_the_first_good_poll_is_counted() -> None:
    counted = Progress(judged_until=1000.0, good_polls=1, good_since=NOW, flaps=3)
    before = ticket(judged_until=500.0, flaps=3, blind=True, gone_since=1.0)
    assert evaluated(before) == [decision(Transition.PROGRESS, "it is active", progress=counted)]


@pytest.mark.parametrize(("judged", "alert_at"), [(1000.0, 900.0), (0.0, 1000.0)])
def test_a_poll_counts_once_and_only_if_it_is_newer_than_the_last_alert(
    judged: float, alert_at: float
) -> None:
    assert evaluated(ticket(judged_until=judged), alert_at=alert_at) == []
    again = evaluated(ticket(judged_until=judged, blind=True), alert_at=alert_at)
    assert again == [
        decision(Transition.PROGRESS, "it is active", progress=Progress(judged_until=judged))
    ]


def test_a_poll_that_ends_while_the_round_is_under_way_counts_once() -> None:
    before, now = ticket(), NOW
    for poll in range(1, POLICY.recovery_polls + 1):
        meanwhile = replace(GOOD, seen_at=now + 0.02)
        (found,) = evaluated(before, meanwhile, now=now)
        assert found.progress is not None
        assert (found.progress.good_polls, found.progress.judged_until) == (poll, now + 0.02)
        before = replace(before, progress=found.progress)
        again = evaluated(before, meanwhile, now=now + 0.01)
        assert all(it.progress == before.progress for it in again), "the same poll"
        now += 3.0


def test_a_poll_from_before_the_clock_was_set_back_does_not_count() -> None:
    assert evaluated(ticket(), replace(GOOD, seen_at=NOW + 3600.0)) == []


def test_enough_good_polls_are_a_recovery_that_is_held() -> None:
    once = ticket(judged_until=950.0, good_polls=1, good_since=960.0)
    verified = Progress(judged_until=1000.0, good_polls=2, good_since=960.0, verified_at=NOW)
    assert evaluated(once) == [
        decision(
            Transition.OBSERVE, "it is active, seen in 2 polls; held for 120 s", progress=verified
        )
    ]


@pytest.mark.parametrize(
    ("stage", "flaps"),
    [(Stage.SUPPRESSED, 0), (Stage.OBSERVING, 0), (Stage.RESTORED, 0), (Stage.DETECTED, 1)],
)
def test_the_hold_of_some_tickets_is_not_recorded(stage: Stage, flaps: int) -> None:
    once = ticket(stage, good_polls=1, good_since=960.0, flaps=flaps)
    (found,) = evaluated(once)
    assert (found.transition, found.reason) == (Transition.PROGRESS, "it is active")
    assert found.progress is not None
    assert found.progress.verified_at == NOW


def held(stage: Stage = Stage.OBSERVING, since: float = NOW - 120.0, **more: object) -> Ticket:
    return ticket(
        stage, judged_until=1000.0, good_polls=5, good_since=800.0, verified_at=since, **more
    )


CLOSED = decision(Transition.CLOSE, "recovery verified and held")
PROOF = "it is active; seen in 5 polls and held for 120 s"


def test_a_recovery_that_held_restores_and_closes() -> None:
    assert evaluated(held(since=NOW - 119.0)) == []
    restored = decision(Transition.RESTORE, PROOF, progress=held().progress)
    assert evaluated(held()) == [restored, CLOSED]
    flapped = evaluated(held(flaps=2))
    assert flapped[0].reason == PROOF + ", after coming back 2 times"


def test_a_ticket_that_waits_for_its_confirmation_is_restored_and_stays() -> None:
    restored = decision(Transition.RESTORE, PROOF, progress=held().progress)
    assert evaluated(held(), policy=CONFIRMED) == [restored]
    assert evaluated(held(Stage.RESTORED), policy=CONFIRMED) == []
    assert evaluated(held(Stage.RESTORED)) == [CLOSED]
    newer = Assessment(Finding.GOOD, "it is active", 1005.0)
    seen = replace(held().progress, judged_until=1005.0, good_polls=6)
    assert evaluated(held(Stage.RESTORED), newer) == [
        decision(Transition.PROGRESS, "it is active", progress=seen),
        CLOSED,
    ]


def test_a_single_poll_is_enough_where_one_is_asked_for() -> None:
    quick = replace(POLICY, recovery_polls=1, hold=0.0)
    found = evaluated(ticket(), policy=quick)
    assert [it.transition for it in found] == [Transition.RESTORE, Transition.CLOSE]
    assert found[0].reason == "it is active; seen in 1 polls and held for 0 s"


UNKNOWN = Assessment(Finding.UNKNOWN, "no fresh numbers", 1.0)


def test_data_that_stops_coming_is_said_once_and_starts_the_count_anew() -> None:
    blind = Progress(judged_until=950.0, flaps=2, blind=True)
    counted = ticket(judged_until=950.0, flaps=2, good_polls=1, good_since=3.0)
    assert evaluated(counted, UNKNOWN) == [
        decision(
            Transition.BLIND,
            "data stopped coming, the ticket stays open: no fresh numbers",
            progress=blind,
        )
    ]
    assert evaluated(ticket(blind=True), UNKNOWN) == []
    assert evaluated(ticket(gone_since=5.0), UNKNOWN) == []


GONE = Assessment(Finding.GONE, "it is no longer listed", 1000.0)


def test_a_subject_that_is_gone_ends_the_ticket_after_a_while() -> None:
    missed = Progress(judged_until=950.0, flaps=2, gone_since=NOW)
    assert evaluated(ticket(judged_until=950.0, flaps=2, good_polls=1), GONE) == [
        decision(
            Transition.MISS,
            "it is no longer listed; closed in 600 s unless it comes back",
            progress=missed,
        )
    ]
    assert evaluated(ticket(gone_since=NOW - 599.0), GONE) == []
    assert evaluated(ticket(gone_since=NOW - 600.0), GONE) == [
        decision(Transition.END, "it is no longer listed, for 600 s", resolution=Resolution.GONE)
    ]
    assert evaluated(ticket(Stage.RESTORED, gone_since=NOW - 600.0), GONE) == []


BAD = Assessment(Finding.BAD, "it is suspended", 1000.0)


def test_a_fault_that_is_still_there_starts_the_count_anew() -> None:
    fresh = Progress(judged_until=950.0, flaps=1)
    counted = ticket(judged_until=950.0, flaps=1, good_polls=1, good_since=960.0)
    assert evaluated(counted, BAD) == [
        decision(Transition.PROGRESS, "still bad: it is suspended", progress=fresh)
    ]
    assert evaluated(ticket(judged_until=950.0, flaps=1), BAD) == []


@pytest.mark.parametrize(
    ("stage", "flaps", "transition"),
    [
        (Stage.OBSERVING, 0, Transition.REARM),
        (Stage.OBSERVING, 1, Transition.PROGRESS),
        (Stage.RESTORED, 1, Transition.REARM),
    ],
)
def test_coming_back_during_the_hold_is_a_flap(
    stage: Stage, flaps: int, transition: Transition
) -> None:
    flapped = Progress(judged_until=1000.0, flaps=flaps + 1)
    expected = [decision(transition, "came back while held: it fires", progress=flapped)]
    assert broken_again(held(stage, flaps=flaps), "it fires") == expected


def test_a_claimed_restoration_is_believed_for_as_long_as_a_hold() -> None:
    claimed = ticket(
        Stage.RESTORED, restored_at=NOW - 121.0, judged_until=7.0, flaps=2, good_polls=1
    )
    withdrawn = [
        decision(
            Transition.REARM,
            "said to be restored 121 s ago and is not: it is suspended",
            progress=Progress(judged_until=7.0, flaps=2),
        )
    ]
    assert contradicted(claimed, "it is suspended", POLICY, NOW) == withdrawn
    assert evaluated(claimed, BAD) == withdrawn
    assert contradicted(replace(claimed, restored_at=NOW - 120.0), "x", POLICY, NOW) == []
    assert contradicted(replace(claimed, stage=Stage.DETECTED), "x", POLICY, NOW) == []
    assert contradicted(replace(claimed, restored_at=None), "x", POLICY, NOW) == []
    assert contradicted(held(Stage.RESTORED, restored_at=1.0), "x", POLICY, NOW) == []


def test_after_a_stop_the_hold_starts_anew_and_nothing_lies_ahead() -> None:
    ahead = resumed(held(), 500.0, 60.0).progress
    assert (ahead.judged_until, ahead.good_since, ahead.verified_at) == (500.0, 500.0, 500.0)
    past = resumed(held(), 2000.0, 60.0).progress
    assert (past.judged_until, past.good_since, past.verified_at) == (1000.0, 800.0, 2000.0)
    assert past.good_polls == 5
    fresh = resumed(ticket(judged_until=5.0), 2000.0, 60.0).progress
    assert fresh == Progress(judged_until=5.0)
