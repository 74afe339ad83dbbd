"""Judges a test call: its outcome, and how certain that is.

The order of evidence is that of docs/reference/dial-tests.md: SIP's status and the Reason header,
then tones by cadence, then known announcements, then words that a machine wrote down; what none of
them decides is unknown. Evidence that contradicts stronger evidence makes it less certain and never
replaces it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final

from agent.probing.hearing.fingerprint import UNKNOWN
from agent.probing.hearing.tone_table import ToneKind
from agent.probing.observation import Ended, Hearing, Observation
from agent.probing.speech.words import CONFIDENCE, announcement_in


@unique
class CallOutcome(StrEnum):
    """How a test call went."""

    ANSWERED = "answered"
    """Somebody or something answered and was heard."""
    SILENT = "silent"
    """It was answered, packets came, and there was nothing to hear."""
    ONE_WAY = "one_way"
    """It was answered, and no packet came although we sent ours."""
    NO_ANSWER = "no_answer"
    """It rang, and nobody answered."""
    BUSY = "busy"
    CONGESTED = "congested"
    """The network had no way to the number."""
    REJECTED = "rejected"
    """The called side refused the call."""
    NONEXISTENT = "nonexistent"
    """The network knows no such number."""
    UNREACHABLE = "unreachable"
    """The phone is switched off, out of coverage or not registered."""
    BARRED = "barred"
    """The call is not allowed, for this caller or to this number."""
    ANNOUNCEMENT = "announcement"
    """The network played a known announcement instead of putting the call through."""
    UNKNOWN = "unknown"
    """It is not known; nothing is concluded from it."""


SUCCESSFUL: Final = frozenset({CallOutcome.ANSWERED})
"""Outcomes that show that a call gets through."""


@dataclass(frozen=True)
class Judgement:
    """An outcome, and why."""

    outcome: CallOutcome
    confidence: float
    """From 0.8 to 1; 0 for an unknown outcome."""
    evidence: tuple[str, ...]
    """What decided, the strongest first: ``q850:17``, ``sip:486``, ``tone:busy``, ``speech``."""
    prompt: str = ""
    """The announcement that was recognized, by the name it was enrolled under; where nothing but
    its words decided, by that of docs/reference/domain.md §2."""
    prompt_confidence: float = 0.0


_Found = tuple[CallOutcome, float, str]

_CAUSES: Final[Mapping[int, tuple[CallOutcome, float]]] = {
    1: (CallOutcome.NONEXISTENT, 0.95),
    2: (CallOutcome.CONGESTED, 0.85),
    3: (CallOutcome.CONGESTED, 0.85),
    17: (CallOutcome.BUSY, 0.95),
    18: (CallOutcome.UNREACHABLE, 0.85),
    19: (CallOutcome.NO_ANSWER, 0.95),
    20: (CallOutcome.UNREACHABLE, 0.95),
    21: (CallOutcome.REJECTED, 0.95),
    22: (CallOutcome.NONEXISTENT, 0.9),
    27: (CallOutcome.UNREACHABLE, 0.9),
    28: (CallOutcome.NONEXISTENT, 0.85),
    34: (CallOutcome.CONGESTED, 0.95),
    38: (CallOutcome.CONGESTED, 0.9),
    41: (CallOutcome.CONGESTED, 0.9),
    42: (CallOutcome.CONGESTED, 0.95),
    44: (CallOutcome.CONGESTED, 0.85),
    47: (CallOutcome.CONGESTED, 0.85),
    55: (CallOutcome.BARRED, 0.9),
    57: (CallOutcome.BARRED, 0.85),
}
"""Q.850 causes that say something definite; 16 and 31 do not (docs/reference/domain.md §2)."""

_STATUSES: Final[Mapping[int, tuple[CallOutcome, float]]] = {
    404: (CallOutcome.NONEXISTENT, 0.85),
    410: (CallOutcome.NONEXISTENT, 0.85),
    484: (CallOutcome.NONEXISTENT, 0.82),
    486: (CallOutcome.BUSY, 0.9),
    600: (CallOutcome.BUSY, 0.9),
    603: (CallOutcome.REJECTED, 0.85),
    604: (CallOutcome.NONEXISTENT, 0.85),
    403: (CallOutcome.BARRED, 0.75),
    408: (CallOutcome.NO_ANSWER, 0.6),
    480: (CallOutcome.UNREACHABLE, 0.6),
    500: (CallOutcome.CONGESTED, 0.5),
    502: (CallOutcome.CONGESTED, 0.6),
    503: (CallOutcome.CONGESTED, 0.85),
    504: (CallOutcome.CONGESTED, 0.7),
}
"""Final statuses; 408 and 480 say only a little, since switches give them for almost anything."""

_TONES: Final[Mapping[ToneKind, CallOutcome]] = {
    ToneKind.BUSY: CallOutcome.BUSY,
    ToneKind.CONGESTION: CallOutcome.CONGESTED,
}
_DECIDED: Final = 0.8
"""From this confidence on, evidence decides; a call that nothing decides is unknown."""
_CONTRADICTED: Final = 0.6
_AGREEING: Final = 0.03
_HIGHEST: Final = 0.98
_LEAST_RINGING: Final = 10.0
"""Seconds after which a call that only rang counts as not answered."""
_LEAST_TALK: Final = 0.5
_LEAST_SILENCE: Final = 3.0
"""Seconds of silence after an answer that say something: who answers may say nothing at first."""
_FEWEST_SENT: Final = 150
"""Packets, three seconds, that we must have sent before a lack of packets says anything: where our
ACK is lost twice, the far end begins to send one and a half seconds late (RFC 3261 §13.3.1.4)."""
_RINGING: Final = 180
_RINGING_HEARD: Final = frozenset({"tone:ringback", "sip:180"})
_SPEECH: Final = "speech"
_STARVED: Final = 0.5
"""Seconds without our engine from which it may be what an unknown call is unknown by."""


def outcome_of(observation: Observation) -> Judgement:
    """The outcome of a test call; ``unknown`` where nothing decides it."""
    outcome, confidence, evidence = _decide(observation)
    prompt = _prompt(observation, evidence)
    if confidence < _DECIDED:
        # A hint is no outcome: it stays among the evidence.
        if observation.stood_still >= _STARVED:
            evidence = (*evidence, "engine:starved")
        return Judgement(CallOutcome.UNKNOWN, 0.0, evidence, *prompt)
    return Judgement(outcome, confidence, evidence, *prompt)


def _decide(observation: Observation) -> tuple[CallOutcome, float, tuple[str, ...]]:
    """The likeliest outcome, its confidence and what speaks for it, the strongest first."""
    if observation.signalling.ended is Ended.ENGINE:
        return CallOutcome.UNKNOWN, 0.0, ("engine",)
    if observation.signalling.answered is not None:
        outcome, confidence, why = _after_answer(observation)
        return outcome, confidence, (why,)
    found = [each for rule in _RULES if (each := rule(observation)) is not None]
    if not found:
        return CallOutcome.UNKNOWN, 0.0, ()
    decided = next((each for each in found if each[1] >= _DECIDED), None)
    outcome, confidence, why = decided or max(found, key=lambda each: each[1])
    others = [each for each in found if each[2] != why]
    evidence = (why, *(each[2] for each in others))
    return outcome, _weighed(outcome, confidence, others), evidence


def _weighed(outcome: CallOutcome, confidence: float, others: list[_Found]) -> float:
    """The confidence in ``outcome`` beside the other evidence."""
    for other, strength, why in others:
        if other is outcome:
            confidence = min(_HIGHEST, confidence + _AGREEING)
        elif why in _RINGING_HEARD:
            # What is refused has rung before, as often as not.
            continue
        elif strength >= _DECIDED and CallOutcome.ANNOUNCEMENT not in {outcome, other}:
            # An announcement says the same in other words, and so contradicts nothing.
            confidence = min(confidence, _CONTRADICTED)
    return round(confidence, 3)


def _after_answer(observation: Observation) -> _Found:
    talk, reception = observation.talk, observation.reception
    if observation.talk.announcement.name:
        return CallOutcome.ANSWERED, talk.announcement.confidence, "announcement"
    if not reception.packets and reception.sent >= _FEWEST_SENT:
        return CallOutcome.ONE_WAY, 0.95, "rtp:none"
    if talk.seconds < _LEAST_TALK:
        # Hung up at once: it got through, and there was no time to hear anything.
        return CallOutcome.ANSWERED, 0.7, "sip:200"
    if talk.is_silent:
        return CallOutcome.SILENT, 0.9 if talk.seconds >= _LEAST_SILENCE else 0.6, "silence"
    busy = _last_tone(talk)
    if busy is not None:
        return busy
    return CallOutcome.ANSWERED, 0.95, "sip:200"


def _by_cause(observation: Observation) -> _Found | None:
    cause = observation.signalling.cause
    known = None if cause is None else _CAUSES.get(cause)
    return None if known is None else (*known, f"q850:{cause}")


def _by_status(observation: Observation) -> _Found | None:
    status = observation.signalling.status
    known = _STATUSES.get(status)
    return None if known is None else (*known, f"sip:{status}")


def _by_tone(observation: Observation) -> _Found | None:
    return _last_tone(observation.early)


def _last_tone(hearing: Hearing) -> _Found | None:
    for tone in reversed(hearing.tones):
        outcome = _TONES.get(tone.kind)
        if outcome is not None:
            return outcome, tone.confidence, f"tone:{tone.kind}"
    return None


def _by_ringing(observation: Observation) -> _Found | None:
    """No answer after ringing for long enough, whoever gave up."""
    signalling = observation.signalling
    rang = [tone for tone in observation.early.tones if tone.kind is ToneKind.RINGBACK]
    if not rang and _RINGING not in signalling.provisional:
        return None
    if signalling.duration < _LEAST_RINGING:
        return None
    why = "tone:ringback" if rang else "sip:180"
    return CallOutcome.NO_ANSWER, 0.9 if rang else 0.85, why


def _by_announcement(observation: Observation) -> _Found | None:
    match = observation.early.announcement
    return (CallOutcome.ANNOUNCEMENT, match.confidence, "announcement") if match.name else None


def _by_speech(observation: Observation) -> _Found | None:
    """The last resort: a machine may mishear, and a colour ring may say such words too."""
    known = announcement_in(observation.early.words)
    return (CallOutcome.ANNOUNCEMENT, CONFIDENCE, _SPEECH) if known else None


_RULES: Final[tuple[Callable[[Observation], _Found | None], ...]] = (
    _by_cause,
    _by_status,
    _by_tone,
    _by_announcement,
    _by_ringing,
    _by_speech,
)
"""In the order of evidence."""


def _prompt(observation: Observation, evidence: tuple[str, ...]) -> tuple[str, float]:
    """The announcement that was heard and how certain that is.

    Words name one only where they decided: beside other evidence they may be anybody's.
    """
    matches = observation.talk.announcement, observation.early.announcement
    match = next((each for each in matches if each.name), UNKNOWN)
    if match.name or evidence[:1] != (_SPEECH,):
        return match.name, match.confidence
    return announcement_in(observation.early.words), CONFIDENCE
