"""When a recording is written down, and which part of it."""

import asyncio
from dataclasses import replace
from typing import Final

import numpy as np

from agent.config.speech import Speech
from agent.probing.engine.client import CallRecord
from agent.probing.hearing.sound import HOP_SECONDS, RATE, SILENT_BELOW, frames_of, samples_of
from agent.probing.observation import Ended, Hearing, Observation
from agent.probing.speech.client import transcribe

_LONGEST: Final = 30.0
"""Seconds that are written down, the last before the end: Whisper takes no more at once."""
_LEAST_SOUND: Final = 1.0
"""Seconds of sound outside tones that a recording must have to be written down."""
_BYTES_A_SECOND: Final = 2 * RATE


def is_to_be_written_down(observation: Observation, early: bytes) -> bool:
    """Whether words may be in ``early``, the sound of a call before its answer, that are not known.

    Only of calls that were not answered: after the answer it may be a person who speaks. Not where
    a fingerprint has recognized the announcement, nor where there is nothing but tones.
    """
    signalling = observation.signalling
    if signalling.answered is not None or signalling.ended is Ended.ENGINE:
        return False
    hearing = observation.early
    is_known = hearing.is_silent or bool(hearing.announcement.name)
    return not is_known and _sound_outside_tones(hearing, early) >= _LEAST_SOUND


async def with_words(
    observation: Observation, record: CallRecord, speech: Speech | None
) -> Observation:
    """``observation`` with the words before the answer, where they are to be written down."""
    if speech is None:
        return observation
    if not await asyncio.to_thread(is_to_be_written_down, observation, record.early):
        return observation
    it = await transcribe(_end_of(record.early), speech)
    early = replace(observation.early, words=it.words, words_failure=it.failure)
    return replace(observation, early=early)


def _sound_outside_tones(hearing: Hearing, pcm: bytes) -> float:
    levels = frames_of(samples_of(pcm)).levels
    is_sound = levels >= SILENT_BELOW
    for tone in hearing.tones:
        is_sound[int(tone.start / HOP_SECONDS) : int(tone.end / HOP_SECONDS) + 1] = False
    return float(np.count_nonzero(is_sound)) * HOP_SECONDS


def _end_of(pcm: bytes) -> bytes:
    whole = pcm[: len(pcm) // 2 * 2]
    return whole[-int(_LONGEST * _BYTES_A_SECOND) :]
