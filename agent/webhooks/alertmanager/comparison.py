"""Compares Alertmanager's alert list with what its messages reported: pure functions.

A difference is repaired once two responses in a row show it, so that neither a message in
transit nor an alert still in its ``group_wait`` is taken for a lost one.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum, unique

import msgspec
from msgspec.structs import replace

from agent.webhooks.alertmanager.external_alert import (
    AlertStatus,
    ExternalAlert,
    ResolveTrust,
    merge,
    resolve,
)
from agent.webhooks.alertmanager.listing import Listing


@unique
class AlertRepair(StrEnum):
    """A repair that a response of Alertmanager led to, as metrics count it."""

    LOST_FIRING = "lost_firing"
    """It fires, and was never reported or was reported resolved."""
    LOST_RESOLVE = "lost_resolve"
    """It was reported as firing and no longer fires."""
    CONFIRMED = "confirmed"
    """The source reported it resolved, and its own alert list confirms it."""


class ListingResponse(msgspec.Struct, frozen=True):
    """One response of Alertmanager."""

    listing: Listing
    requested_at: float
    """By this machine's clock; whatever changed here later is newer than the response."""
    settled: bool
    """Whether Alertmanager has been up long enough to have received all that fires."""


class UnconfirmedDifferences(msgspec.Struct, frozen=True):
    """The differences that one response showed and the next one must show again."""

    missing: frozenset[str] = frozenset()
    """Fingerprints of alerts that fire here and were not listed."""
    unknown: frozenset[str] = frozenset()
    """Fingerprints of alerts that were listed and do not fire here."""
    requested_at: float = 0.0
    """When the response was requested."""


class Comparison(msgspec.Struct, frozen=True):
    """The alerts to change now, and the differences that the next response must confirm."""

    changed: Mapping[str, ExternalAlert]
    repairs: Mapping[str, AlertRepair]
    unconfirmed: UnconfirmedDifferences


IsOurs = Callable[[frozenset[str]], bool]
"""Whether Alertmanager notifies this agent of an alert that is routed to these receivers."""


def compare(
    alerts: Mapping[str, ExternalAlert],
    response: ListingResponse,
    previous: UnconfirmedDifferences,
    is_ours: IsOurs,
    now: float,
) -> Comparison:
    """Compare ``alerts`` with ``response``; repairs need the same difference in ``previous``."""
    missing = _missing(alerts, response)
    unknown = _unknown(alerts, response, is_ours)
    changed: dict[str, ExternalAlert] = {}
    repairs: dict[str, AlertRepair] = {}
    for fingerprint in missing:
        repair = _repair_of_missing(alerts[fingerprint], response, previous)
        if repair is not None:
            changed[fingerprint] = resolve(alerts[fingerprint], response.requested_at, now)
            repairs[fingerprint] = repair
    for fingerprint in unknown:
        alert = _fire_unknown(alerts.get(fingerprint), fingerprint, response, previous, now)
        if alert is not None:
            changed[fingerprint], repairs[fingerprint] = alert, AlertRepair.LOST_FIRING
    unconfirmed = UnconfirmedDifferences(
        missing=missing - changed.keys() if response.settled else frozenset(),
        unknown=unknown - changed.keys(),
        requested_at=response.requested_at,
    )
    return Comparison(changed, repairs, unconfirmed)


def _missing(alerts: Mapping[str, ExternalAlert], response: ListingResponse) -> frozenset[str]:
    """The fingerprints of alerts that count as firing here and are not listed."""
    return frozenset(
        fingerprint
        for fingerprint, alert in alerts.items()
        if alert.counts_as_firing
        and fingerprint not in response.listing
        and alert.changed_at < response.requested_at
    )


def _unknown(
    alerts: Mapping[str, ExternalAlert], response: ListingResponse, is_ours: IsOurs
) -> frozenset[str]:
    """The fingerprints of alerts that are listed and notified to us, and do not fire here."""
    return frozenset(
        fingerprint
        for fingerprint, listed in response.listing.items()
        if is_ours(listed.receivers)
        and not listed.suppressed
        and not _is_firing(alerts.get(fingerprint))
    )


def _is_firing(alert: ExternalAlert | None) -> bool:
    return alert is not None and alert.status is AlertStatus.FIRING


def _repair_of_missing(
    alert: ExternalAlert, response: ListingResponse, previous: UnconfirmedDifferences
) -> AlertRepair | None:
    # A reported resolve needs one response that agrees with it; a lost one needs two.
    if alert.status is AlertStatus.RESOLVE_PENDING:
        return AlertRepair.CONFIRMED
    seen_twice = alert.fingerprint in previous.missing and alert.changed_at < previous.requested_at
    return AlertRepair.LOST_RESOLVE if response.settled and seen_twice else None


def _fire_unknown(
    stored: ExternalAlert | None,
    fingerprint: str,
    response: ListingResponse,
    previous: UnconfirmedDifferences,
    now: float,
) -> ExternalAlert | None:
    if fingerprint not in previous.unknown or (
        stored is not None and stored.changed_at >= previous.requested_at
    ):
        return None
    if stored is not None and stored.status is AlertStatus.RESOLVE_PENDING:
        return replace(stored, status=AlertStatus.FIRING, changed_at=now)
    # Merged with None: two responses list it, so it is no late repeat of a resolved firing.
    alert, _outcome = merge(None, response.listing[fingerprint].alert, ResolveTrust(), now)
    return alert if stored is None or alert is None else replace(alert, ended_at=stored.ended_at)
