"""What the endpoint plays: tones, silence and announcements, as A-law packets of 20 ms.

An announcement without a recording is a row of syllables drawn from its name: the same name gives
the same sound, another name another. It is synthetic and says no words.
"""

import random
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8000
PACKET: Final = 160
"""Samples of a packet: 20 ms."""
_TONES: Final = {"ringback": (1.0, 4.0), "busy": (0.35, 0.35), "congestion": (0.7, 0.7)}
_PITCH: Final = 450.0
_LEVEL: Final = 6000.0
_INFORMATION: Final = (950.0, 1400.0, 1800.0)
_VOWELS: Final = ((800, 1250), (350, 2100), (400, 800), (550, 1750), (300, 900))
_SYLLABLES: Final = 26
_OPENING: Final = 4
"""Syllables that all announcements begin with."""

Samples = NDArray[np.float64]


@lru_cache(maxsize=64)
def packets(sound: str) -> tuple[bytes, ...]:
    """The packets of a sound, to be repeated: ``silence``, a tone, ``special`` or any other name.

    Any other name is an announcement.
    """
    coded = a_law(_samples(sound).astype(np.int64)).tobytes()
    return tuple(
        coded[start : start + PACKET] for start in range(0, len(coded) - PACKET + 1, PACKET)
    )


def _samples(sound: str) -> Samples:
    if sound == "silence":
        return np.zeros(RATE)
    if sound in _TONES:
        on, off = _TONES[sound]
        return np.concatenate((_sine(_PITCH, on), np.zeros(int(off * RATE))))
    if sound == "special":
        trio = (_sine(pitch, 0.33) for pitch in _INFORMATION)
        return np.concatenate((*trio, _announcement("special"), np.zeros(RATE)))
    return np.concatenate((_announcement(sound), np.zeros(RATE)))


def _sine(pitch: float, seconds: float) -> Samples:
    wave: Samples = np.sin(2 * np.pi * pitch / RATE * np.arange(int(seconds * RATE)))
    return _LEVEL * wave


def _announcement(name: str) -> Samples:
    opening, rest = random.Random("opening"), random.Random(name)  # nosec B311 # a sound
    return np.concatenate(
        [_syllable(opening if index < _OPENING else rest) for index in range(_SYLLABLES)]
    )


def _syllable(rng: random.Random) -> Samples:
    """Two gliding resonances under a pulse of 180 Hz, then a short pause."""
    length = int(rng.uniform(0.15, 0.25) * RATE)
    starts, ends = rng.choice(_VOWELS), rng.choice(_VOWELS)
    bend = rng.uniform(0.9, 1.1)
    share = np.arange(length) / length
    pulse = 1 - (np.arange(length) * 180 * bend / RATE) % 1
    low, high = (
        np.sin(2 * np.pi * np.cumsum(start + (end - start) * share) * bend / RATE)
        for start, end in zip(starts, ends, strict=True)
    )
    fade = np.minimum(1.0, np.minimum(8 * share, 8 * (1 - share)))
    pause = np.zeros(int(rng.choice((0.0, 0.03, 0.12)) * RATE))
    return np.concatenate((_LEVEL * fade * pulse * (low + 0.6 * high), pause))


def a_law(samples: NDArray[np.int64]) -> NDArray[np.uint8]:
    """16-bit samples as A-law (ITU-T G.711)."""
    sign = np.where(samples >= 0, 0x80, 0)
    magnitude = np.minimum(np.abs(samples) >> 4, 0x7FF)
    # The number of the segment: the highest bit that is set, from the fifth on.
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int64) - 3, 0)
    mantissa = (magnitude >> np.maximum(exponent - 1, 0)) & 0x0F
    coded: NDArray[np.uint8] = ((sign | exponent << 4 | mantissa) ^ 0x55).astype(np.uint8)
    return coded
