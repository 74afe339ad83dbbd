"""Faults: one for each thing that is broken, however many alerts fire for it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from agent.checks.carriers import carrier_of
from agent.fleet import Fleet
from agent.model import Alert, Binding, CallOutcome, Number, Snapshot
from agent.states import (
    IN_SERVICE_STATES,
    REACHABLE_STATES,
    BindingState,
    CallResult,
    NetworkState,
    NumberState,
    Severity,
)
from agent.tickets.key import key_of, subject_of
from agent.tickets.landing_ids import LandingIds
from agent.tickets.lines import account_name
from agent.tickets.number_details import find_number
from agent.tickets.ticket import Subject, Ticket

WORST_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)
_NO_TICKET = "false"
_NEWEST_CALLS = 20
_LOST_ON_THE_WAY = frozenset(
    {
        *(CallResult.NETWORK, CallResult.BLOCKED_BY_CARRIER, CallResult.NONEXISTENT),
        *(CallResult.SUSPENDED, CallResult.UNKNOWN),
    }
)
"""Ends of calls that never got to a phone of the number."""
_DETAILS = ("lint", "section", "tag")
"""Labels that tell apart what is wrong within one symptom."""


class Fault(msgspec.Struct, frozen=True):
    """One broken thing, as the alerts that fire now report it."""

    key: str
    subject: Subject
    severity: Severity
    """The worst among the alerts."""
    since: float
    """When the condition of any of the alerts first held."""
    alerts: tuple[Alert, ...]
    """Worst first, then by name."""
    alert_names: tuple[str, ...] = ()
    """For a common cause: the names of the alerts of the faults that share it."""
    samples: tuple[Subject, ...] = ()
    """For a common cause: some of the subjects that share it."""
    reason: str = ""
    """For a common cause: how many faults share it, and which alerts they have."""
    elsewhere: tuple[Subject, ...] = ()
    """The same number at the other accounts whose alerts report it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The alerts' names, each once."""
        return self.alert_names or tuple(dict.fromkeys(alert.name for alert in self.alerts))

    @property
    def summary(self) -> str:
        """What fires, for the timeline."""
        return self.reason or f"{', '.join(self.names)} fires"


_AS_LABELLED: Mapping[str, str] = {}


def faults_of(
    alerts: Iterable[Alert],
    severities: Collection[str],
    keys: Mapping[str, str] = _AS_LABELLED,
    tickets: Mapping[str, Ticket] | None = None,
) -> dict[str, Fault]:
    """The faults that need a ticket, by key.

    Left out are alerts that are not firing, that carry ``ticket="false"`` or that have a
    severity not in ``severities``.

    Args:
        alerts: The alerts.
        severities: Those of them that open tickets.
        keys: The ticket's key by the key of an alert's labels, where they differ.
        tickets: The open tickets by key. A fault that several accounts report is told by the
            account that its ticket has.
    """
    by_key: dict[str, list[tuple[Subject, Alert]]] = defaultdict(list)
    for alert in alerts:
        if alert.state == "firing" and _needs_ticket(alert, severities):
            subject = subject_of(alert.name, alert.labels)
            key = key_of(subject)
            by_key[keys.get(key, key)].append((subject, alert))
    return {key: _fault(key, group, (tickets or {}).get(key)) for key, group in by_key.items()}


def pending_keys(alerts: Iterable[Alert], keys: Mapping[str, str] = _AS_LABELLED) -> frozenset[str]:
    """The keys of which an alert's condition holds, but not yet long enough to fire."""
    return keys_of_alerts((alert for alert in alerts if alert.state == "pending"), keys)


def keys_of_alerts(
    alerts: Iterable[Alert], keys: Mapping[str, str] = _AS_LABELLED
) -> frozenset[str]:
    """The keys that ``alerts`` are about; ``keys`` as for :func:`faults_of`."""
    labelled = (key_of(subject_of(alert.name, alert.labels)) for alert in alerts)
    return frozenset(keys.get(key, key) for key in labelled)


def severity_of(labels: Mapping[str, str]) -> Severity:
    """The severity in an alert's labels; warning where there is none or an unknown word."""
    severity = labels.get("severity", "")
    return Severity(severity) if severity in Severity.__members__.values() else Severity.WARNING


def _needs_ticket(alert: Alert, severities: Collection[str]) -> bool:
    return alert.labels.get("ticket") != _NO_TICKET and severity_of(alert.labels) in severities


def _fault(key: str, reports: list[tuple[Subject, Alert]], ticket: Ticket | None) -> Fault:
    alerts = [_since_start(alert, ticket) for _subject, alert in reports]
    ordered = sorted(alerts, key=lambda a: (WORST_FIRST.index(severity_of(a.labels)), a.name))
    subject, *elsewhere = _subjects((it for it, _alert in reports), key, ticket)
    return Fault(
        key=key,
        subject=subject,
        elsewhere=tuple(elsewhere),
        severity=severity_of(ordered[0].labels),
        since=min(alert.active_at for alert in ordered),
        alerts=tuple(ordered),
    )


def _since_start(alert: Alert, ticket: Ticket | None) -> Alert:
    """``alert`` as of the start of its ticket, which a later report does not move.

    Alertmanager may say it anew with a later start after a restart (docs/reference/ticketing.md
    §5).
    """
    if ticket is None or alert.active_at <= ticket.started_at:
        return alert
    return replace(alert, active_at=ticket.started_at)


def _subjects(reported: Iterable[Subject], key: str, ticket: Ticket | None) -> list[Subject]:
    """The subjects of one fault: that of its ticket first, or else that which names the key."""
    distinct = list(dict.fromkeys(reported))
    if len(distinct) == 1:
        return distinct
    present = None if ticket is None else ticket.subject
    return sorted(distinct, key=lambda it: (it != present, key_of(it) != key, account_name(it)))


class Traits(msgspec.Struct, frozen=True, gc=False):
    """Facts about a fault's number by which faults with a common cause are recognized."""

    state: NumberState = NumberState.UNKNOWN
    carrier: str = ""
    landings: tuple[str, ...] = ()
    """The number's trunk, and the ids of its phones that cannot be reached."""
    phones: tuple[BindingState, ...] = ()
    """The states of the phones that cannot be reached, without repetition."""
    serves: bool = False
    """Whether the number is in service and its calls do get to its phones, whatever then comes of
    them."""
    detail: str = ""
    """What is wrong within the symptom, as the alerts' labels say it: the sections that differ,
    the lint, the mark."""


NOTHING_KNOWN = Traits()


def traits_of(
    faults: Mapping[str, Fault], fleet: Fleet, landing_ids: LandingIds
) -> dict[str, Traits]:
    """The traits of the faults' numbers by the faults' keys; numbers never listed are left out."""
    by_key: dict[str, Traits] = {}
    for key, fault in faults.items():
        if fault.subject.number:
            snapshot = fleet.get(fault.subject.provider, fault.subject.account)
            traits = _traits(snapshot, fault.subject, landing_ids)
            if traits is not None:
                by_key[key] = replace(traits, detail=_detail(fault.alerts))
    return by_key


def _traits(snapshot: Snapshot | None, subject: Subject, landing_ids: LandingIds) -> Traits | None:
    listed = find_number(snapshot, subject.number)
    if snapshot is not None and subject.number in snapshot.gone:
        return Traits(state=NumberState.RECLAIMED)
    if snapshot is None or listed is None:
        return None
    down = tuple(_unreachable(snapshot.bindings.get(subject.number, ()), subject.binding))
    routing = snapshot.routings.get(subject.number)
    trunk = (f"trunk {routing.trunk}",) if routing is not None and routing.trunk else ()
    return Traits(
        state=listed.state,
        carrier=carrier_of(listed.number, listed.carrier),
        landings=(*trunk, *(landing_ids.of(phone.phone) for phone in down if phone.phone)),
        phones=tuple(sorted({phone.state for phone in down})),
        serves=_is_in_service(listed) and _get_through(snapshot.recent_calls.get(subject.number)),
    )


def _is_in_service(number: Number) -> bool:
    return number.state in IN_SERVICE_STATES and number.network_state is NetworkState.ACTIVE


def _get_through(calls: Sequence[CallOutcome] | None) -> bool:
    """Whether the newest calls rang phones, more than were lost before."""
    results = [call.result for call in (calls or ())[-_NEWEST_CALLS:]]
    lost = sum(result in _LOST_ON_THE_WAY for result in results)
    return 2 * lost < len(results)


def _detail(alerts: Iterable[Alert]) -> str:
    found = {alert.labels.get(name, "") for alert in alerts for name in _DETAILS}
    return " ".join(sorted(found - {""}))


def _unreachable(phones: Iterable[Binding], binding: str) -> Iterator[Binding]:
    for phone in phones:
        is_known = phone.state is not BindingState.UNKNOWN
        if is_known and phone.state not in REACHABLE_STATES and binding in ("", phone.id):
            yield phone
