"""Fingerprints of announcements: which of those that were enrolled a recording holds, if any.

A fingerprint is the shape of the spectrum over time: how each band of a frame differs from its
neighbour. A recording is cut into short pieces, and each must be where it is in the announcement:
many announcements begin with the same words, and an average over all of one would take the
beginning for the whole.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.probing.hearing.sound import RATE, Samples

_WINDOW: Final = 256
_HOP: Final = 128
_BANDS: Final = 18
_LOWEST, _HIGHEST = 250.0, 3400.0
_FLOOR: Final = 35.0
"""Whatever is this many dB under the loudest frame is background."""
_PIECE: Final = 40
"""Frames of a piece: 0.64 s."""
_SHIFT: Final = 5
"""Frames by which a piece may lie off its neighbour: loss and jitter buffers move it."""
_FEWEST: Final = 4
"""The fewest pieces with sound in them that say anything: about 2.5 s."""
_ENOUGH: Final = 6
"""So many pieces say enough, whatever else was heard."""
_COVERED: Final = 0.6
"""With fewer, they are at least this share of the recording or of the announcement."""
_WORST: Final = 20.0
"""The percentile of the pieces' agreement that counts: most of them must agree."""
_TRIALS: Final = 5
"""From how many places of a recording it is compared."""
_FOLLOWED: Final = 0.4
ACCEPT: Final = 0.5
"""The least agreement of the pieces."""
MARGIN: Final = 0.12
"""By how much the best must agree better than the second best."""
LONGEST: Final = 60.0
"""Seconds of a recording that are compared; the rest is left out."""

Features = NDArray[np.float32]


@dataclass(frozen=True)
class Match:
    """What was recognized."""

    name: str
    """The announcement; empty for ``unknown``: none, or not one alone."""
    score: float
    """How well the best agrees, from -1 to 1."""
    margin: float
    """By how much the second best agrees less."""
    confidence: float
    """From 0 to 1; 0 for ``unknown``."""


UNKNOWN: Final = Match("", 0.0, 0.0, 0.0)


def features_of(samples: Samples) -> Features:
    """The fingerprint of ``samples``: a row for each 16 ms, empty where there is too little."""
    samples = samples[: int(LONGEST * RATE)]
    if len(samples) < _WINDOW:
        return np.zeros((0, _BANDS - 1), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    power = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32))) ** 2
    bands = 10 * np.log10(power.astype(np.float32) @ _BAND_WEIGHTS + 1e-9)
    # Below the floor of the loudest all bands are equal, so that silence has no shape.
    bands = np.maximum(bands, bands.max() - _FLOOR)
    shape = np.diff(bands, axis=1)
    features: Features = (shape - shape.mean(axis=0)).astype(np.float32)
    return features


def recognize(recording: Features, enrolled: Mapping[str, Features]) -> Match:
    """Which of ``enrolled`` was heard; :data:`UNKNOWN`'s name where none is certain.

    Several fingerprints may have one name before a ``/``: they are the same announcement.
    """
    best: dict[str, float] = {}
    for key, reference in enrolled.items():
        name = key.partition("/")[0]
        best[name] = max(best.get(name, -1.0), agreement(recording, reference))
    ranked = sorted(best.items(), key=lambda item: -item[1])
    if not ranked:
        return UNKNOWN
    name, score = ranked[0]
    margin = score - (ranked[1][1] if len(ranked) > 1 else 0.0)
    if score < ACCEPT or margin < MARGIN:
        return Match("", score, margin, 0.0)
    surplus = min((score - ACCEPT) / (1 - ACCEPT), (margin - MARGIN) / (1 - MARGIN))
    return Match(name, score, margin, round(0.85 + 0.14 * surplus, 3))


def agreement(recording: Features, reference: Features) -> float:
    """How well a recording agrees with an announcement where it agrees best, from -1 to 1.

    The recording may begin before the announcement and end after it, which is then repeated, or
    the other way round. -1 where too little was heard to say.
    """
    if min(len(recording), len(reference)) < _PIECE * _FEWEST:
        return -1.0
    # Where only the end of one meets the beginning of the other, nothing is said.
    whole = min(_pieces_with_sound(recording), _pieces_with_sound(reference))
    least = max(_FEWEST, min(_ENOUGH, _COVERED * whole))
    best = -1.0
    for anchor in _anchors(recording):
        scores = _follow(recording, reference, anchor)
        if len(scores) >= least:
            best = max(best, float(np.percentile(scores, _WORST)))
    return best


def _anchors(recording: Features) -> list[int]:
    """Where in a recording it is begun to compare: pieces with sound, spread over all of it."""
    starts = [
        start
        for start in range(0, len(recording) - 2 * _PIECE + 1, _PIECE)
        if _has_shape(recording[start : start + 2 * _PIECE])
    ]
    chosen = np.linspace(0, len(starts) - 1, min(_TRIALS, len(starts))).round().astype(int)
    return [starts[index] for index in dict.fromkeys(chosen.tolist())]


def _follow(recording: Features, reference: Features, anchor: int) -> list[float]:
    """The agreement of each piece with its place, from the anchor on in both directions.

    A lost packet takes its time with it: each piece is looked for where the one beside it was.
    """
    place = _place_of(recording[anchor : anchor + 2 * _PIECE], reference)
    scores: list[float] = []
    for step in (_PIECE, -_PIECE):
        start, at = (anchor, place) if step > 0 else (anchor - _PIECE, place - _PIECE)
        while 0 <= start <= len(recording) - _PIECE and -_SHIFT <= at <= len(reference) - _PIECE:
            piece = recording[start : start + _PIECE]
            if _has_shape(piece):
                score, at = _piece_score(piece, reference, at)
                scores.append(score)
            start, at = start + step, at + step
    return scores


def _place_of(piece: Features, reference: Features) -> int:
    """Where in the reference a piece agrees best."""
    length = len(piece)
    if len(reference) <= length:
        return 0
    size = 1 << (len(reference) + length - 2).bit_length()
    spectrum = np.fft.rfft(reference, size, axis=0) * np.conj(np.fft.rfft(piece, size, axis=0))
    products = np.fft.irfft(spectrum.sum(axis=1), size)[: len(reference) - length + 1]
    energies = np.convolve((reference**2).sum(axis=1), np.ones(length), "valid")
    return int(np.argmax(products / np.sqrt(np.maximum(energies, 1.0))))


def _piece_score(piece: Features, reference: Features, place: int) -> tuple[float, int]:
    """The best cosine of a piece and what is near its place in the reference, and where that is."""
    first = max(0, place - _SHIFT)
    near = reference[first : max(0, place) + _SHIFT + _PIECE]
    if len(near) < _PIECE:
        return -1.0, place
    others = np.lib.stride_tricks.sliding_window_view(near, _PIECE, axis=0)
    products = np.tensordot(others, piece.T, axes=2)
    energies = np.convolve((near**2).sum(axis=1), np.ones(_PIECE), "valid")
    scores = products / np.maximum(np.sqrt(energies * float((piece**2).sum())), 1e-9)
    best = int(np.argmax(scores))
    score = float(scores[best])
    # Where nothing agrees, chance must not lead away from the place.
    return score, first + best if score >= _FOLLOWED else place


def _pieces_with_sound(features: Features) -> int:
    starts = range(0, len(features) - _PIECE + 1, _PIECE)
    return sum(_has_shape(features[start : start + _PIECE]) for start in starts)


def _has_shape(piece: Features) -> bool:
    """Whether a piece has sound in it."""
    return float(np.sqrt(np.mean(piece**2))) > _LEAST_SHAPE


_LEAST_SHAPE: Final = 2.5


def _band_weights() -> Features:
    """Triangular bands of equal width on the mel scale."""
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    lowest, highest = (2595 * math.log10(1 + edge / 700) for edge in (_LOWEST, _HIGHEST))
    mel = np.linspace(lowest, highest, _BANDS + 2)
    edges = 700 * (10 ** (mel / 2595) - 1)
    rising = (frequencies[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    weights: Features = np.clip(np.minimum(rising, falling), 0, None).astype(np.float32)
    return weights


_BAND_WEIGHTS: Final = _band_weights()
