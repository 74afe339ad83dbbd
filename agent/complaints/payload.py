"""A complaint as a call centre posts it: read strictly, every text scrubbed (domain.md §3)."""

import hashlib
import re
from datetime import UTC
from typing import Any

import msgspec

from agent.complaints.complaint import Channel
from agent.net.decode import decode_body
from agent.net.exchange import ProviderError
from agent.net.scrub import scrub
from agent.net.timestamps import iso_parser

EXPECTED = (
    'a JSON object {"number": "4006220001", "caller": "13900001111", "prompt": "what was heard",'
    ' "at": "2027-03-01T08:00:00+08:00", "channel": "hotline|web|mail|shop|other",'
    ' "content": "...", "reference": "..."}; all but number may be left out'
)
_NUMBER = re.compile(r"\d{5,20}", re.ASCII)
_CALLER = re.compile(r"\+?[\d\s\-()]{3,32}", re.ASCII)
_NOISE = re.compile(r"[\s\-()]")
_TEXTS = {"prompt": 200, "content": 2000, "reference": 100, "handler": 100}
_EARLIEST = 30 * 86400.0
"""Seconds back that a complaint may tell of; what is older is for a desk, not for monitoring."""
_moment = iso_parser(UTC)


class InvalidComplaintError(ValueError):
    """The body is no complaint; the text says why."""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a complaint says."""

    number: str
    caller: str
    """Digits only, as they are dialled in China; empty where nobody said."""
    at: float
    said_when: bool
    """Whether the sender told the time."""
    channel: Channel
    prompt: str
    content: str
    reference: str
    handler: str


def read_complaint(body: bytes, charset: str | None, now: float) -> Heard:
    """The complaint in ``body``.

    A time in the future counts as now, because a sender's clock may be ahead.

    Raises:
        NotAComplaint: when it is none.
    """
    raw = _object(body, charset)
    unknown = sorted(raw.keys() - {"number", "caller", "at", "channel", *_TEXTS})
    if unknown:
        raise InvalidComplaintError(
            f"it has keys that are not known: {scrub(', '.join(unknown), 100)}"
        )
    return Heard(
        number=_number(raw.get("number")),
        caller=_caller(raw.get("caller")),
        at=_at(raw.get("at"), now),
        said_when=raw.get("at") is not None,
        channel=_channel(raw.get("channel")),
        **{name: _text(raw, name, limit) for name, limit in _TEXTS.items()},
    )


def identity(webhook_id: str, heard: Heard) -> str | None:
    """What tells this complaint from others, so that a repeat is known for one.

    The delivery's id; without one the other system's own reference, or all that it says where
    it says when. ``None``: it cannot be told from a repeat, and is taken for another.
    """
    if webhook_id:
        told: tuple[str, ...] = ("webhook", webhook_id)
    elif heard.reference:
        told = ("reference", heard.number, heard.reference)
    elif heard.said_when:
        told = ("words", heard.number, heard.caller, repr(heard.at), heard.prompt, heard.content)
    else:
        return None
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]


def _object(body: bytes, charset: str | None) -> dict[str, Any]:
    try:
        raw = decode_body(body, charset, "the body")
    except ProviderError as error:
        raise InvalidComplaintError(error.detail) from None
    if not isinstance(raw, dict):
        raise InvalidComplaintError("the body is not an object")
    return raw


def _number(raw: object) -> str:
    if not isinstance(raw, str) or not _NUMBER.fullmatch(raw):
        raise InvalidComplaintError("number is not a text of 5 to 20 digits")
    return raw


def _caller(raw: object) -> str:
    """The caller's number, the same however it was written."""
    if raw in (None, ""):
        return ""
    if not isinstance(raw, str) or not _CALLER.fullmatch(raw):
        raise InvalidComplaintError("caller is not a phone number")
    digits = _NOISE.sub("", raw)
    for prefix in ("+86", "0086"):
        digits = digits.removeprefix(prefix)
    if re.fullmatch(r"01[3-9]\d{9}", digits):
        digits = digits[1:]
    if not digits.strip("+"):
        raise InvalidComplaintError("caller is not a phone number")
    return digits


def _at(raw: object, now: float) -> float:
    if raw is None:
        return now
    try:
        moment = raw if isinstance(raw, int | float) and raw is not True else _moment(raw)
    except (ValueError, OverflowError):
        raise InvalidComplaintError("at is neither a time in ISO 8601 nor epoch seconds") from None
    if not now - _EARLIEST <= moment <= now + _EARLIEST:
        raise InvalidComplaintError("at is more than 30 days off")
    return min(moment, now)


def _channel(raw: object) -> Channel:
    if raw is None:
        return Channel.OTHER
    if raw not in Channel.__members__.values():
        raise InvalidComplaintError(f"channel is none of {', '.join(Channel)}")
    return Channel(str(raw))


def _text(raw: dict[str, Any], name: str, limit: int) -> str:
    told = raw.get(name)
    if told is None:
        return ""
    if not isinstance(told, str):
        raise InvalidComplaintError(f"{name} is not a text")
    return scrub(told, limit)
