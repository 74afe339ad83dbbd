"""What the engine must not forget over a restart: when alerts began, and until when it watched.

What is pending counts the time in which it was watched. The time between is not counted, nor
is what the machine's clock was moved by meanwhile, as Prometheus has it.
"""

from collections.abc import Iterable, Mapping

import msgspec

from agent.model import Alert
from agent.rules.active import PENDING, Active
from agent.rules.alerting import AlertingState, key_of
from agent.rules.rule import Group, Rule

VERSION = 1


class _Kept(msgspec.Struct, gc=False):
    alert: Alert
    missing_since: float | None = None


class _State(msgspec.Struct):
    version: int
    rules: dict[str, list[_Kept]]
    watched_until: float = 0.0
    """The newest evaluation; 0 where no alert waits for anything, so that nothing changes."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_State)


def identity(group: Group, rule: Rule) -> str:
    """A rule's name over restarts: its group, its alert and the labels the file gives it."""
    labels = ",".join(f"{name}={text.source}" for name, text in sorted(rule.labels.items()))
    return f"{group.name}/{rule.name}{{{labels}}}"


def dump(states: Mapping[str, AlertingState], watched_until: float = 0.0) -> bytes:
    """The alerts of all rules, as of the evaluation at ``watched_until``."""
    rules = {
        name: [_Kept(entry.alert, entry.missing_since) for entry in state.active.values()]
        for name, state in states.items()
        if state.active
    }
    kept = (entry for entries in rules.values() for entry in entries)
    until = watched_until if any(map(_waits, kept)) else 0.0
    return _encoder.encode(_State(VERSION, rules, until))


def _waits(entry: _Kept) -> bool:
    return entry.alert.state == PENDING or entry.missing_since is not None


def load(content: bytes, states: Mapping[str, AlertingState], *, interrupted: bool = True) -> int:
    """Put the alerts of ``content`` back; gives how many there were a rule for.

    ``interrupted`` says that nobody watched from then until the first evaluation.

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
        _restore(rule, kept, state.watched_until if interrupted else 0.0)
    return sum(len(kept) for _, kept in found)


def _restore(rule: AlertingState, kept: Iterable[_Kept], watched_until: float) -> None:
    entries = {
        key_of(entry.alert.labels): Active(entry.alert, entry.missing_since, unconfirmed=True)
        for entry in kept
    }
    rule.restore(entries, watched_until)
