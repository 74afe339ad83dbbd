"""PCM as frames with a level and a spectrum, and how much of it is silent.

All PCM here is mono, 8,000 samples a second, 16 bits: what a telephone carries.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE: Final = 8000
"""Samples a second."""
WINDOW: Final = 400
"""Samples of a frame: 50 ms, long enough to tell 450 Hz from 400 Hz."""
HOP: Final = 80
"""Samples from one frame to the next: 10 ms."""
HOP_SECONDS: Final = HOP / RATE
LOWEST: Final = -96.0
"""The level of digital silence, in dB under full scale."""
SILENT_BELOW: Final = -45.0
"""A frame below this level, in dB under full scale, is silent: comfort noise is."""
_SPECTRUM: Final = 512
_FULL_SCALE: Final = 32768.0
_SILENT_SHARE: Final = 0.03
_BLOCK: Final = 4096

Samples = NDArray[np.float32]
Levels = NDArray[np.float32]
Spectra = NDArray[np.float32]


@dataclass(frozen=True)
class Frames:
    """The frames of a recording."""

    levels: Levels
    """The level of each, in dB under full scale; a full-scale sine has -3."""
    power: Spectra
    """The power of each at :data:`FREQUENCIES`."""


FREQUENCIES: Final = np.fft.rfftfreq(_SPECTRUM, 1 / RATE).astype(np.float32)
"""The frequencies of a frame's spectrum, in Hz."""


def samples_of(pcm: bytes) -> Samples:
    """The samples of little-endian 16-bit PCM, from -1 to 1; an odd last byte is left out."""
    whole = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2")
    return (whole / _FULL_SCALE).astype(np.float32)


def frames_of(samples: Samples) -> Frames:
    """The frames of ``samples``; none where there are fewer than one frame needs."""
    if len(samples) < WINDOW:
        return Frames(np.zeros(0, np.float32), np.zeros((0, len(FREQUENCIES)), np.float32))
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    taper = np.hanning(WINDOW).astype(np.float32)
    # By blocks: a long recording must not need a hundred times its size in memory.
    blocks = [windows[start : start + _BLOCK] * taper for start in range(0, len(windows), _BLOCK)]
    levels = np.concatenate([_levels(block, float(np.mean(taper**2))) for block in blocks])
    power = [np.abs(np.fft.rfft(block, _SPECTRUM)).astype(np.float32) ** 2 for block in blocks]
    return Frames(levels, np.concatenate(power))


def silent_share(frames: Frames) -> float | None:
    """The share of frames that are silent, from 0 to 1; ``None`` where nothing was recorded."""
    return float(np.mean(frames.levels < SILENT_BELOW)) if len(frames.levels) else None


def is_silence(frames: Frames) -> bool:
    """Whether a recording holds nothing to hear; a click now and then is nothing."""
    share = silent_share(frames)
    return share is not None and share >= 1 - _SILENT_SHARE


def _levels(block: Samples, taper_power: float) -> Levels:
    power = np.mean(block**2, axis=1) / taper_power
    levels: Levels = 10 * np.log10(np.maximum(power, 10 ** (LOWEST / 10))).astype(np.float32)
    return levels
