"""Reads Alertmanager's webhook body, version 4, strictly; an invalid alert loses no other.

The format and its traps are in docs/reference/ticketing.md §5.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import msgspec

from agent.net.decode import decode_body
from agent.net.exchange import ProviderError
from agent.net.scrub import scrub
from agent.net.timestamps import iso_parser

EXPECTED = (
    'a JSON object of Alertmanager\'s webhook: {"version": "4", "alerts": [{"status":'
    ' "firing", "labels": {...}, ...}], ...}; leave `payload` out of the webhook_config'
)
ALERT_NAME = "alertname"
_VERSION = "4"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MAX_LABELS = 128
_MAX_TEXT = 2000
_MAX_LABEL = 1024
_FINGERPRINT_CHARACTERS = 32
_parse_time = iso_parser(UTC)


class InvalidMessageError(ValueError):
    """The body is not a webhook message of version 4; the text says why."""


class InvalidAlertError(ValueError):
    """A JSON value is not an alert; the text says why."""


class SourceAlert(msgspec.Struct, frozen=True):
    """One alert as its source reports it; times are the source's, in epoch seconds."""

    fingerprint: str
    """Our own hash of all labels: a source's may be missing, or of another kind."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    firing: bool
    starts_at: float | None
    ends_at: float | None


class WebhookMessage(msgspec.Struct, frozen=True):
    """One webhook message: the valid alerts, and why the others are invalid."""

    alerts: tuple[SourceAlert, ...]
    invalid: tuple[str, ...] = ()
    """For each entry that is not an alert, where it is and why it is none."""
    truncated: int = 0
    """How many alerts Alertmanager left out (``max_alerts``)."""
    receiver: str = ""


def read_message(body: bytes, charset: str | None = None) -> WebhookMessage:
    """The message in ``body``; an invalid alert never loses the others.

    The group's status and its common labels are ignored: Alertmanager computes them from the
    listed alerts, which need not be all.

    Raises:
        InvalidMessageError: when it is not a message of version 4, or none of its alerts is
            valid.
    """
    raw = _read_object(body, charset)
    alerts, invalid = _read_alerts(raw["alerts"])
    if invalid and not alerts:
        raise InvalidMessageError(f"none of its {len(invalid)} alerts can be read: {invalid[0]}")
    return WebhookMessage(
        alerts=tuple(alerts),
        invalid=tuple(invalid),
        truncated=_count(raw.get("truncatedAlerts")),
        receiver=unescape_receiver(scrub(str(raw.get("receiver", "")))),
    )


def read_alert(raw: object, *, firing: bool | None = None) -> SourceAlert:
    """The alert in a JSON value of Alertmanager's.

    Unknown fields are ignored and invalid times are left out. Alertmanager writes "no end yet"
    as a time in the year 1, which is left out as well.

    Args:
        raw: The decoded JSON value.
        firing: Whether it fires, where the list it stands in says so; otherwise its own status
            does.

    Raises:
        InvalidAlertError: when it has no labels, or no status where one is needed.
    """
    if not isinstance(raw, dict):
        raise InvalidAlertError("it is not an object")
    labels = _read_labels(raw.get("labels"))
    return SourceAlert(
        fingerprint=fingerprint_of(labels),
        labels=_clean(labels, _MAX_LABEL),
        annotations=_clean(_read_annotations(raw.get("annotations")), _MAX_TEXT),
        firing=_is_firing(raw.get("status")) if firing is None else firing,
        starts_at=_read_time(raw.get("startsAt")),
        ends_at=_read_time(raw.get("endsAt")),
    )


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """The id of an alert within its source: 32 hexadecimal digits of a hash of all its labels."""
    canonical = json.dumps(sorted(labels.items())).encode()
    return hashlib.sha256(canonical).hexdigest()[:_FINGERPRINT_CHARACTERS]


def unescape_receiver(receiver: str) -> str:
    r"""A receiver's name as it was configured: ``web\.hook`` is ``web.hook``.

    Alertmanager escapes it for regular expressions in messages
    (docs/reference/ticketing.md §5).
    """
    return _ESCAPED.sub(r"\1", receiver)


def _read_object(body: bytes, charset: str | None) -> dict[str, Any]:
    try:
        raw = decode_body(body, charset, "the body")
    except ProviderError as error:
        raise InvalidMessageError(error.detail) from None
    if not isinstance(raw, dict):
        raise InvalidMessageError("the body is not an object")
    version = raw.get("version")
    if version != _VERSION:
        shown = scrub(repr(version), 40) if "version" in raw else "missing"
        raise InvalidMessageError(f"its version is {shown}")
    if not isinstance(raw.get("alerts"), list):
        raise InvalidMessageError("its alerts are not a list")
    return raw


def _read_alerts(raw: list[object]) -> tuple[list[SourceAlert], list[str]]:
    alerts: list[SourceAlert] = []
    invalid: list[str] = []
    for index, entry in enumerate(raw):
        try:
            alerts.append(read_alert(entry))
        except InvalidAlertError as error:
            invalid.append(f"alerts[{index}]: {error}")
    return alerts, invalid


def _count(raw: object) -> int:
    return raw if isinstance(raw, int) and raw > 0 else 0


def _read_labels(raw: object) -> dict[str, str]:
    """The labels, all of them: without one it would be another alert."""
    if not isinstance(raw, dict):
        raise InvalidAlertError("its labels are not an object")
    if len(raw) > _MAX_LABELS:
        raise InvalidAlertError(f"it has more than {_MAX_LABELS} labels")
    labels = _texts(raw)
    if len(labels) != len(raw):
        raise InvalidAlertError("its labels are not all texts")
    # In Prometheus' data model an empty label is the same as a missing one.
    labels = {name: text for name, text in labels.items() if text}
    if not labels:
        raise InvalidAlertError("it has no labels")
    return labels


def _read_annotations(raw: object) -> dict[str, str]:
    """The annotations that are texts; invalid ones never lose an alert."""
    texts = _texts(raw) if isinstance(raw, dict) else {}
    return dict(list(texts.items())[:_MAX_LABELS])


def _texts(raw: dict[Any, Any]) -> dict[str, str]:
    return {name: text for name, text in raw.items() if isinstance(text, str)}


def _clean(texts: Mapping[str, str], limit: int) -> dict[str, str]:
    return {scrub(name): scrub(text, limit) for name, text in sorted(texts.items())}


def _is_firing(status: object) -> bool:
    if status not in ("firing", "resolved"):
        raise InvalidAlertError("its status is neither firing nor resolved")
    return status == "firing"


def _read_time(raw: object) -> float | None:
    try:
        at = _parse_time(raw)
    except (ValueError, OverflowError):
        return None
    return at if at > 0 else None
