"""The steps of a test call as they come: for people who wait, for pages and for programs."""

from collections.abc import Callable, Mapping
from enum import StrEnum, unique
from typing import Final

import msgspec

from agent.i18n import Message
from agent.probing.engine.client import Progress
from agent.probing.engine.protocol import Event, Ready, Sip
from agent.probing.engine.trace import read_message

_FINAL: Final = 300
"""From this status on the network has ended the call (RFC 3261 §7.2)."""
_ASKS_FOR_PASSWORD: Final = frozenset({401, 407})


@unique
class Step(StrEnum):
    """What a test call has come to."""

    CALLING = "calling"
    RINGING = "ringing"
    FORWARDED = "forwarded"
    EARLY_MEDIA = "early_media"
    ANSWERED = "answered"
    REFUSED = "refused"
    """The network ended it with ``status``."""
    CONTROL = "control"
    """It did not get through, and the control number is called to see whether the line works."""


class CallStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a test call."""

    at: float
    """Seconds since the call began; those of the call to the control number since that began."""
    step: Step
    status: int = 0
    """The SIP status with which the network ended the call."""
    of_control: bool = False
    """Whether it is a step of the call to the control number."""


STEPS: Final[Mapping[Step, Message]] = {
    Step.CALLING: Message("calling {number} from {caller}"),
    Step.RINGING: Message("it rings"),
    Step.FORWARDED: Message("the call is forwarded"),
    Step.EARLY_MEDIA: Message("the network plays something"),
    Step.ANSWERED: Message("answered"),
    Step.REFUSED: Message("the network ends the call: {status}"),
    Step.CONTROL: Message("calling the control number"),
}
_BY_STATUS: Final[Mapping[int, Step]] = {
    180: Step.RINGING,
    181: Step.FORWARDED,
    183: Step.EARLY_MEDIA,
    200: Step.ANSWERED,
}


def step_reader(on_step: Callable[[CallStep], None], *, of_control: bool = False) -> Progress:
    """A listener for the engine's events that calls ``on_step`` with each step, once."""
    seen: set[int] = set()

    def on_event(event: Event) -> None:
        if isinstance(event, Ready):
            begun = Step.CONTROL if of_control else Step.CALLING
            on_step(CallStep(0.0, begun, of_control=of_control))
        if not isinstance(event, Sip) or event.sent:
            return
        message = read_message(event.text)
        status = message.status
        if message.method != "INVITE" or status in seen:
            return
        seen.add(status)
        at = round(event.at, 3)
        if status in _BY_STATUS:
            on_step(CallStep(at, _BY_STATUS[status], of_control=of_control))
        elif status >= _FINAL and status not in _ASKS_FOR_PASSWORD:
            on_step(CallStep(at, Step.REFUSED, status, of_control))

    return on_event


def step_text(step: CallStep, number: str, caller: str) -> Message:
    """A step in words."""
    return STEPS[step.step].with_values(number=number, caller=caller, status=str(step.status))
