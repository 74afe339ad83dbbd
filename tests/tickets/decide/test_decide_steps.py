"""The decisions of one round, whole, from views made by hand."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from agent.model import Alert
from agent.states import Grade, Scope, Severity, Stage
from agent.tickets.decide.decide import OTHER_CAUSE, RESTORED, decide
from agent.tickets.decide.decision import (
    Assessment,
    Decision,
    DecisionPolicy,
    Finding,
    Transition,
    by_ticket,
)
from agent.tickets.decide.faults import Fault, Traits
from agent.tickets.decide.view import View, watched_subjects
from agent.tickets.key import key_of
from agent.tickets.ticket import Member, Progress, Severe, Subject, Ticket
from tests.tickets.scene import alert, settings

POLICY = DecisionPolicy(recovery_polls=2, hold=120.0, reopen_window=1800.0)
NOW = 10_000.0
NUMBER = Subject(Scope.NUMBER, "number_down", "north", "hq", "4006220001")
API = Subject(Scope.PROVIDER, "provider_api", "north")
COMMON = Subject(Scope.PROVIDER, "provider_outage", "north")
CARRIER = Subject(Scope.CARRIER, "carrier_outage", carrier="unicom")


def named(name: str) -> Alert:
    return replace(alert(name), name=name)


def fault(
    subject: Subject,
    since: float = 9000.0,
    name: str = "Down",
    severity: Severity = Severity.CRITICAL,
) -> Fault:
    return Fault(key_of(subject), subject, severity, since, (named(name),))


def ticket(subject: Subject, stage: Stage = Stage.DETECTED, **facts: object) -> Ticket:
    key = key_of(subject)
    return replace(
        Ticket(
            f"id of {subject.symptom}",
            key,
            1,
            subject,
            stage,
            Severity.CRITICAL,
            Grade.A,
            9000.0,
            9000.0,
        ),
        **facts,
    )


def decided(
    *of: Fault | Ticket,
    closed: tuple[Ticket, ...] = (),
    muted: tuple[Ticket, ...] = (),
    evidence: Mapping[Subject, Assessment] | None = None,
    pending: tuple[Subject, ...] = (),
    traits: Mapping[Subject, Traits] | None = None,
    alerts_at: float = 9500.0,
) -> list[Decision]:
    tickets = {it.key: it for it in of if isinstance(it, Ticket)}
    subjects = [it.subject for it in (*of, *closed, *muted)]
    members = [it for one in tickets.values() for it in one.members]
    view = View(
        tickets=tickets,
        closed={it.key: it for it in closed},
        faults={it.key: it for it in of if isinstance(it, Fault)},
        pending=frozenset(map(key_of, pending)),
        evidence={key_of(it): found for it, found in (evidence or {}).items()},
        last_alert_at=dict.fromkeys(
            [*map(key_of, subjects), *(member.key for member in members)], alerts_at
        ),
        policy=POLICY,
        muted={it.key: it for it in muted},
        traits={key_of(it): known for it, known in (traits or {}).items()},
    )
    return decide(view, NOW)


KEY = key_of(NUMBER)
FAULT = fault(NUMBER)


def test_a_new_fault_opens_a_ticket() -> None:
    assert decided(FAULT) == [Decision(Transition.OPEN, KEY, "Down fires", FAULT)]
    assert Decision(Transition.OPEN, KEY, "").opens
    assert Decision(Transition.REOPEN, KEY, "").opens
    assert not Decision(Transition.CLOSE, KEY, "").opens


def closed(ago: float, **facts: object) -> Ticket:
    return ticket(NUMBER, Stage.CLOSED, closed_at=NOW - ago, **facts)


@pytest.mark.parametrize(
    ("before", "transition", "reason"),
    [
        (closed(800.0), Transition.REOPEN, "Down fires again 800 s after it was closed"),
        (closed(1800.0), Transition.REOPEN, "Down fires again 1800 s after it was closed"),
        (
            closed(1801.0),
            Transition.OPEN,
            "Down fires; the last episode, id of number_down, ended 1801 s ago",
        ),
        (
            closed(120.0, closed_by="li", resolution="restored"),
            Transition.REOPEN,
            "li closed it as restored 120 s ago, and Down fires still",
        ),
        (
            closed(1000.0, closed_by="li", resolution="restored"),
            Transition.REOPEN,
            "li closed it as restored 1000 s ago, and Down fires still",
        ),
        (
            closed(1001.0, closed_by="li", resolution="restored"),
            Transition.REOPEN,
            "Down fires again 1001 s after it was closed",
        ),
        (
            closed(500.0, closed_by="li", resolution="wont_fix"),
            Transition.MUTE,
            "Down fires on; li closed it as wont_fix, so it is left alone until it is over",
        ),
        (
            closed(1800.0, closed_by="li", resolution="false_alarm"),
            Transition.MUTE,
            "Down fires on; li closed it as false_alarm, so it is left alone until it is over",
        ),
        (
            closed(1801.0, closed_by="li", resolution="wont_fix"),
            Transition.OPEN,
            "Down fires; the last episode, id of number_down, ended 1801 s ago",
        ),
        (replace(closed(500.0), closed_at=None), Transition.OPEN, "Down fires"),
    ],
)
def test_a_fault_after_its_ticket_was_closed(
    before: Ticket, transition: Transition, reason: str
) -> None:
    assert decided(FAULT, closed=(before,)) == [Decision(transition, KEY, reason, FAULT)]


def test_a_rejected_ticket_is_muted_and_a_repair_is_believed_for_a_hold() -> None:
    rejected = replace(closed(500.0, closed_by="li"), stage=Stage.REJECTED)
    (mute,) = decided(FAULT, closed=(rejected,))
    assert mute.transition is Transition.MUTE
    assert decided(FAULT, closed=(closed(119.0, closed_by="li", resolution="restored"),)) == []
    (agents,) = decided(FAULT, closed=(closed(119.0, resolution="wont_fix"),))
    assert agents.transition is Transition.REOPEN


def test_a_muted_fault_is_left_alone_and_unmuted_when_it_is_over() -> None:
    muted = ticket(NUMBER, Stage.CLOSED, muted=True)
    assert decided(FAULT, muted=(muted,)) == []
    good = Assessment(Finding.GOOD, "it is active", 9900.0)
    (counted,) = decided(muted=(muted,), evidence={NUMBER: good})
    assert (counted.transition, counted.reason) == (Transition.PROGRESS, "it is active")
    held = replace(
        muted,
        progress=Progress(judged_until=9900.0, good_polls=2, good_since=1.0, verified_at=NOW - 120),
    )
    reason = "it is active; seen in 2 polls and held for 120 s"
    assert decided(muted=(held,), evidence={NUMBER: good}) == [
        Decision(Transition.UNMUTE, KEY, reason)
    ]
    assert decided(muted=(held,), evidence={NUMBER: good}, pending=(NUMBER,)) == []
    assert decided(muted=(held,)) == []
    unknown = Assessment(Finding.UNKNOWN, "no data")
    (blind,) = decided(muted=(held,), evidence={NUMBER: unknown})
    assert blind.transition is Transition.PROGRESS
    gone = replace(muted, progress=Progress(gone_since=0.0))
    assert decided(muted=(gone,), evidence={NUMBER: Assessment(Finding.GONE, "no more")}) == []


def test_a_lasting_fault_is_no_news() -> None:
    assert decided(FAULT, ticket(NUMBER)) == []


def test_another_severity_says_in_which_direction() -> None:
    milder = fault(NUMBER, severity=Severity.INFO)
    lowered = Decision(
        Transition.SEVERITY,
        KEY,
        "lowered from critical to info: Down",
        milder,
        severity=Severity.INFO,
    )
    assert decided(milder, ticket(NUMBER)) == [lowered]
    mild = ticket(NUMBER, severity=Severity.WARNING)
    (raised,) = decided(FAULT, mild)
    assert raised.reason == "raised from warning to critical: Down"
    severe = ticket(NUMBER, severe=Severe(5.0, "long"))
    assert decided(milder, severe) == []


def test_a_fault_that_comes_back_during_its_hold_or_after_a_claim() -> None:
    held = ticket(NUMBER, Stage.OBSERVING, progress=Progress(verified_at=9900.0))
    (rearm,) = decided(FAULT, held)
    assert (rearm.transition, rearm.reason) == (
        Transition.REARM,
        "came back while held: Down fires",
    )
    claimed = ticket(NUMBER, Stage.RESTORED, restored_at=NOW - 500)
    (withdrawn,) = decided(FAULT, claimed)
    assert withdrawn.reason == "said to be restored 500 s ago and is not: Down fires"
    (pending,) = decided(held, pending=(NUMBER,))
    assert pending.reason == "came back while held: an alert's condition holds again"


def test_without_an_alert_the_facts_decide() -> None:
    good = Assessment(Finding.GOOD, "it is active", 9900.0)
    (counted,) = decided(ticket(NUMBER), evidence={NUMBER: good})
    assert (counted.transition, counted.key) == (Transition.PROGRESS, KEY)
    assert decided(ticket(NUMBER), evidence={NUMBER: good}, alerts_at=9900.0) == []
    assert decided(ticket(NUMBER)) == []


def test_a_suppressed_ticket_is_released_when_its_root_is_over() -> None:
    suppressed = ticket(NUMBER, Stage.SUPPRESSED, parent="id of provider_api")
    root = ticket(API)
    assert decided(suppressed, root) == []
    assert decided(suppressed) == [Decision(Transition.RELEASE, KEY, "the wider fault is over")]
    assert decided(suppressed, FAULT) == [
        Decision(Transition.RELEASE, KEY, "the wider fault is over, this one is not")
    ]


EARLY = fault(API, 8000.0, "ApiDown")
JOIN = Decision(
    Transition.JOIN,
    EARLY.key,
    "Down fires for it, explained by provider_api of the provider",
    member_key=KEY,
    member=NUMBER,
)
MEMBER = Member(KEY, NUMBER, 9000.0)


def test_a_fault_joins_its_root_and_its_own_ticket_is_suppressed() -> None:
    opened = Decision(Transition.OPEN, EARLY.key, "ApiDown fires", EARLY)
    assert decided(FAULT, EARLY) == [opened, JOIN]
    root = ticket(API)
    assert decided(FAULT, EARLY, root) == [JOIN]
    member = replace(root, members=(MEMBER,))
    assert decided(FAULT, EARLY, member) == []
    suppress = Decision(
        Transition.SUPPRESS, KEY, "explained by provider_api of the provider", parent=EARLY.key
    )
    assert decided(FAULT, EARLY, member, ticket(NUMBER)) == [suppress]
    assert decided(FAULT, EARLY, root, ticket(NUMBER)) == [JOIN, suppress]
    already = ticket(NUMBER, Stage.SUPPRESSED, parent=root.id)
    assert decided(FAULT, EARLY, member, already) == []


def test_below_a_muted_root_a_fault_joins_and_opens_nothing() -> None:
    muted = ticket(API, Stage.CLOSED, muted=True)
    assert decided(FAULT, EARLY, muted=(muted,)) == [JOIN]
    # A ticket that is open already goes on by itself.
    assert decided(FAULT, EARLY, ticket(NUMBER), muted=(muted,)) == []


def left(reason: str, left_for: str, root: Subject = API) -> Decision:
    return Decision(
        Transition.LEAVE,
        key_of(root),
        reason,
        member_key=KEY,
        member=NUMBER,
        left_for=left_for,
    )


def test_a_member_leaves_when_it_is_restored_or_has_another_cause() -> None:
    root = ticket(API, members=(MEMBER,))
    good = Assessment(Finding.GOOD, "it is active", 9500.5)
    assert decided(EARLY, root, evidence={NUMBER: good}) == [
        left("restored: it is active", RESTORED)
    ]
    for stays in (replace(good, seen_at=9500.0), replace(good, finding=Finding.UNKNOWN)):
        assert decided(EARLY, root, evidence={NUMBER: stays}) == []
    gone = replace(MEMBER, left_at=9600.0)
    assert decided(EARLY, ticket(API, members=(gone,)), evidence={NUMBER: good}) == []


OUT = Traits(carrier="unicom")


def test_a_common_cause_is_handed_over_to_the_one_that_explains_its_members() -> None:
    common = ticket(COMMON, members=(MEMBER,))
    wider = fault(CARRIER, 8500.0, "CarrierDown")
    found = decided(FAULT, common, wider, ticket(CARRIER), traits={NUMBER: OUT})
    suppress = Decision(
        Transition.SUPPRESS,
        key_of(COMMON),
        "its numbers are explained by carrier_outage of the carrier",
        parent=key_of(CARRIER),
    )
    assert suppress in found
    assert left("it has another cause", OTHER_CAUSE, COMMON) in found


def test_the_widest_faults_are_decided_first_and_openings_come_first_by_ticket() -> None:
    account = fault(Subject(Scope.ACCOUNT, "balance", "south", "shop"), name="Balance")
    phone = fault(replace(NUMBER, scope=Scope.BINDING, symptom="x", account="b", binding="b1"))
    keys = [it.key for it in decided(phone, FAULT, account)]
    assert keys == [account.key, FAULT.key, phone.key]
    late = Decision(Transition.JOIN, "a", "joins")
    opens = Decision(Transition.OPEN, "a", "opens")
    other = Decision(Transition.CLOSE, "b", "closes")
    assert by_ticket([late, other, opens]) == {"a": [opens, late], "b": [other]}


def test_subjects_of_tickets_and_present_members_are_watched() -> None:
    gone = Member("k9", replace(NUMBER, number="9"), 1.0, left_at=2.0)
    root = ticket(API, members=(MEMBER, gone))
    assert watched_subjects([root]) == {root.key: API, KEY: NUMBER}


def test_the_policy_is_what_the_settings_say() -> None:
    section = settings(gone_after="2h", confirmation={"grades": ["AAA"]}).tickets
    expected = DecisionPolicy(2, 120.0, 1800.0, frozenset({Grade.AAA}), 7200.0)
    assert DecisionPolicy.of(section) == expected
