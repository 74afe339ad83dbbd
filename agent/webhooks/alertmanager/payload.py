"""Alertmanager's webhook body, version 4 (ticketing.md §5), told apart from anything else."""

import re
from typing import Any

import msgspec

from agent.net.decode import decode_body
from agent.net.exchange import ProviderError
from agent.net.scrub import scrub
from agent.webhooks.alertmanager.source_alert import InvalidAlertError, SourceAlert, read_alert

EXPECTED = (
    'a JSON object of Alertmanager\'s webhook: {"version": "4", "alerts": [{"status":'
    ' "firing", "labels": {...}, ...}], ...}; leave `payload` out of the webhook_config'
)
_VERSION = "4"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


class InvalidMessageError(ValueError):
    """The body is not a webhook message of version 4; the text says why."""


class Message(msgspec.Struct, frozen=True):
    """One webhook message, its alerts each read for itself."""

    alerts: tuple[SourceAlert, ...]
    invalid: tuple[str, ...] = ()
    """Why the entries that are no alerts are none."""
    truncated: int = 0
    """How many alerts Alertmanager left out (``max_alerts``)."""
    receiver: str = ""


def read_message(body: bytes, charset: str | None = None) -> Message:
    """The message in ``body``; one bad alert never loses the others.

    Neither the group's status nor its common labels are looked at: they are worked out of what
    is listed, which may not be all.

    Raises:
        NotAMessage: when it is not a message of version 4, or none of its alerts can be read.
    """
    raw = _object(body, charset)
    alerts, invalid = _alerts(raw["alerts"])
    if invalid and not alerts:
        raise InvalidMessageError(f"none of its {len(invalid)} alerts can be read: {invalid[0]}")
    return Message(
        alerts=tuple(alerts),
        invalid=tuple(invalid),
        truncated=_count(raw.get("truncatedAlerts")),
        receiver=unescaped(scrub(str(raw.get("receiver", "")))),
    )


def unescaped(receiver: str) -> str:
    r"""A receiver's name as it was configured: ``web\.hook`` is ``web.hook``."""
    return _ESCAPED.sub(r"\1", receiver)


def _object(body: bytes, charset: str | None) -> dict[str, Any]:
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


def _alerts(raw: list[object]) -> tuple[list[SourceAlert], list[str]]:
    alerts: list[SourceAlert] = []
    invalid: list[str] = []
    for place, one in enumerate(raw):
        try:
            alerts.append(read_alert(one))
        except InvalidAlertError as error:
            invalid.append(f"alerts[{place}]: {error}")
    return alerts, invalid


def _count(raw: object) -> int:
    return raw if isinstance(raw, int) and raw > 0 else 0
