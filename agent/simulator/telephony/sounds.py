"""What the endpoint plays: tones, silence and announcements, as A-law packets of 20 ms.

An announcement without a recording is a row of syllables drawn from its name: the same name gives
the same sound, another name another. It is synthetic and says no words.
"""

import math
import random
from array import array
from functools import lru_cache
from typing import Final

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


@lru_cache(maxsize=64)
def packets(sound: str) -> tuple[bytes, ...]:
    """The packets of a sound, to be repeated: ``silence``, a tone, ``special`` or any other name.

    Any other name is an announcement.
    """
    samples = _samples(sound)
    coded = bytes(a_law(int(sample)) for sample in samples)
    return tuple(
        coded[start : start + PACKET] for start in range(0, len(coded) - PACKET + 1, PACKET)
    )


def _samples(sound: str) -> "array[float]":
    if sound == "silence":
        return array("d", [0.0] * RATE)
    if sound in _TONES:
        on, off = _TONES[sound]
        return _sine(_PITCH, on) + array("d", [0.0] * int(off * RATE))
    if sound == "special":
        trio = sum((_sine(pitch, 0.33) for pitch in _INFORMATION), array("d"))
        return trio + _announcement("special") + array("d", [0.0] * RATE)
    return _announcement(sound) + array("d", [0.0] * RATE)


def _sine(pitch: float, seconds: float) -> "array[float]":
    step = 2 * math.pi * pitch / RATE
    return array("d", (_LEVEL * math.sin(step * n) for n in range(int(seconds * RATE))))


def _announcement(name: str) -> "array[float]":
    opening, rest = random.Random("opening"), random.Random(name)  # nosec B311 # a sound
    samples = array("d")
    for index in range(_SYLLABLES):
        samples.extend(_syllable(opening if index < _OPENING else rest))
    return samples


def _syllable(rng: random.Random) -> "array[float]":
    """Two gliding resonances under a pulse of 180 Hz, then a short pause."""
    length = int(rng.uniform(0.15, 0.25) * RATE)
    (low, high), (low_end, high_end) = rng.choice(_VOWELS), rng.choice(_VOWELS)
    bend, samples, phases = rng.uniform(0.9, 1.1), array("d"), [0.0, 0.0]
    for n in range(length):
        share = n / length
        pulse = 1 - (n * 180 * bend / RATE) % 1
        for index, (start, end) in enumerate(((low, low_end), (high, high_end))):
            phases[index] += 2 * math.pi * (start + (end - start) * share) * bend / RATE
        fade = min(1.0, 8 * share, 8 * (1 - share))
        tone = math.sin(phases[0]) + 0.6 * math.sin(phases[1])
        samples.append(_LEVEL * fade * pulse * tone)
    return samples + array("d", [0.0] * int(rng.choice((0.0, 0.03, 0.12)) * RATE))


def a_law(sample: int) -> int:
    """A 16-bit sample as A-law (ITU-T G.711)."""
    sign = 0x80 if sample >= 0 else 0
    magnitude = min(max(abs(sample) >> 4, 0), 0x7FF)
    exponent = max(0, magnitude.bit_length() - 5) if magnitude >= 0x20 else int(magnitude >= 0x10)  # noqa: PLR2004 - where the segments begin
    mantissa = (magnitude >> max(0, exponent - 1)) & 0x0F
    return (sign | exponent << 4 | mantissa) ^ 0x55
