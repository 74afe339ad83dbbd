"""Fingerprints of announcements: which of those that were enrolled a recording holds, if any.

A fingerprint is the shape of the spectrum over time: how each band of a frame differs from its
neighbour. A recording is cut into short pieces, and most must be in the announcement, in its order:
many announcements begin with the same words, and an average over all of one would take the
beginning for the whole. Between two pieces something may be missing.
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
_PIECE: Final = 30
"""Frames of a piece: 0.48 s. Most pieces of a bad line are shorter than what lies between gaps."""
_SHIFT: Final = 5
"""Frames by which a piece may lie off its neighbour at no cost: jitter buffers move it."""
_GAP: Final = 40
"""Frames, 0.64 s, that may be missing between two pieces: lost packets take their time with them,
and on a busy machine the engine plays only the newest of several that are due at once."""
_GAP_COST: Final = 0.004
"""What each missing frame takes from the agreement, so that chance is not searched for."""
_FEWEST: Final = 5
"""The fewest pieces with sound in them that say anything: about 2.4 s."""
_ENOUGH: Final = 8
"""So many pieces say enough, whatever else was heard."""
_COVERED: Final = 0.6
"""With fewer, they are at least this share of the recording or of the announcement."""
_WORST: Final = 20.0
"""The percentile of the pieces' agreement that counts: most of them must agree."""
_NOWHERE: Final = -1e6
"""The agreement of a place that cannot be reached."""
ACCEPT: Final = 0.5
"""The least agreement of the pieces."""
MARGIN: Final = 0.12
"""By how much the best must agree better than the second best."""
LONGEST: Final = 60.0
"""Seconds of a recording that are compared; the rest is left out."""

Features = NDArray[np.float32]
Scores = NDArray[np.float32]
_Places = NDArray[np.int32]


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
    starts = _pieces_with_sound(recording)
    if min(len(recording), len(reference)) < _PIECE * _FEWEST or len(starts) < _FEWEST:
        return -1.0
    # Where only the end of one meets the beginning of the other, nothing is said.
    whole = min(len(starts), len(_pieces_with_sound(reference)))
    least = max(_FEWEST, min(_ENOUGH, _COVERED * whole))
    scores = _scores(recording, reference, starts)
    totals, previous = _best_paths(scores, starts)
    best = -1.0
    for last in range(math.ceil(least) - 1, len(starts)):
        # A path leads to the end of the recording or to that of the announcement.
        first_place = 0 if last == len(starts) - 1 else max(0, scores.shape[1] - _PIECE)
        place = first_place + int(np.argmax(totals[last, first_place:]))
        path = _followed_back(scores, previous, last, place)
        if len(path) >= least:
            best = max(best, float(np.percentile(path, _WORST)))
    return best


def _scores(recording: Features, reference: Features, starts: list[int]) -> Scores:
    """The cosine of each piece (rows) and every place of the reference (columns)."""
    places = np.lib.stride_tricks.sliding_window_view(reference, _PIECE, axis=0)
    flat = places.reshape(len(places), -1)
    pieces = np.stack([recording[start : start + _PIECE].T.reshape(-1) for start in starts])
    lengths = np.outer(np.linalg.norm(pieces, axis=1), np.linalg.norm(flat, axis=1))
    scores: Scores = (pieces @ flat.T / np.maximum(lengths, 1e-9)).astype(np.float32)
    return scores


def _best_paths(scores: Scores, starts: list[int]) -> tuple[Scores, _Places]:
    """The total of the best path to each place of each piece, and the place before; -1 for none.

    A path begins with the recording or with the announcement, and each piece lies where the one
    before it leads, or later: what is missing of a recording makes no other announcement of it.
    """
    count = scores.shape[1]
    totals, previous = scores.copy(), np.full(scores.shape, -1, np.int32)
    missing = _GAP - np.arange(_GAP + _SHIFT + 1)
    costs = (_GAP_COST * np.maximum(missing - _SHIFT, 0)).astype(np.float32)
    places = np.arange(count)
    for row in range(1, len(starts)):
        step = starts[row] - starts[row - 1]
        padded = np.pad(totals[row - 1], (step + _GAP, _SHIFT), constant_values=_NOWHERE)
        reached = np.lib.stride_tricks.sliding_window_view(padded, len(costs))[:count] - costs
        chosen = reached.argmax(axis=1)
        total = reached[places, chosen]
        is_first = (total < 0) & (places < _PIECE)
        totals[row] = np.where(is_first, 0.0, total) + scores[row]
        previous[row] = np.where(is_first, -1, places - step - missing[chosen])
    return totals, previous


def _followed_back(scores: Scores, previous: _Places, last: int, place: int) -> list[float]:
    """The agreement of each piece of the best path that ends at ``place``."""
    path: list[float] = []
    for row in range(last, -1, -1):
        path.append(float(scores[row, place]))
        place = int(previous[row, place])
        if place < 0:
            break
    return path


def _pieces_with_sound(features: Features) -> list[int]:
    """Where the pieces of a recording begin that have sound in them."""
    starts = range(0, len(features) - _PIECE + 1, _PIECE)
    return [start for start in starts if _has_shape(features[start : start + _PIECE])]


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
