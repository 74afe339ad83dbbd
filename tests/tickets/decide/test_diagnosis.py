"""When a diagnosis is taken, what of it is news, and what several numbers share."""

from msgspec.structs import replace

from agent.fleet import Fleet
from agent.states import Cause, Party, Stage
from agent.tickets.decide.decision import (
    Decision,
    Transition,
)
from agent.tickets.decide.diagnosis import (
    FaultDiagnoser,
    is_conclusive,
    is_material,
    shared,
    verdict_on,
)
from agent.tickets.text import text_of
from agent.tickets.ticket import Subject
from agent.verdict import Evidence, Verdict
from tests.account_facts import make_settings
from tests.tickets.decide.test_decide_steps import API, COMMON, FAULT, KEY, NOW, NUMBER, ticket
from tests.tickets.scene import verdict

SETTINGS = make_settings()

ARREARS, UNCLEAR = verdict(), verdict(Cause.UNKNOWN)
FROZEN = verdict(Cause.NO_BINDING)


def test_a_verdict_that_names_a_cause_is_conclusive() -> None:
    unclear = (Cause.UNKNOWN, Cause.MONITORING_BLIND, Cause.HEALTHY)
    assert not any(is_conclusive(verdict(cause)) for cause in unclear)
    assert is_conclusive(ARREARS)
    assert not is_conclusive(None)


def test_what_several_have_in_common_is_the_most_frequent_cause() -> None:
    found = shared([None, UNCLEAR, FROZEN, ARREARS, replace(ARREARS, contact="other")])
    assert found == replace(ARREARS, number="")
    assert shared([None, UNCLEAR]) is None
    assert shared([]) is None
    assert shared([FROZEN, ARREARS]) == replace(FROZEN, number="")


def test_samples_are_diagnosed_where_the_subject_is_not() -> None:
    asked: list[Subject] = []

    def diagnose(subject: Subject) -> Verdict | None:
        asked.append(subject)
        return ARREARS if subject is NUMBER else UNCLEAR

    assert verdict_on(API, (NUMBER,), diagnose) == replace(ARREARS, number="")
    assert verdict_on(API, (), diagnose) == UNCLEAR
    assert verdict_on(API, (COMMON,), diagnose) == UNCLEAR
    asked.clear()
    assert verdict_on(NUMBER, (COMMON,), diagnose) == ARREARS
    assert asked == [NUMBER]


def answered(value: str) -> Verdict:
    return replace(ARREARS, evidence=(Evidence("since when", value, "answer"),))


def test_only_what_people_did_not_know_is_material() -> None:
    assert is_material(None, UNCLEAR)
    assert not is_material(ARREARS, None)
    assert not is_material(None, None)
    assert not is_material(ARREARS, replace(ARREARS, confidence=0.1, evidence=()))
    assert is_material(ARREARS, FROZEN)
    assert is_material(ARREARS, replace(ARREARS, party=Party.ADMIN))
    assert is_material(UNCLEAR, ARREARS)
    assert not is_material(ARREARS, UNCLEAR)
    assert is_material(UNCLEAR, verdict(Cause.MONITORING_BLIND))


def test_a_diagnosis_is_due_at_intervals_and_never_for_a_suppressed_ticket() -> None:
    diagnoser = FaultDiagnoser(lambda _subject, _fleet, _now: ARREARS)
    stored = ticket(NUMBER, diagnosed_at=100.0)
    assert not diagnoser.is_due(stored, 60.0, 159.0)
    assert diagnoser.is_due(stored, 60.0, 160.0)
    assert not diagnoser.is_due(replace(stored, stage=Stage.SUPPRESSED), 60.0, 160.0)
    assert diagnoser.verdict_on(FAULT, Fleet(), 150.0) == ARREARS
    assert not diagnoser.is_due(stored, 60.0, 209.0)
    diagnoser.retain({KEY})
    assert not diagnoser.is_due(stored, 60.0, 209.0)
    diagnoser.retain({"another"})
    assert diagnoser.is_due(stored, 60.0, 209.0)


def test_a_revision_says_what_it_was_before() -> None:
    asked: list[tuple[Subject, float]] = []

    def diagnose(subject: Subject, _fleet: Fleet, now: float) -> Verdict | None:
        asked.append((subject, now))
        return ARREARS

    diagnoser = FaultDiagnoser(diagnose)
    reason = "number_suspended_arrears, for finance; before: "
    for before, named_before in ((None, "no diagnosis"), (UNCLEAR, "unknown")):
        of = ticket(NUMBER, diagnosis=before)
        assert diagnoser.revision(of, FAULT, Fleet(), NOW, SETTINGS) == Decision(
            Transition.DIAGNOSIS,
            KEY,
            reason + named_before,
            verdict=ARREARS,
            text=text_of(NUMBER, FAULT.alerts[0], ARREARS, SETTINGS.locale, SETTINGS.timezone),
        )
    assert asked == [(NUMBER, NOW)] * 2
    same = ticket(NUMBER, diagnosis=ARREARS)
    assert diagnoser.revision(same, FAULT, Fleet(), NOW, SETTINGS) is None
    silent = FaultDiagnoser(lambda _subject, _fleet, _now: None)
    assert silent.revision(same, FAULT, Fleet(), NOW, SETTINGS) is None
