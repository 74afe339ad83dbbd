"""How a number behaves when it is called: what it sends, when, and what is heard meanwhile."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from agent.states import CallResult


@dataclass(frozen=True)
class Step:
    """One response to the INVITE."""

    status: int
    after: float = 0.05
    """Seconds since the step before."""
    sound: str = ""
    """What is played from then on; empty for no media at all."""
    reliable: bool = False
    """Whether it must be acknowledged by PRACK (RFC 3262)."""
    cause: int | None = None
    """The Q.850 cause of its Reason header."""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Behaviour:
    """A whole call."""

    steps: tuple[Step, ...]
    talk: float | None = None
    """Seconds after the answer when the called side hangs up; ``None`` waits for the caller."""


_RING: Final = Step(180)
_EARLY: Final = 6.0
"""Seconds of a tone or an announcement before the call is ended."""


def _answer(sound: str, *before: Step, talk: float | None = None) -> Behaviour:
    return Behaviour((*(before or (_RING,)), Step(200, 0.2, sound)), talk)


def _refusal(status: int, cause: int | None, *before: Step) -> Behaviour:
    return Behaviour((*before, Step(status, 0.1, cause=cause)))


def _played(sound: str, status: int, cause: int | None, seconds: float = _EARLY) -> Behaviour:
    return Behaviour((Step(183, 0.05, sound), Step(status, seconds, cause=cause)))


BEHAVIOURS: Final[Mapping[str, Behaviour]] = {
    "answers": _answer("greeting"),
    "hangs_up": _answer("greeting", talk=1.0),
    "silence": _answer("silence"),
    "one_way": _answer(""),
    "slow": _answer("greeting", Step(180, 6.0)),
    "rings": Behaviour((Step(183, 0.05, "ringback"),)),
    "rings_without_media": Behaviour((_RING,)),
    "progress_without_media": Behaviour((Step(183), Step(480, 1.0, cause=20))),
    "busy": _refusal(486, 17),
    "busy_tone": _played("busy", 480, None),
    "congestion_tone": _played("congestion", 480, None),
    "congested": _refusal(503, 34),
    "rejected": _refusal(603, 21, _RING),
    "barred": _refusal(403, 57),
    "nonexistent": _refusal(404, 1),
    "unreachable": _refusal(480, 20),
    "no_answer": _refusal(480, 19, Step(180, 0.05)),
    "unknown_failure": _refusal(480, None),
    "special": _played("special", 404, 1, 2.0),
    "suspended_prompt": _played("suspended", 480, None, 7.0),
    "off_prompt": _played("off", 480, 20, 7.0),
    "foreign_prompt": _played("foreign", 480, None, 7.0),
    "forwarded": _answer("greeting", Step(181), _RING),
    "redirected": Behaviour((Step(302, headers=(("Contact", "<sip:other@192.0.2.9>"),)),)),
    "reliable": _answer("greeting", Step(183, 0.05, "ringback", reliable=True)),
}
"""By name, for ``test_call`` of a number."""

_OF_RESULT: Final[Mapping[CallResult, str]] = {
    CallResult.ANSWERED: "answers",
    CallResult.FORWARDED: "forwarded",
    CallResult.BUSY: "busy",
    CallResult.NO_ANSWER: "no_answer",
    CallResult.OFF: "off_prompt",
    CallResult.OUT_OF_AREA: "unreachable",
    CallResult.SUSPENDED: "suspended_prompt",
    CallResult.NONEXISTENT: "nonexistent",
    CallResult.REJECTED: "rejected",
    CallResult.NETWORK: "congested",
}


def behaviour_of(result: CallResult, name: str = "") -> Behaviour:
    """The behaviour called ``name``, else that of a call which ends with ``result``."""
    return BEHAVIOURS[name or _OF_RESULT.get(result, "unknown_failure")]


def quicker(behaviour: Behaviour, factor: float) -> Behaviour:
    """The same with all its times divided by ``factor``."""
    steps = tuple(replace(step, after=step.after / factor) for step in behaviour.steps)
    talk = None if behaviour.talk is None else behaviour.talk / factor
    return Behaviour(steps, talk)
