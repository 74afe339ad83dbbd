"""From evidence to an outcome: the order of evidence, contradictions, and what stays unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.probing.hearing.fingerprint import UNKNOWN, Match
from agent.probing.hearing.quality import Reception
from agent.probing.hearing.tone_table import ToneKind
from agent.probing.hearing.tones import ToneHeard
from agent.probing.observation import Ended, Hearing, Observation, Signalling
from agent.probing.outcome import CallOutcome, outcome_of

BUSY = ToneHeard(ToneKind.BUSY, 0, 4, 0.97)
RINGBACK = ToneHeard(ToneKind.RINGBACK, 0, 10, 0.9)
SUSPENDED = Match("suspended", 0.9, 0.5, 0.93)
SPOKEN = Hearing(3.0, 0.2)


def early(*tones: ToneHeard, match: Match = UNKNOWN) -> Hearing:
    return Hearing(6.0, 0.3, tones=tones, announcement=match)


def answered(talk: Hearing, received: int = 150) -> Observation:
    signalling = Signalling(200, answered=2.0, duration=5.0, ended=Ended.CALLER)
    return Observation(signalling, talk=talk, reception=Reception(received, sent=150))


def test_a_call_that_nothing_decides_says_that_our_engine_stood_still() -> None:
    hint, decided = Signalling(480), Signalling(486)
    assert outcome_of(Observation(hint, stood_still=0.4)).evidence == ("sip:480",)
    judged = outcome_of(Observation(hint, stood_still=0.6))
    assert (judged.outcome, judged.evidence) == (
        CallOutcome.UNKNOWN,
        ("sip:480", "engine:starved"),
    )
    assert outcome_of(Observation(stood_still=0.6)).evidence == ("engine:starved",)
    assert outcome_of(Observation(decided, stood_still=9.0)).evidence == ("sip:486",)


CASES = {
    "the cause goes before the status": (
        Observation(Signalling(480, cause=17)),
        CallOutcome.BUSY,
        "q850:17",
    ),
    "the status": (Observation(Signalling(486)), CallOutcome.BUSY, "sip:486"),
    "the tone, where the status says little": (
        Observation(Signalling(480), early(BUSY)),
        CallOutcome.BUSY,
        "tone:busy",
    ),
    "the announcement, where nothing else decides": (
        Observation(Signalling(480), early(match=SUSPENDED)),
        CallOutcome.ANNOUNCEMENT,
        "announcement",
    ),
    "it only rang": (
        Observation(Signalling(487, duration=20.0, ended=Ended.CALLER), early(RINGBACK)),
        CallOutcome.NO_ANSWER,
        "tone:ringback",
    ),
    "it rang without media": (
        Observation(Signalling(487, provisional=(180,), duration=20.0, ended=Ended.CALLER)),
        CallOutcome.NO_ANSWER,
        "sip:180",
    ),
    "it rang for too short a time": (
        Observation(Signalling(487, provisional=(180,), duration=4.0, ended=Ended.CALLER)),
        CallOutcome.UNKNOWN,
        "",
    ),
    "it rang, and then it was refused": (
        Observation(Signalling(603, cause=21, provisional=(180,), duration=16.0), early(RINGBACK)),
        CallOutcome.REJECTED,
        "q850:21",
    ),
    "it rang, and then a tone said that it is busy": (
        Observation(Signalling(480, provisional=(180,), duration=16.0), early(RINGBACK, BUSY)),
        CallOutcome.BUSY,
        "tone:busy",
    ),
    "silent for a moment only": (
        answered(Hearing(2.0, 1.0, is_silent=True)),
        CallOutcome.UNKNOWN,
        "silence",
    ),
    "no packet for a moment only": (
        Observation(Signalling(200, answered=2.0, duration=4.2), reception=Reception(sent=110)),
        CallOutcome.UNKNOWN,
        "sip:200",
    ),
    "480 alone": (Observation(Signalling(480)), CallOutcome.UNKNOWN, "sip:480"),
    "nothing": (Observation(Signalling()), CallOutcome.UNKNOWN, ""),
    "spoken": (answered(SPOKEN), CallOutcome.ANSWERED, "sip:200"),
    "silent": (
        answered(Hearing(3.0, 1.0, is_silent=True)),
        CallOutcome.SILENT,
        "silence",
    ),
    "one way": (answered(Hearing(), received=0), CallOutcome.ONE_WAY, "rtp:none"),
    "a busy tone behind an answer": (
        answered(Hearing(3.0, 0.5, tones=(BUSY,))),
        CallOutcome.BUSY,
        "tone:busy",
    ),
    "the engine failed": (
        Observation(Signalling(486, ended=Ended.ENGINE)),
        CallOutcome.UNKNOWN,
        "engine",
    ),
}


@pytest.mark.parametrize(("observation", "outcome", "why"), CASES.values(), ids=CASES)
def test_outcomes(observation: Observation, outcome: CallOutcome, why: str) -> None:
    judgement = outcome_of(observation)
    assert judgement.outcome is outcome
    assert next(iter(judgement.evidence), "") == why


def test_a_tone_that_contradicts_the_status_leaves_it_unknown() -> None:
    judgement = outcome_of(Observation(Signalling(404), early(BUSY)))
    assert judgement.outcome is CallOutcome.UNKNOWN
    assert judgement.evidence == ("sip:404", "tone:busy")


def test_an_announcement_beside_a_cause_is_reported_with_its_own_confidence() -> None:
    judgement = outcome_of(Observation(Signalling(480, cause=20), early(match=SUSPENDED)))
    assert judgement.outcome is CallOutcome.UNREACHABLE
    assert (judgement.prompt, judgement.prompt_confidence) == ("suspended", 0.93)


@given(
    st.builds(
        Observation,
        st.builds(
            Signalling,
            status=st.sampled_from([0, 200, 302, 403, 404, 408, 480, 486, 487, 500, 503, 603]),
            cause=st.none() | st.integers(0, 127),
            provisional=st.lists(st.sampled_from([100, 180, 181, 183])).map(tuple),
            answered=st.none() | st.floats(0, 30),
            duration=st.floats(0, 60),
            ended=st.sampled_from(Ended),
        ),
        st.builds(
            early,
            st.builds(
                ToneHeard, st.sampled_from(ToneKind), st.just(0.0), st.just(5.0), st.floats(0.8, 1)
            ),
        ),
        st.builds(Hearing, st.floats(0, 10), st.none() | st.floats(0, 1), st.booleans()),
    )
)
def test_an_outcome_is_certain_or_unknown(observation: Observation) -> None:
    judgement = outcome_of(observation)
    if judgement.outcome is CallOutcome.UNKNOWN:
        assert judgement.confidence == 0
    else:
        assert 0.8 <= judgement.confidence <= 1
        assert judgement.evidence
    if observation.signalling.ended is Ended.ENGINE:
        assert judgement.outcome is CallOutcome.UNKNOWN
