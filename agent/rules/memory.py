"""What the engine must not forget over a restart: when alerts began."""

from collections.abc import Iterable, Mapping

import msgspec

from agent.model import Alert
from agent.rules.active import Active
from agent.rules.alerting import AlertingState, key_of
from agent.rules.rule import Group, Rule

VERSION = 1


class _Kept(msgspec.Struct, gc=False):
    alert: Alert
    missing_since: float | None = None


class _State(msgspec.Struct):
    version: int
    rules: dict[str, list[_Kept]]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_State)


def identity(group: Group, rule: Rule) -> str:
    """A rule's name over restarts: its group, its alert and the labels the file gives it."""
    labels = ",".join(f"{name}={text.source}" for name, text in sorted(rule.labels.items()))
    return f"{group.name}/{rule.name}{{{labels}}}"


def dump(states: Mapping[str, AlertingState]) -> bytes:
    """The alerts of all rules."""
    rules = {
        name: [_Kept(entry.alert, entry.missing_since) for entry in state.active.values()]
        for name, state in states.items()
        if state.active
    }
    return _encoder.encode(_State(VERSION, rules))


def load(content: bytes, states: Mapping[str, AlertingState]) -> int:
    """Put the alerts of ``content`` back; gives how many there were a rule for.

    Raises:
        ValueError: when ``content`` is not a state of this version.
    """
    try:
        state = _decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the saved rule state cannot be read: {error}") from None
    if state.version != VERSION:
        raise ValueError(f"the saved rule state has version {state.version}, expected {VERSION}")
    found = [(states[name], kept) for name, kept in state.rules.items() if name in states]
    for rule, kept in found:
        _restore(rule, kept)
    return sum(len(kept) for _, kept in found)


def _restore(rule: AlertingState, kept: Iterable[_Kept]) -> None:
    rule.restore(
        {
            key_of(entry.alert.labels): Active(entry.alert, entry.missing_since, unconfirmed=True)
            for entry in kept
        }
    )
