"""Numbers as the API shows them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.checks.engine import CheckResult
from agent.checks.phone_columns import binding_labels
from agent.masking import mask_phone, mask_text
from agent.model import Binding, Routing, Snapshot, Window
from agent.states import Capability, NumberState
from agent.tickets.document import stamp
from agent.web.configured import ConfiguredView
from agent.web.findings import findings
from agent.web.health import HEALTHS, AccountHealth
from agent.web.views import (
    Health,
    NumberDetail,
    NumberView,
    PhoneView,
    PollView,
    RoutingView,
    WindowView,
)

_MINUTES_AN_HOUR = 60


@dataclass(frozen=True)
class Wanted:
    """Which numbers are asked for; an empty name asks for all."""

    state: NumberState | None = None
    provider: str = ""
    account: str = ""
    health: tuple[Health, ...] = HEALTHS


def age_of(snapshot: Snapshot, capability: Capability, now: float) -> float | None:
    """Seconds since the facts of ``capability`` were last confirmed; ``None`` if never."""
    status = snapshot.polls.get(capability)
    if status is None or status.last_success is None:
        return None
    return round(max(0.0, now - status.last_success), 3)


def poll_views(snapshot: Snapshot, now: float) -> tuple[PollView, ...]:
    """How the polling of each of the account's capabilities stands."""
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
    """What every view of a number shows."""
    checked = health.checked
    snapshot, fact, columns = checked.snapshot, checked.numbers[row], checked.columns
    status = snapshot.polls.get(Capability.NUMBERS)
    seen_at = None if status is None else status.last_success
    fresh_phones = checked.is_fresh(Capability.REACHABILITY, now)
    return {
        "number": fact.number,
        "provider": snapshot.provider,
        "account": snapshot.account,
        "health": HEALTHS[int(health.codes[row])],
        "state": str(checked.number_state(fact.number)),
        "network_state": str(checked.network_state(fact.number)),
        "native_status": mask_text(fact.native_status),
        "reason": mask_text(fact.reason),
        "company": fact.company,
        "carrier": columns.carriers[row],
        "grade": columns.grades[row],
        "contract_end": stamp(fact.contract_end),
        "reclaim_at": stamp(fact.reclaim_at),
        "realname_ok": fact.realname_ok,
        "gone": row >= checked.listed,
        "bindings": _count(checked.phones.counts[row]),
        "bindings_reachable": _count(checked.phones.reachable[row]) if fresh_phones else None,
        "findings": findings(checked, row, now),
        "stale": not checked.is_fresh(Capability.NUMBERS, now),
        "seen_at": stamp(seen_at),
        "age_seconds": age_of(snapshot, Capability.NUMBERS, now),
    }


def number_view(health: AccountHealth, row: int, now: float) -> NumberView:
    """One number of a list."""
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


def _window_view(window: Window, names: Mapping[str, str]) -> WindowView:
    bindings = tuple(names.get(binding, mask_phone(binding)) for binding in window.bindings)
    start, end = _clock_time(window.start_minute), _clock_time(window.end_minute)
    return WindowView(window.days, start, end, bindings)


def phone_views(bindings: Sequence[Binding]) -> tuple[PhoneView, ...]:
    """Phones as they are shown, under their public names."""
    return tuple(map(_phone_view, binding_labels(bindings), bindings))


def routing_view(routing: Routing, names: Mapping[str, str] | None = None) -> RoutingView:
    """A routing as it is shown; ``names`` are the public names of phones by id."""
    names = names or {}
    return RoutingView(
        strategy=routing.strategy.value,
        wait_seconds=routing.wait_seconds,
        schedule=tuple(_window_view(window, names) for window in routing.schedule),
        region_allow=routing.region_allow,
        region_deny=routing.region_deny,
        blacklist=tuple(map(mask_phone, routing.blacklist)),
        whitelist_enabled=routing.whitelist_enabled,
        whitelist=tuple(map(mask_phone, routing.whitelist)),
        concurrency_limit=routing.concurrency_limit,
        voicemail=routing.voicemail,
    )


def _place(checked: CheckResult) -> str:
    return checked.snapshot.key


def number_detail(
    health: AccountHealth,
    row: int,
    now: float,
    others: Sequence[CheckResult],
    configured: ConfiguredView,
) -> NumberDetail:
    """One number with everything known of it; ``others`` are further accounts that have it."""
    checked = health.checked
    number = checked.names[row]
    bindings = checked.bindings(number)
    names = {fact.id: label for label, fact in (bindings or {}).items()}
    routing = checked.snapshot.routings.get(number)
    return NumberDetail(
        **_fields(health, row, now),
        phones=None
        if bindings is None
        else tuple(_phone_view(label, fact) for label, fact in bindings.items()),
        phones_stale=not checked.is_fresh(Capability.REACHABILITY, now),
        routing=None if routing is None else routing_view(routing, names),
        routing_stale=not checked.is_fresh(Capability.ROUTING, now),
        differences=tuple(map(str, checked.differences(number))),
        configured=configured,
        polls=poll_views(checked.snapshot, now),
        also_at=tuple(map(_place, others)),
    )


def _fits(health: AccountHealth, wanted: Wanted) -> bool:
    snapshot = health.checked.snapshot
    return wanted.provider in ("", snapshot.provider) and wanted.account in ("", snapshot.account)


def select(
    healths: Sequence[AccountHealth], wanted: Wanted, limit: int, offset: int, now: float
) -> tuple[int, list[NumberView]]:
    """How many numbers fit, and a stretch of them, account by account and by number."""
    total, views = 0, list[NumberView]()
    for health in healths:
        if not _fits(health, wanted):
            continue
        rows = health.rows(*wanted.health, state=wanted.state)
        start = max(0, offset - total)
        stretch = rows[start : start + limit - len(views)]
        views += [number_view(health, row, now) for row in stretch.tolist()]
        total += rows.size
    return total, views
