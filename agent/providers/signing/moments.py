"""The time stamp, date and nonce of one attempt, in the formats that providers sign."""

import itertools
import secrets
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from email.utils import format_datetime
from typing import Final

from agent.net.timestamps import parse_offset
from agent.providers.signing.section import Nonce, Signing, Stamp

Values = dict[str, str]

MOMENT_NAMES: Final = frozenset({"timestamp", "date", "date_compact", "nonce"})
"""The names under which :func:`moment_maker` returns values."""


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


_STAMPS: Final[Mapping[Stamp, Callable[[datetime], str]]] = {
    "seconds": lambda moment: str(int(moment.timestamp())),
    "milliseconds": lambda moment: str(round(moment.timestamp() * 1000)),
    "iso": _iso,
    "iso_compact": lambda moment: moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ"),
    "compact": lambda moment: moment.strftime("%Y%m%d%H%M%S"),
    "text": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S"),
    "http": lambda moment: format_datetime(moment.astimezone(UTC), usegmt=True),
}
_COUNTER: Final = itertools.count(secrets.randbelow(10**18))
_STRIDE: Final = 6_180_339_887_498_949
"""Has no divisor of 10, so that its multiples run through all numbers of any length."""


def _next_digits(length: int) -> str:
    """A nonce that does not come again before all others of its length did.

    Providers refuse one that was used before, and a refused signature stops polling: of random
    ones of six digits, two in a thousand would be the same within five minutes.
    """
    return f"{next(_COUNTER) * _STRIDE % 10**length:0{length}d}"


_NONCES: Final[Mapping[Nonce, Callable[[int], str]]] = {
    "hex": lambda length: secrets.token_hex((length + 1) // 2)[:length],
    "digits": _next_digits,
    "uuid": lambda _: str(uuid.uuid4()),
}


def moment_maker(signing: Signing, names: frozenset[str]) -> Callable[[float], Values]:
    """A function of epoch seconds that returns the stamps of one attempt and a fresh nonce.

    Of the stamps only those among ``names`` are made.

    Raises:
        ValueError: when the section's ``zone`` is no offset.
    """
    zone = parse_offset(signing.zone)
    nonce, length = _NONCES[signing.nonce], signing.nonce_length
    stamps: dict[str, Callable[[datetime], str]] = {
        "timestamp": _STAMPS[signing.timestamp],
        "date": lambda moment: moment.strftime("%Y-%m-%d"),
        "date_compact": lambda moment: moment.strftime("%Y%m%d"),
    }
    used = [(name, stamp) for name, stamp in stamps.items() if name in names]

    def make(now: float) -> Values:
        moment = _moment(now, zone)
        return {"nonce": nonce(length), **{name: stamp(moment) for name, stamp in used}}

    return make


def utc_stamp(now: float, form: Stamp) -> str:
    """Epoch seconds in UTC, in one of the formats of a profile."""
    return _STAMPS[form](_moment(now, UTC))


def _moment(now: float, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(now, zone)
