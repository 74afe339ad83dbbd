"""What can happen to a world, and the ticket that it deserves.

What is expected is written from docs/reference/domain.md (§1 states, §2 taxonomy, §5 alerts and
what they inhibit), not from what the agent decides.
"""

from collections.abc import Callable
from dataclasses import dataclass

from agent.states import BindingState, CallResult, NetworkState, NumberState
from tests.tickets.world_stories.world import ANSWERED, DAY, Account, Hotline

STATE, NETWORK, PHONES, CALLS, CONFIGURATION, PAPERS = range(6)
"""What a fault is about: of one number, the earlier explains what comes later up to the calls."""


@dataclass(frozen=True)
class Fault:
    """A fault of one number: how it begins and ends, and the ticket it has when alone."""

    symptom: str
    severity: str
    scope: str
    about: int
    begin: Callable[[Hotline], None]
    end: Callable[[Hotline], None]


def _set(**values: object) -> Callable[[Hotline], None]:
    def change(hotline: Hotline) -> None:
        for name, value in values.items():
            setattr(hotline, name, value)

    return change


def _phones(first: BindingState, second: BindingState) -> Callable[[Hotline], None]:
    return lambda hotline: hotline.phones.update(b1=first, b2=second)


def _calls(**shares: float) -> Callable[[Hotline], None]:
    return lambda hotline: setattr(
        hotline, "calls", {CallResult(name): share for name, share in shares.items()}
    )


OK = BindingState.OK
_HEAL_PHONES, _HEAL_CALLS = _phones(OK, OK), _set(calls=dict(ANSWERED))


def _state(state: NumberState) -> Fault:
    return Fault(
        "number_down",
        "critical",
        "number",
        STATE,
        _set(state=state),
        _set(state=NumberState.ACTIVE),
    )


def _dead(first: str, second: str) -> Fault:
    states = BindingState(first), BindingState(second)
    return Fault("binding_down", "critical", "number", PHONES, _phones(*states), _HEAL_PHONES)


def _ends(symptom: str, **shares: float) -> Fault:
    return Fault(symptom, "warning", "number", CALLS, _calls(**shares), _HEAL_CALLS)


FAULTS = {
    **{
        state: _state(NumberState(state))
        for state in (
            *("suspended_arrears", "suspended_violation", "suspended_requested"),
            *("expired", "frozen"),
        )
    },
    "dead in the network": Fault(
        "network_mismatch",
        "critical",
        "number",
        NETWORK,
        _set(network=NetworkState.DEACTIVATED),
        _set(network=NetworkState.ACTIVE),
    ),
    "phones off": _dead("off", "off"),
    "phones suspended": _dead("arrears", "nonexistent"),
    "one phone off": Fault(
        "binding_down", "warning", "binding", PHONES, _phones(BindingState.OFF, OK), _HEAL_PHONES
    ),
    "one phone suspended": Fault(
        "binding_down",
        "warning",
        "binding",
        PHONES,
        _phones(BindingState.ARREARS, OK),
        _HEAL_PHONES,
    ),
    "nobody answers": _ends("answer_rate", no_answer=0.6, answered=0.4),
    "lines busy": _ends("busy_rate", busy=0.5, answered=0.5),
    "too many calls": _ends("busy_rate", over_concurrency=0.5, answered=0.5),
    "calls do not get through": _ends("answer_rate", network=0.6, answered=0.4),
    "no real name": Fault(
        "realname", "critical", "number", PAPERS, _set(realname_ok=False), _set(realname_ok=True)
    ),
    "contract ends": Fault(
        "contract",
        "warning",
        "number",
        PAPERS,
        _set(contract_end=20 * DAY),
        _set(contract_end=400 * DAY),
    ),
    "wait changed": Fault(
        "drift",
        "warning",
        "number",
        CONFIGURATION,
        _set(wait_seconds=25.0),
        _set(wait_seconds=20.0),
    ),
}

QUIET = {
    "nothing": lambda _hotline: None,
    "a few calls are lost": _calls(answered=0.9, no_answer=0.05, busy=0.05),
    "low on money": _set(state=NumberState.LOW_BALANCE),
}
"""What is no fault."""


def explains(wide: Fault, narrow: Fault) -> bool:
    """Whether one fault of a number is the reason of another (§5)."""
    return wide.about < narrow.about <= CALLS and wide.scope == "number"


def empty(account: Account) -> None:
    """The account's money is gone and its numbers are suspended for it."""
    account.balance = 5.0
    for hotline in account.hotlines.values():
        hotline.state = NumberState.SUSPENDED_ARREARS


def paid(account: Account) -> None:
    account.balance = 5000.0
    for hotline in account.hotlines.values():
        hotline.state = NumberState.ACTIVE
