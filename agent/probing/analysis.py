"""From what the engine recorded to an observation: what was heard, and how surely."""

from collections.abc import Mapping

from agent.probing.engine.client import CallRecord
from agent.probing.hearing.fingerprint import UNKNOWN, Features, features_of, recognize
from agent.probing.hearing.sound import RATE, frames_of, is_silence, samples_of, silent_share
from agent.probing.hearing.tone_table import TONES
from agent.probing.hearing.tones import recognize_tones
from agent.probing.observation import Hearing, Observation

DEFAULT_COUNTRY = "CN"
"""Whose tones are looked for where nothing else is configured."""


def hear(pcm: bytes, enrolled: Mapping[str, Features], country: str = DEFAULT_COUNTRY) -> Hearing:
    """What a recording holds; takes some tens of milliseconds of a core."""
    samples = samples_of(pcm)
    frames = frames_of(samples)
    if not len(frames.levels):
        return Hearing(len(samples) / RATE)
    if is_silence(frames):
        return Hearing(len(samples) / RATE, silent_share(frames), is_silent=True)
    return Hearing(
        len(samples) / RATE,
        silent_share(frames),
        is_silent=False,
        tones=recognize_tones(frames, TONES[country]),
        announcement=recognize(features_of(samples), enrolled) if enrolled else UNKNOWN,
    )


def observe(
    record: CallRecord, enrolled: Mapping[str, Features], country: str = DEFAULT_COUNTRY
) -> Observation:
    """All of one call."""
    return Observation(
        record.signalling,
        hear(record.early, enrolled, country),
        hear(record.talk, enrolled, country),
        record.reception,
        record.stood_still,
    )
