"""Recognizes supervisory tones by frequency and cadence.

A frame has the tone, is quiet, or has something else. Runs of frames are compared with a cadence;
what is cut by an end of the recording may be shorter than it should be. A tone over which a
caller's network plays music (a colour ring) is not there to be recognized.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from agent.probing.hearing.sound import FREQUENCIES, HOP_SECONDS, SILENT_BELOW, Frames
from agent.probing.hearing.tone_table import (
    SPECIAL_INFORMATION,
    SPECIAL_INFORMATION_TOLERANCE,
    Tone,
    ToneKind,
)

_OFFSET: Final = 30.0
"""How far, in Hz, a tone may be from where it should be; the standard allows 25."""
_LOBE: Final = 45.0
"""How far, in Hz, a frame's window spreads a pure tone."""
_OWN: Final = 12.0
_PURITY: Final = 0.6
"""The share of a frame's power that must be the tone's."""
_EACH: Final = 0.1
"""The share that each of several frequencies must have."""
_EDGE: Final = 8.0
"""A frame half filled by the tone has 6 dB less: where it falls below this, the tone ends."""
_LOWEST_BIN: Final = 200.0
_GAP: Final = 0.085
"""Holes up to this many seconds, four lost packets, interrupt nothing."""
_LONGER: Final = 0.13
"""The share by which a run may be too long."""
_SHORTER: Final = 0.2
"""The share by which it may be too short: lost packets take their time with them."""
_LEAST_TOLERANCE: Final = 0.065
_MOST_MISSING: Final = 0.55
"""A run that is this share of what it should be is one of which something is missing: it proves
nothing, and does not end a tone. A longer one than there should be is another tone's."""
_LONG_PERIOD: Final = 3.0
_LONG_PAUSE: Final = 1.3
_CONFIDENCE: Final = (0.0, 0.82, 0.9, 0.94, 0.96, 0.97, 0.98)
"""By how many runs fit the cadence from end to end."""
_FEWEST_RUNS: Final = 3
_CERTAIN_RUNS: Final = 6
"""So many runs are no slower tone of which something is missing, whatever is beside them."""
_SIT_LENGTH: Final = (0.17, 0.46)

_Mask = NDArray[np.bool_]
_Kinds = NDArray[np.int8]
_OTHER, _TONE, _PAUSE = 0, 1, 2


@dataclass(frozen=True)
class ToneHeard:
    """A tone that was recognized."""

    kind: ToneKind
    start: float
    """Seconds from the beginning of the recording."""
    end: float
    confidence: float


@dataclass(frozen=True)
class _Run:
    state: int
    start: float
    end: float
    whole: bool
    """Whether neither end is that of the recording."""

    @property
    def length(self) -> float:
        return self.end - self.start


def recognize_tones(frames: Frames, tones: Sequence[Tone]) -> tuple[ToneHeard, ...]:
    """The tones in a recording, in the order in which they begin."""
    recognized = [*_special_information(frames)]
    for frequencies in dict.fromkeys(tone.frequencies for tone in tones):
        runs = tuple(_runs(_states(frames, frequencies)))
        rivals = [tone for tone in tones if tone.frequencies == frequencies]
        recognized += (each for tone in rivals for each in _stretches(runs, tone, rivals))
    return tuple(sorted(recognized, key=lambda each: each.start))


def _states(frames: Frames, frequencies: tuple[float, ...]) -> _Kinds:
    """What each frame has: the tone, a pause or something else."""
    states = np.full(len(frames.levels), _OTHER, np.int8)
    pure = _pure(frames, frequencies)
    if not pure.any():
        return states
    level = float(np.percentile(frames.levels[pure], 90))
    states[pure & (frames.levels > level - _EDGE)] = _TONE
    # A line may have noise in the pauses: what matters is that the tone is far above it.
    states[frames.levels <= max(level - _EDGE, SILENT_BELOW)] = _PAUSE
    return states


def _pure(frames: Frames, frequencies: tuple[float, ...]) -> _Mask:
    """Whether each frame's power is that of the frequencies, and loud enough to be heard."""
    total = frames.power[:, FREQUENCIES >= _LOWEST_BIN].sum(axis=1) + 1e-12
    shares = []
    together = np.zeros(len(FREQUENCIES), bool)
    for frequency in frequencies:
        together |= np.abs(FREQUENCIES - frequency) <= _OFFSET + _LOBE
        # Narrow: 400 Hz must not count as 450 Hz beside it.
        own = np.abs(FREQUENCIES - frequency) <= _OWN
        shares.append(frames.power[:, own].sum(axis=1) / total)
    pure: _Mask = frames.power[:, together].sum(axis=1) / total >= _PURITY
    pure &= frames.levels > SILENT_BELOW
    if len(frequencies) == 1:
        peak = FREQUENCIES[np.argmax(frames.power, axis=1)]
        pure &= np.abs(peak - frequencies[0]) <= _OFFSET + 8.0
    else:
        pure &= np.all([share >= _EACH for share in shares], axis=0)
    return pure


def _runs(states: _Kinds) -> Iterator[_Run]:
    """Runs of equal states, in seconds, with holes closed."""
    lengths = [(int(state), len(list(group))) for state, group in groupby(states)]
    merged: list[list[int]] = []
    for index, (state, length) in enumerate(lengths):
        is_hole = length * HOP_SECONDS <= _GAP and 0 < index < len(lengths) - 1
        if merged and (is_hole or merged[-1][0] == state):
            merged[-1][1] += length
        else:
            merged.append([state, length])
    position = 0
    for index, (state, length) in enumerate(merged):
        whole = 0 < index < len(merged) - 1
        yield _Run(state, position * HOP_SECONDS, (position + length) * HOP_SECONDS, whole)
        position += length


def _stretches(runs: Sequence[_Run], tone: Tone, rivals: Sequence[Tone]) -> Iterator[ToneHeard]:
    """The longest stretches of runs that have the cadence of ``tone``."""
    slower = [rival for rival in rivals if sum(tone.cadence) < sum(rival.cadence) < _LONG_PERIOD]
    index = 0
    while index < len(runs):
        phases = range(len(tone.cadence))
        fits = max((_fitting(runs[index:], tone, phase) for phase in phases), key=_rank)
        found = _judge(runs[index : index + len(fits)], fits, tone)
        beside = (*runs[max(0, index - 1) : index], *runs[index + len(fits) :][:1])
        is_doubtful = sum(fits) < _CERTAIN_RUNS and any(_is_of(run, slower) for run in beside)
        if found is None or is_doubtful:
            index += 1
        else:
            yield found
            index += len(fits)


def _is_of(run: _Run, tones: Sequence[Tone]) -> bool:
    """Whether a run may be one of these tones, of which something is missing."""
    steps = [(each, step % 2) for tone in tones for step, each in enumerate(tone.cadence)]
    return run.whole and any(
        run.state == (_PAUSE if is_pause else _TONE)
        and run.length >= _MOST_MISSING * expected
        and _fits(run, expected, is_end=True)
        for expected, is_pause in steps
    )


def _rank(fits: Sequence[bool]) -> tuple[int, int]:
    return len(fits), sum(fits)


def _fitting(runs: Sequence[_Run], tone: Tone, phase: int) -> list[bool]:
    """Whether each of the runs from the first on is as long as the cadence says; else it is cut.

    The cadence begins in ``phase``; the first run that is none of it ends the list.
    """
    fits: list[bool] = []
    for count, run in enumerate(runs):
        step = (phase + count) % len(tone.cadence)
        expected = tone.cadence[step]
        is_full = _fits(run, expected, is_end=not run.whole)
        is_cut = _MOST_MISSING * expected <= run.length < expected
        if run.state != (_PAUSE if step % 2 else _TONE) or not (is_full or is_cut):
            # The pause after a ringback's tone may be cut short by what comes next.
            break
        fits.append(is_full)
    return fits


def _fits(run: _Run, expected: float, *, is_end: bool) -> bool:
    if run.length > expected + max(_LEAST_TOLERANCE, _LONGER * expected):
        return False
    return is_end or run.length >= expected - max(_LEAST_TOLERANCE, _SHORTER * expected)


def _judge(runs: Sequence[_Run], fits: Sequence[bool], tone: Tone) -> ToneHeard | None:
    whole = sum(run.whole and fit for run, fit in zip(runs, fits, strict=True))
    if sum(tone.cadence) >= _LONG_PERIOD:
        if not _is_long_tone(runs, tone):
            return None
    elif whole < _FEWEST_RUNS or not any(run.state == _TONE for run in runs):
        return None
    confidence = _CONFIDENCE[min(max(whole, 1), len(_CONFIDENCE) - 1)]
    return ToneHeard(tone.kind, runs[0].start, runs[-1].end, confidence)


def _is_long_tone(runs: Sequence[_Run], tone: Tone) -> bool:
    """Whether a tone that seldom sounds was heard once in full, and a long pause beside it.

    Twice nearly in full is as good, with a long pause between.
    """
    first = max(tone.cadence[::2])
    sounded = [run for run in runs if run.state == _TONE]
    full = [run for run in sounded if run.length >= first - max(0.1, _SHORTER * first)]
    paused = [run for run in runs if run.state == _PAUSE and run.length >= _LONG_PAUSE]
    if full and paused and any(run.whole for run in (*full, *paused)):
        return True
    cut = [run for run in sounded if run.length >= _MOST_MISSING * first]
    return len(cut) > 1 and any(run.whole for run in paused)


def _special_information(frames: Frames) -> Iterator[ToneHeard]:
    """Three rising tones, each about a third of a second long."""
    states = np.zeros(len(frames.levels), np.int8)
    if not len(states):
        return
    peak = FREQUENCIES[np.argmax(frames.power, axis=1)]
    total = frames.power[:, FREQUENCIES >= _LOWEST_BIN].sum(axis=1) + 1e-12
    for number, frequency in enumerate(SPECIAL_INFORMATION, 1):
        near = np.abs(FREQUENCIES - frequency) <= SPECIAL_INFORMATION_TOLERANCE + _LOBE
        pure = frames.power[:, near].sum(axis=1) / total >= _PURITY
        pure &= np.abs(peak - frequency) <= SPECIAL_INFORMATION_TOLERANCE
        states[pure & (frames.levels > SILENT_BELOW)] = number
    runs = [run for run in _runs(states) if run.state or run.length > _GAP]
    shortest, longest = _SIT_LENGTH
    for trio in zip(runs, runs[1:], runs[2:], strict=False):
        is_rising = tuple(run.state for run in trio) == (1, 2, 3)
        if is_rising and all(shortest <= run.length <= longest for run in trio):
            yield ToneHeard(ToneKind.SPECIAL_INFORMATION, trio[0].start, trio[2].end, 0.95)
