"""Which fault explains which: the table of the hierarchy, widest first; pure.

A wider fault explains a narrower one only where the table says so and the facts do not contradict
it: a low balance does not explain a phone that cannot be reached, and neither does an empty
account explain a number that was suspended for a violation (docs/reference/domain.md §3). What is
inhibited under an outage and under a number that is not active: docs/reference/domain.md §5.
"""

from collections.abc import Iterator
from math import inf

import msgspec

from agent.complaints.complaint import SYMPTOM as COMPLAINT
from agent.states import NumberState, Scope, Severity
from agent.tickets.decide.common_cause import OUT_OF_NETWORK
from agent.tickets.key import key_of
from agent.tickets.ticket import Subject

_ANY_STATE: frozenset[NumberState] = frozenset()
_OUT_OF_MONEY = frozenset(
    {
        NumberState.SUSPENDED_ARREARS,
        NumberState.OPEN_UNFUNDED,
        NumberState.LOW_BALANCE,
        NumberState.UNKNOWN,
    }
)
"""States of a number that an empty account may explain."""
_OF_THE_NUMBER = frozenset({Scope.NUMBER})
_OF_ITS_PARTS = frozenset({Scope.NUMBER, Scope.BINDING})
CALLS = frozenset({"answer_rate", "busy_rate", "capacity"})
"""Symptoms of how a number's calls end."""
_MET_BY_SOME = frozenset({"probe_prompt", "probe_setup_slow", "probe_one_way"})
PROBES = frozenset({"probe_fail_all", "probe_fail_some"}) | _MET_BY_SOME
"""Symptoms of how test calls to a number end."""
_PHONES = frozenset({"binding_down", "redundancy"})
_FOLLOWS = CALLS | PROBES | _PHONES
"""Symptoms that a number has because it is out of service."""
_OUT_OF_SERVICE = frozenset({"number_down", "network_mismatch", "illegal_transition"})
_OUTAGE_LEAD = 600.0
"""Seconds: numbers of one outage break within a few polls of each other, and a number that broke
long before has a reason of its own."""
_NUMBER_LEAD = 1800.0
"""Seconds: the rules about a number look at up to a quarter of an hour of calls, and wait as long
again, so that its symptoms begin up to half an hour apart."""
_PROBE_AFTERMATH = 3600.0
"""Seconds: test calls are made by plans, mostly once an hour."""
_DAY = 86400.0
LEAST_NUMBERS = 3
"""Numbers that must be down at once for an outage (docs/reference/domain.md §5)."""


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table: which fault may explain which."""

    scope: Scope
    symptom: str
    severity: Severity | None = None
    """The severity it needs; ``None`` for any."""
    below: frozenset[Scope]
    explains: frozenset[str] = frozenset()
    """Symptoms of the narrower faults; empty for every symptom."""
    states: frozenset[NumberState] = _ANY_STATE
    """States in which it can put a number; empty for any."""
    lead: float = inf
    """How many seconds before it a fault that it explains may have begun."""

    def is_about(self, subject: Subject) -> bool:
        """Whether it may explain a fault of ``subject``, as far as the symptom tells.

        Where it explains every symptom, what callers and test calls met is none of them.
        """
        symptom = subject.symptom
        is_met = symptom == COMPLAINT or symptom in PROBES
        explained = symptom in self.explains or (not self.explains and not is_met)
        return subject.scope in self.below and explained


def _of_number(symptom: str, *explained: str, below: frozenset[Scope] = _OF_ITS_PARTS) -> Root:
    return Root(
        scope=Scope.NUMBER,
        symptom=symptom,
        below=below,
        explains=frozenset(explained),
        lead=_NUMBER_LEAD,
    )


ROOTS: tuple[Root, ...] = (
    Root(
        scope=Scope.PROVIDER,
        symptom="provider_api",
        below=frozenset({Scope.ACCOUNT, Scope.NUMBER, Scope.BINDING}),
        lead=0.0,
    ),
    Root(
        scope=Scope.CARRIER,
        symptom="carrier_outage",
        below=_OF_THE_NUMBER,
        explains=_OUT_OF_SERVICE | CALLS | PROBES,
        states=OUT_OF_NETWORK,
        lead=_OUTAGE_LEAD,
    ),
    Root(
        scope=Scope.PROVIDER,
        symptom="provider_outage",
        below=_OF_THE_NUMBER,
        explains=_OUT_OF_SERVICE | CALLS | PROBES,
        states=OUT_OF_NETWORK,
        lead=_OUTAGE_LEAD,
    ),
    Root(
        scope=Scope.ACCOUNT,
        symptom="balance",
        severity=Severity.CRITICAL,
        below=_OF_THE_NUMBER,
        explains=frozenset({"number_down", "network_mismatch", "reclaim"}),
        states=_OUT_OF_MONEY,
    ),
    _of_number("number_down", "network_mismatch", "illegal_transition", *_FOLLOWS),
    _of_number("network_mismatch", "illegal_transition", *_FOLLOWS),
    Root(
        scope=Scope.NUMBER,
        symptom="binding_down",
        below=frozenset({Scope.BINDING}),
        explains=frozenset({"binding_down"}),
    ),
    _of_number("binding_down", "redundancy", *CALLS, *PROBES, below=_OF_THE_NUMBER),
    _of_number("probe_fail_all", "probe_fail_some", *_MET_BY_SOME, *CALLS, below=_OF_THE_NUMBER),
    _of_number("probe_fail_some", *_MET_BY_SOME, below=_OF_THE_NUMBER),
    _of_number("busy_rate", "answer_rate", "capacity", below=_OF_THE_NUMBER),
    _of_number("capacity", "answer_rate", below=_OF_THE_NUMBER),
    *(
        Root(
            scope=Scope.NUMBER,
            symptom=symptom,
            below=_OF_THE_NUMBER,
            explains=frozenset({COMPLAINT}),
        )
        for symptom in ("number_down", "binding_down", "network_mismatch", "probe_fail_all")
    ),
)
"""Widest first: a fault joins the widest root that explains it."""

AFTERMATH = {
    "answer_rate": _NUMBER_LEAD,
    "busy_rate": _NUMBER_LEAD,
    "illegal_transition": _DAY,
    **dict.fromkeys(PROBES, _PROBE_AFTERMATH),
}
"""For how many seconds an alert goes on by itself after the fault that explained it is over: its
rule looks back at the calls or moves of that time."""

WAITING = frozenset({"illegal_transition"})
"""Symptoms whose alert fires at once, while the alert of the fault behind it waits out its time."""


def roots_above(subject: Subject) -> Iterator[str]:
    """The keys of the faults that may explain one of ``subject``, but for those of a carrier."""
    for root in ROOTS:
        if root.scope is not Scope.CARRIER and root.is_about(subject):
            yield key_of(
                Subject(
                    root.scope,
                    root.symptom,
                    provider=subject.provider,
                    account="" if root.scope is Scope.PROVIDER else subject.account,
                    number=subject.number if root.scope is Scope.NUMBER else "",
                )
            )
