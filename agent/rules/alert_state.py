"""The alert state that survives a restart: since when alerts are active, and the last evaluation.

Only time in which rules were evaluated counts towards ``for``. The time between the last
evaluation before a restart and the first one after it does not, however the clock was changed
meanwhile, as in Prometheus.
"""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from agent.model import Alert
from agent.rules.active import PENDING, ActiveAlert
from agent.rules.alerting import AlertingState, key_of
from agent.rules.rule import GoneRule, Group, Rule

VERSION = 1


# The field names of the two structs are stored: they must not change within a version.
class _StoredAlert(msgspec.Struct, gc=False):
    alert: Alert
    missing_since: float | None = None


class _State(msgspec.Struct):
    version: int
    rules: dict[str, list[_StoredAlert]]
    watched_until: float = 0.0
    """The newest evaluation; 0 where no alert waits, so that equal states have equal bytes."""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_State)


def identity(group: Group, rule: Rule) -> str:
    """A rule's identity over restarts: its group, its name and its labels in the file."""
    labels = ",".join(f"{name}={text.source}" for name, text in sorted(rule.labels.items()))
    return f"{group.name}/{rule.name}{{{labels}}}"


def dump(states: Mapping[str, AlertingState], watched_until: float = 0.0) -> bytes:
    """The alerts of all rules as bytes, as of the evaluation at ``watched_until``."""
    rules = {
        name: [_StoredAlert(entry.alert, entry.missing_since) for entry in state.active.values()]
        for name, state in states.items()
        if state.active
    }
    alerts = (entry for entries in rules.values() for entry in entries)
    until = watched_until if any(map(_waits, alerts)) else 0.0
    return _encoder.encode(_State(VERSION, rules, until))


def _waits(entry: _StoredAlert) -> bool:
    return entry.alert.state == PENDING or entry.missing_since is not None


def load(
    content: bytes, states: Mapping[str, AlertingState], *, interrupted: bool = True
) -> tuple[int, tuple[GoneRule, ...]]:
    """Restore the alerts in ``content``.

    Returns how many still have a rule, and the rules of the others.

    ``interrupted`` says that no rules were evaluated from then until the first evaluation.

    Raises:
        ValueError: when ``content`` is not a state of this version.
    """
    try:
        state = _decoder.decode(content)
    except msgspec.MsgspecError as error:
        raise ValueError(f"the saved rule state cannot be read: {error}") from None
    if state.version != VERSION:
        raise ValueError(f"the saved rule state has version {state.version}, expected {VERSION}")
    stored = [(states[name], alerts) for name, alerts in state.rules.items() if name in states]
    for rule, alerts in stored:
        _restore(rule, alerts, state.watched_until if interrupted else 0.0)
    names = {rule.rule.name for rule in states.values()}
    gone = tuple(
        _gone(identity, [entry.alert for entry in alerts], names)
        for identity, alerts in state.rules.items()
        if identity not in states and alerts
    )
    return sum(len(alerts) for _, alerts in stored), gone


def gone_rules(
    former: Mapping[str, AlertingState], states: Mapping[str, AlertingState]
) -> tuple[GoneRule, ...]:
    """The rules of ``former`` that ``states`` does not have, with their alerts."""
    names = {state.rule.name for state in states.values()}
    return tuple(
        GoneRule(state.rule.name, identity, state.alerts(), state.rule.name in names)
        for identity, state in former.items()
        if identity not in states
    )


def _gone(identity: str, alerts: list[Alert], names: Collection[str]) -> GoneRule:
    name = alerts[0].name
    return GoneRule(name, identity, tuple(alerts), name in names)


def _restore(rule: AlertingState, alerts: Iterable[_StoredAlert], watched_until: float) -> None:
    entries = {
        key_of(entry.alert.labels): ActiveAlert(entry.alert, entry.missing_since, unconfirmed=True)
        for entry in alerts
    }
    rule.restore(entries, watched_until)
