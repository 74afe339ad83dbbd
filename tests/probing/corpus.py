"""Sounds of a telephone line, made without anything of what recognizes them.

Tones are sums of sines; announcements are syllables of a made-up language: pulses of a voice
through three resonances that glide, as vowels do, and bursts of noise as consonants. A line then
takes packets away, moves the rest, adds noise, and codes it as A-law.
"""

import random
from dataclasses import dataclass

import numpy as np

RATE = 8000
PACKET = 160


def tone(frequencies, cadence, seconds, *, shift=0.0, level=-15.0, skew=1.0):
    """A tone that goes on and off: ``shift`` in Hz, ``level`` in dB, ``skew`` of its times."""
    at = np.arange(int(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * (f + shift) * at) for f in frequencies) / len(frequencies)
    edges = np.cumsum([0.0, *cadence]) * skew
    inside = at % edges[-1]
    gate = np.zeros(len(at))
    for index in range(0, len(cadence), 2):
        gate[(inside >= edges[index]) & (inside < edges[index + 1])] = 1
    return sound * gate * 10 ** (level / 20)


def special_information(rng, level=-15.0):
    parts = [
        tone((f,), (1.0,), rng.choice((0.276, 0.33, 0.38)), level=level)
        for f in (rng.choice((913.8, 985.2, 950.0)), rng.choice((1370.6, 1428.5, 1400.0)), 1776.7)
    ]
    return np.concatenate(parts)


def _resonate(sound, frequency, width):
    """A resonance of two poles, by its impulse response: enough of it for a vowel."""
    length = int(RATE / width * 1.2)
    at = np.arange(length) / RATE
    response = np.exp(-np.pi * width * at) * np.sin(2 * np.pi * frequency * at)
    return np.convolve(sound, response)[: len(sound)]


VOWELS = (
    (800, 1250, 2500),
    (350, 2100, 2900),
    (400, 800, 2600),
    (550, 1750, 2500),
    (300, 900, 2300),
)


def syllable(rng, pitch):
    length = int(rng.uniform(0.16, 0.26) * RATE)
    contour = pitch * np.linspace(
        1 + rng.uniform(-0.15, 0.15), 1 + rng.uniform(-0.15, 0.15), length
    )
    phase = np.cumsum(contour) / RATE
    pulses = np.diff(np.floor(phase), prepend=0.0)
    vowel = rng.choice(VOWELS)
    voiced = sum(
        _resonate(pulses, f * rng.uniform(0.93, 1.07), 90 + 40 * i) / (1 + i)
        for i, f in enumerate(vowel)
    )
    voiced = voiced / (np.abs(voiced).max() + 1e-9) * np.hanning(length) ** 0.4
    noise = np.random.default_rng(rng.randrange(2**32)).normal(
        size=int(rng.uniform(0.03, 0.09) * RATE)
    )
    burst = _resonate(noise, rng.uniform(1200, 3200), 500)
    burst = burst / (np.abs(burst).max() + 1e-9) * rng.uniform(0.1, 0.5)
    pause = np.zeros(int(rng.choice((0.0, 0.0, 0.02, 0.15)) * RATE))
    return np.concatenate((burst, voiced, pause))


def announcement(name, prefix="sorry", voice=0, syllables=24, common=5):
    """The announcement ``name``; those of one ``prefix`` begin with the same syllables."""
    pitch = (205.0, 120.0, 165.0)[voice]
    first = random.Random(f"{voice}:{prefix}")
    rest = random.Random(f"{voice}:{name}")
    parts = [syllable(first, pitch) for _ in range(common)]
    parts += [syllable(rest, pitch) for _ in range(syllables - common)]
    return np.concatenate(parts) * 0.25


@dataclass
class Line:
    """A telephone line."""

    loss: float = 0.0
    jitter: float = 0.0
    """The share of packets before which the receiver's buffer moves by up to half a packet."""
    noise: float = -70.0
    gain: float = 0.0

    def carry(self, sound, rng):
        generator = np.random.default_rng(rng.randrange(2**32))
        sound = sound * 10 ** (self.gain / 20)
        sound = sound + generator.normal(size=len(sound)) * 10 ** (self.noise / 20)
        sound = a_law(sound)
        packets, last = [], np.zeros(PACKET)
        for start in range(0, len(sound) - PACKET + 1, PACKET):
            packet = sound[start : start + PACKET]
            lost = rng.random() < self.loss
            # A receiver repeats what came last, plays silence, or goes on with what comes next.
            concealed = rng.choice((last * 0.5, np.zeros(PACKET), np.zeros(0)))
            played = concealed if lost else packet
            if rng.random() < self.jitter:
                moved = rng.randrange(1, 80)
                played = (
                    played[moved:]
                    if rng.random() < 0.5
                    else np.concatenate((np.zeros(moved), played))
                )
            packets.append(played)
            last = packet
        return (np.clip(np.concatenate(packets), -1, 1) * 32767).astype("<i2").tobytes()


def a_law(sound):
    """What A-law leaves of a sound (ITU-T G.711): sixteen steps in each of eight segments."""
    magnitude = np.clip(np.abs(sound) * 4096, 0, 4095)
    segment = np.maximum(0, np.floor(np.log2(np.maximum(magnitude, 1))) - 5)
    step = 2.0 ** np.maximum(1, segment)
    return np.sign(sound) * (np.floor(magnitude / step) + 0.5) * step / 4096


def any_line(rng):
    return Line(
        loss=rng.uniform(0, 0.05),
        jitter=rng.uniform(0, 0.02),
        noise=rng.uniform(-65, -42),
        gain=rng.uniform(-8, 3),
    )


@dataclass
class Engine:
    """A line to our engine, and what the engine makes of it: a packet that is lost takes its time
    with it, and of several that are due at once only the newest is played."""

    loss: float = 0.0
    jitter: float = 0.0
    """The most seconds by which a packet is late."""
    stalls: float = 0.0
    """The share of packets at which a machine that is too busy stands still for a moment."""

    def play(self, pcm, rng):
        sent = [pcm[at : at + 2 * PACKET] for at in range(0, len(pcm) - 2 * PACKET + 1, 2 * PACKET)]
        arrived, missing = [], 0
        for number, packet in enumerate(sent):
            if missing == 0 and rng.random() < self.stalls:
                missing = rng.randrange(1, 10)
            elif missing == 0 and rng.random() >= self.loss:
                late = rng.uniform(0, self.jitter)
                arrived.append((number * PACKET / RATE + late, number, packet))
            missing = max(0, missing - 1)
        return b"".join(packet for _, _, packet in sorted(arrived))


def any_engine(rng, stalls=0.0):
    return Engine(rng.uniform(0, 0.05), rng.uniform(0, 0.04), stalls)
