"""What providers push: states of numbers and of bound phones, and call records."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from agent.model import Call
from agent.states import BindingState, NetworkState, NumberState

PushedKind = Literal["numbers", "reachability", "calls"]
"""What a message tells, named as the capability by which it is polled."""


class PushedNumber(msgspec.Struct, frozen=True, gc=False, tag="number"):
    """The state of one number, as pushed."""

    number: str
    state: NumberState
    network_state: NetworkState = NetworkState.UNKNOWN
    native_status: str = ""
    reason: str = ""
    at: float | None = None
    """Since when, in epoch seconds; ``None`` where the message does not say."""


class PushedPhone(msgspec.Struct, frozen=True, gc=False, tag="phone"):
    """The state of one bound phone, as pushed; ``phone`` is personal."""

    number: str
    state: BindingState
    id: str = ""
    """The phone's id; empty where the message names the phone itself."""
    phone: str = ""
    native_status: str = ""
    at: float | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Which of the number's phones it is: by id, or by the phone itself."""
        return self.id, "" if self.id else self.phone


class PushedCall(msgspec.Struct, frozen=True, gc=False, tag="call"):
    """One call record, without the caller's number."""

    call: Call


PushedFact = PushedNumber | PushedPhone | PushedCall
PushedFacts = Sequence[PushedFact]


def dated(fact: PushedFact, received_at: float) -> PushedFact:
    """``fact`` with a time that is not after ``received_at``: a clock ahead must not win."""
    if isinstance(fact, PushedCall):
        return fact
    at = received_at if fact.at is None else min(fact.at, received_at)
    return fact if at == fact.at else msgspec.structs.replace(fact, at=at)
