"""One alert as another system tells it: read strictly, each alert for itself."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

import msgspec

from agent.net.scrub import scrub
from agent.net.timestamps import iso_parser

ALERT_NAME = "alertname"
_MOST_LABELS = 128
_LONGEST_TEXT = 2000
_LONGEST_LABEL = 1024
_FINGERPRINT_CHARACTERS = 32
_moment = iso_parser(UTC)


class SourceAlert(msgspec.Struct, frozen=True):
    """What a source says of one alert; times are its own, in epoch seconds."""

    fingerprint: str
    """Of all labels, by our own hash: a source's may be missing, or of another kind."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    firing: bool
    starts_at: float | None
    ends_at: float | None


class InvalidAlertError(ValueError):
    """Something that is no alert; the text says why."""


def read_alert(raw: object, *, firing: bool | None = None) -> SourceAlert:
    """The alert in a JSON value of Alertmanager's; ``firing`` where its list says so already.

    Unknown fields are let be, a time that is no time is left out, and the year 1, which is how
    Alertmanager writes "no end yet", is none.

    Raises:
        BadAlert: when it has no labels, or says neither that it fires nor that it is over.
    """
    if not isinstance(raw, dict):
        raise InvalidAlertError("it is not an object")
    labels = _labels(raw.get("labels"))
    return SourceAlert(
        fingerprint=fingerprint_of(labels),
        labels=_clean(labels, _LONGEST_LABEL),
        annotations=_clean(_words(raw.get("annotations")), _LONGEST_TEXT),
        firing=_is_firing(raw.get("status")) if firing is None else firing,
        starts_at=_time(raw.get("startsAt")),
        ends_at=_time(raw.get("endsAt")),
    )


def fingerprint_of(labels: Mapping[str, str]) -> str:
    """What tells one alert of a source from another: 32 hexadecimal digits of all its labels."""
    canonical = json.dumps(sorted(labels.items())).encode()
    return hashlib.sha256(canonical).hexdigest()[:_FINGERPRINT_CHARACTERS]


def _labels(raw: object) -> dict[str, str]:
    """The labels, all of them: without one it would be another alert."""
    if not isinstance(raw, dict):
        raise InvalidAlertError("its labels are not an object")
    if len(raw) > _MOST_LABELS:
        raise InvalidAlertError(f"it has more than {_MOST_LABELS} labels")
    labels = _texts(raw)
    if len(labels) != len(raw):
        raise InvalidAlertError("its labels are not all texts")
    # An empty label is the same as none (Prometheus' data model).
    named = {name: text for name, text in labels.items() if text}
    if not named:
        raise InvalidAlertError("it has no labels")
    return named


def _words(raw: object) -> dict[str, str]:
    """The annotations that can be read; what is odd about them loses no alert."""
    texts = _texts(raw) if isinstance(raw, dict) else {}
    return dict(list(texts.items())[:_MOST_LABELS])


def _texts(raw: dict[Any, Any]) -> dict[str, str]:
    return {name: text for name, text in raw.items() if isinstance(text, str)}


def _clean(texts: Mapping[str, str], limit: int) -> dict[str, str]:
    return {scrub(name): scrub(text, limit) for name, text in sorted(texts.items())}


def _is_firing(status: object) -> bool:
    if status not in ("firing", "resolved"):
        raise InvalidAlertError("its status is neither firing nor resolved")
    return status == "firing"


def _time(raw: object) -> float | None:
    try:
        moment = _moment(raw)
    except (ValueError, OverflowError):
        return None
    return moment if moment > 0 else None
