"""The supervisory tones of countries: frequencies and cadences (ITU-T E.180 and its supplement 2).

China's are those of docs/reference/domain.md §2 and of its national standard: 450 Hz.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Final


@unique
class ToneKind(StrEnum):
    """What a tone says."""

    RINGBACK = "ringback"
    BUSY = "busy"
    CONGESTION = "congestion"
    SPECIAL_INFORMATION = "special_information"


@dataclass(frozen=True)
class Tone:
    """One tone of one country."""

    kind: ToneKind
    frequencies: tuple[float, ...]
    """In Hz, sounding together."""
    cadence: tuple[float, ...]
    """Seconds on, off, on, off …; repeated."""


def _tones(
    frequencies: tuple[float, ...], ringback: tuple[float, ...], busy: float, congestion: float
) -> tuple[Tone, ...]:
    return (
        Tone(ToneKind.RINGBACK, frequencies, ringback),
        Tone(ToneKind.BUSY, frequencies, (busy, busy)),
        Tone(ToneKind.CONGESTION, frequencies, (congestion, congestion)),
    )


TONES: Final[Mapping[str, tuple[Tone, ...]]] = {
    "CN": _tones((450.0,), (1.0, 4.0), 0.35, 0.7),
    "DE": _tones((425.0,), (1.0, 4.0), 0.48, 0.24),
    "FR": (
        Tone(ToneKind.RINGBACK, (440.0,), (1.5, 3.5)),
        Tone(ToneKind.BUSY, (440.0,), (0.5, 0.5)),
    ),
    "GB": (
        Tone(ToneKind.RINGBACK, (400.0, 450.0), (0.4, 0.2, 0.4, 2.0)),
        Tone(ToneKind.BUSY, (400.0,), (0.375, 0.375)),
        Tone(ToneKind.CONGESTION, (400.0,), (0.4, 0.35, 0.225, 0.525)),
    ),
    "US": (
        Tone(ToneKind.RINGBACK, (440.0, 480.0), (2.0, 4.0)),
        Tone(ToneKind.BUSY, (480.0, 620.0), (0.5, 0.5)),
        Tone(ToneKind.CONGESTION, (480.0, 620.0), (0.25, 0.25)),
    ),
}
"""The tones by country (ISO 3166-1 alpha-2)."""

SPECIAL_INFORMATION: Final = (950.0, 1400.0, 1800.0)
"""The three tones, in Hz, that precede an announcement (ITU-T E.180 §5)."""
SPECIAL_INFORMATION_TOLERANCE: Final = 60.0
"""In Hz; North America shifts the first two a little to say more."""
