"""Reads the alert list and the status of Alertmanager's API, version 2."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import msgspec

from agent.net.exchange import ProviderError
from agent.net.timestamps import iso_parser
from agent.states import PollFailure
from agent.webhooks.alertmanager.payload import InvalidAlertError, SourceAlert, read_alert

_parse_time = iso_parser(UTC)
_SUPPRESSION_FIELDS = ("silencedBy", "inhibitedBy", "mutedBy")


class ListedAlert(msgspec.Struct, frozen=True):
    """One alert that Alertmanager lists as firing."""

    alert: SourceAlert
    receivers: frozenset[str]
    """Names of the receivers it is routed to."""
    suppressed: bool
    """Whether it is silenced, inhibited or muted, so that no receiver is notified of it now."""


Listing = Mapping[str, ListedAlert]
"""All alerts that fire, by fingerprint."""


def read_listing(tree: object) -> dict[str, ListedAlert]:
    """The decoded response of ``/api/v2/alerts``.

    Raises:
        ProviderError: ``schema`` when it is not a list of valid alerts. A listing is taken whole
            or not at all, because an alert that is missing from it counts as resolved.
    """
    if not isinstance(tree, list):
        raise ProviderError(PollFailure.SCHEMA, "alerts: not a list")
    listing = (_read_listed_alert(raw, index) for index, raw in enumerate(tree))
    return {listed.alert.fingerprint: listed for listed in listing}


def read_started_at(tree: object) -> float | None:
    """When Alertmanager started, by its own clock, from the response of ``/api/v2/status``."""
    uptime = tree.get("uptime") if isinstance(tree, dict) else None
    try:
        return _parse_time(uptime)
    except (ValueError, OverflowError):
        return None


def _read_listed_alert(raw: object, index: int) -> ListedAlert:
    try:
        alert = read_alert(raw, firing=True)
    except InvalidAlertError as error:
        raise ProviderError(PollFailure.SCHEMA, f"alerts[{index}]: {error}") from None
    fields: dict[str, Any] = raw if isinstance(raw, dict) else {}
    return ListedAlert(
        alert, _read_receivers(fields.get("receivers")), _is_suppressed(fields.get("status"))
    )


def _read_receivers(raw: object) -> frozenset[str]:
    receivers = raw if isinstance(raw, list) else []
    return frozenset(
        receiver["name"]
        for receiver in receivers
        if isinstance(receiver, dict) and isinstance(receiver.get("name"), str)
    )


def _is_suppressed(raw: object) -> bool:
    status: dict[str, Any] = raw if isinstance(raw, dict) else {}
    return status.get("state") == "suppressed" or any(map(status.get, _SUPPRESSION_FIELDS))
