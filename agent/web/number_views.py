"""Numbers, phones, routings and polls as the API and the pages show them."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from agent.checks.engine import CheckResult
from agent.checks.phone_columns import binding_labels
from agent.health.account import AccountHealth
from agent.health.findings import findings
from agent.masking import mask_phone, mask_text
from agent.model import Binding, Routing, Snapshot, Window
from agent.states import Capability
from agent.tickets.document import stamp
from agent.web.configuration import ConfigurationView
from agent.web.views import (
    NumberDetail,
    NumberView,
    PhoneView,
    PollView,
    RoutingView,
    WindowView,
)

_MINUTES_AN_HOUR = 60


def age_of(snapshot: Snapshot, capability: Capability, now: float) -> float | None:
    """Seconds since the facts of ``capability`` were last confirmed; ``None`` if never."""
    status = snapshot.polls.get(capability)
    if status is None or status.last_success is None:
        return None
    return round(max(0.0, now - status.last_success), 3)


def poll_views(snapshot: Snapshot, now: float) -> tuple[PollView, ...]:
    """The newest poll of each of the account's capabilities."""
    return tuple(
        PollView(
            capability=capability.value,
            fresh=snapshot.is_fresh(capability, now),
            interval_seconds=status.interval,
            last_success=stamp(status.last_success),
            age_seconds=age_of(snapshot, capability, now),
            failure=None if status.failure is None else status.failure.value,
            detail=mask_text(status.detail),
        )
        for capability, status in snapshot.polls.items()
    )


def _count(value: Any) -> int | None:
    return None if math.isnan(value) else int(value)


def _fields(health: AccountHealth, row: int, now: float) -> dict[str, Any]:
    """The fields that every view of a number has."""
    result = health.result
    snapshot, number, columns = result.snapshot, result.numbers[row], result.columns
    status = snapshot.polls.get(Capability.NUMBERS)
    confirmed_at = None if status is None else status.last_success
    fresh_phones = result.is_fresh(Capability.REACHABILITY, now)
    return {
        "number": number.number,
        "provider": snapshot.provider,
        "account": snapshot.account,
        "health": health.health(row),
        "state": str(result.number_state(number.number)),
        "network_state": str(result.network_state(number.number)),
        "native_status": mask_text(number.native_status),
        "reason": mask_text(number.reason),
        "company": number.company,
        "carrier": columns.carriers[row],
        "grade": columns.grades[row],
        "contract_end": stamp(number.contract_end),
        "reclaim_at": stamp(number.reclaim_at),
        "realname_ok": number.realname_ok,
        "marked_as": number.marking and str(number.marking.tag),
        "marked_count": number.marking and number.marking.count,
        "recordings_pending": number.recordings_pending,
        "voicemail_unread": number.voicemail_unread,
        "colour_ring": number.colour_ring,
        "gone": row >= result.listed,
        "bindings": _count(result.phones.counts[row]),
        "bindings_reachable": _count(result.phones.reachable[row]) if fresh_phones else None,
        "findings": findings(health, row, now),
        "stale": not result.is_fresh(Capability.NUMBERS, now),
        "seen_at": stamp(confirmed_at),
        "age_seconds": age_of(snapshot, Capability.NUMBERS, now),
    }


def number_view(health: AccountHealth, row: int, now: float) -> NumberView:
    """One number as an item of a list."""
    return NumberView(**_fields(health, row, now))


def _phone_view(label: str, binding: Binding) -> PhoneView:
    return PhoneView(
        binding=label,
        phone=mask_phone(binding.phone),
        kind=binding.kind.value,
        position=binding.position,
        state=binding.state.value,
        native_status=mask_text(binding.native_status),
    )


def _clock_time(minute: int) -> str:
    hours, minutes = divmod(minute, _MINUTES_AN_HOUR)
    return f"{hours:02}:{minutes:02}"


def _window_view(window: Window, labels: Mapping[str, str]) -> WindowView:
    bindings = tuple(labels.get(binding, mask_phone(binding)) for binding in window.bindings)
    start, end = _clock_time(window.start_minute), _clock_time(window.end_minute)
    return WindowView(window.days, start, end, bindings)


def phone_views(bindings: Sequence[Binding]) -> tuple[PhoneView, ...]:
    """Phones, masked, under their public labels."""
    return tuple(map(_phone_view, binding_labels(bindings), bindings))


def routing_view(routing: Routing, labels: Mapping[str, str] | None = None) -> RoutingView:
    """A routing with phones masked; ``labels`` are the public labels of phones by id."""
    labels = labels or {}
    return RoutingView(
        strategy=routing.strategy.value,
        wait_seconds=routing.wait_seconds,
        schedule=tuple(_window_view(window, labels) for window in routing.schedule),
        region_allow=routing.region_allow,
        region_deny=routing.region_deny,
        blacklist=tuple(map(mask_phone, routing.blacklist)),
        whitelist_enabled=routing.whitelist_enabled,
        whitelist=tuple(map(mask_phone, routing.whitelist)),
        concurrency_limit=routing.concurrency_limit,
        voicemail=routing.voicemail,
    )


def number_detail(
    health: AccountHealth,
    row: int,
    now: float,
    others: Sequence[CheckResult],
    configuration: ConfigurationView,
) -> NumberDetail:
    """One number with everything known of it; ``others`` are the other accounts that have it."""
    result = health.result
    number = result.names[row]
    bindings = result.bindings(number)
    labels = {binding.id: label for label, binding in (bindings or {}).items()}
    routing = result.snapshot.routings.get(number)
    return NumberDetail(
        **_fields(health, row, now),
        phones=None
        if bindings is None
        else tuple(_phone_view(label, binding) for label, binding in bindings.items()),
        phones_stale=not result.is_fresh(Capability.REACHABILITY, now),
        routing=None if routing is None else routing_view(routing, labels),
        routing_stale=not result.is_fresh(Capability.ROUTING, now),
        differences=tuple(map(str, result.differences(number))),
        configured=configuration,
        polls=poll_views(result.snapshot, now),
        also_at=tuple(other.snapshot.key for other in others),
    )
