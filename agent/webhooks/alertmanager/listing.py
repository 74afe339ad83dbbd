"""What Alertmanager answers when it is asked what fires (API version 2)."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import msgspec

from agent.net.exchange import ProviderError
from agent.net.timestamps import iso_parser
from agent.states import PollFailure
from agent.webhooks.alertmanager.source_alert import InvalidAlertError, SourceAlert, read_alert

_moment = iso_parser(UTC)


class Listed(msgspec.Struct, frozen=True):
    """One alert that fires by Alertmanager's own word."""

    told: SourceAlert
    receivers: frozenset[str]
    """Names of the receivers it is routed to."""
    silent: bool
    """Whether it is silenced, inhibited or muted, so that no receiver is told of it now."""


Listing = Mapping[str, Listed]
"""All alerts that fire, by fingerprint."""


def read_listing(tree: object) -> dict[str, Listed]:
    """The answer of ``/api/v2/alerts``.

    Raises:
        ProviderError: ``schema`` when it is not a list of alerts; a listing is taken whole or
            not at all, because what is missing from it counts as over.
    """
    if not isinstance(tree, list):
        raise ProviderError(PollFailure.SCHEMA, "alerts: not a list")
    found = (_listed(one, place) for place, one in enumerate(tree))
    return {one.told.fingerprint: one for one in found}


def read_started_at(tree: object) -> float | None:
    """When Alertmanager was started, by its own clock, from ``/api/v2/status``."""
    told = tree.get("uptime") if isinstance(tree, dict) else None
    try:
        return _moment(told)
    except (ValueError, OverflowError):
        return None


def _listed(raw: object, place: int) -> Listed:
    try:
        told = read_alert(raw, firing=True)
    except InvalidAlertError as error:
        raise ProviderError(PollFailure.SCHEMA, f"alerts[{place}]: {error}") from None
    fields: dict[str, Any] = raw if isinstance(raw, dict) else {}
    return Listed(told, _receivers(fields.get("receivers")), _is_silent(fields.get("status")))


def _receivers(raw: object) -> frozenset[str]:
    listed = raw if isinstance(raw, list) else []
    return frozenset(
        one["name"] for one in listed if isinstance(one, dict) and isinstance(one.get("name"), str)
    )


def _is_silent(raw: object) -> bool:
    status: dict[str, Any] = raw if isinstance(raw, dict) else {}
    reasons = ("silencedBy", "inhibitedBy", "mutedBy")
    return status.get("state") == "suppressed" or any(status.get(name) for name in reasons)
