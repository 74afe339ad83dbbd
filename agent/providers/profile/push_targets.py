"""The fields of the facts that a push can fill, by what it tells."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from agent.model import Call
from agent.providers.profile.targets import TARGETS, Need, Target, TargetField
from agent.providers.pushed import PushedCall, PushedKind, PushedNumber, PushedPhone
from agent.states import BindingState, Capability, NetworkState, NumberState


def _number(
    number: str, state: NumberState, network_state: NetworkState, *words: Any
) -> PushedNumber:
    return PushedNumber(number, state, network_state, *words)


def _phone(number: str, state: BindingState, identity: str, *others: Any) -> PushedPhone:
    return PushedPhone(number, state, identity, *others)


def _call(*fields: Any) -> PushedCall:
    # The caller is a person, and nothing that is counted needs to know who.
    return PushedCall(msgspec.structs.replace(Call(*fields), caller=""))


PUSH_TARGETS: Final[Mapping[PushedKind, Target]] = {
    "numbers": Target(
        _number,
        (
            TargetField("number", "number", need=Need.IDENTITY),
            TargetField("state", NumberState, need=Need.IDENTITY),
            TargetField("network_state", NetworkState, NetworkState.UNKNOWN),
            TargetField("native_status", "text", ""),
            TargetField("reason", "text", ""),
            TargetField("at", "iso"),
        ),
    ),
    "reachability": Target(
        _phone,
        (
            TargetField("number", "number", need=Need.IDENTITY),
            TargetField("state", BindingState, need=Need.IDENTITY),
            TargetField("id", "id", ""),
            TargetField("phone", "phone", ""),
            TargetField("native_status", "text", ""),
            TargetField("at", "iso"),
        ),
    ),
    "calls": Target(_call, TARGETS[Capability.CALLS].fields),
}
"""The fact behind each kind; unlike a polled one it is nothing without its state."""
