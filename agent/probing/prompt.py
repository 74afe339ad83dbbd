"""What the called side hears from us after the answer: that this is a test call.

Without a file of the user's it is three short tones. Synthetic speech is marked by a rhythm of
tones before it (short long, short short), the audible mark that China requires of it
(docs/reference/dial-tests.md).
"""

import io
import math
import struct
import wave
from array import array
from pathlib import Path
from typing import Final

import numpy as np

from agent.config.dial import Prompt
from agent.probing.hearing.sound import RATE

LONGEST: Final = 20.0
"""Seconds of a file; the rest is not played."""
_LEVEL: Final = 8000
_BEEP: Final = 880.0
_MARK: Final = 660.0
_SHORT: Final = 0.1
_LONG: Final = 0.3
_PAUSE: Final = 0.1
_LARGEST_RATE: Final = 96_000


class PromptError(Exception):
    """A WAV file cannot be used; the text says why and what to do."""


def prompt_pcm(prompt: Prompt) -> bytes:
    """What is played: 8 kHz, mono, 16 bits.

    Raises:
        PromptError: when the file is none that can be played.
    """
    if prompt.file is None:
        return _rhythm(_BEEP, (_SHORT, _SHORT, _SHORT))
    sound = read_wav(Path(prompt.file))
    if not any(sound):
        raise PromptError(f"{prompt.file}: is silent; expected a sound that says who calls")
    mark = _rhythm(_MARK, (_SHORT, _LONG, _SHORT, _SHORT)) if prompt.synthetic else b""
    return mark + sound


def read_wav(path: Path, longest: float = LONGEST) -> bytes:
    """The sound of a WAV file as PCM of 8 kHz, mono, 16 bits; at most ``longest`` seconds.

    Raises:
        PromptError: when it cannot be read, or is of another kind.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            if width != 2 or not 1 <= channels <= 2 or not RATE <= rate <= _LARGEST_RATE:  # noqa: PLR2004 - 16 bits, stereo
                raise PromptError(
                    f"{path}: has {channels} channels of {8 * width} bits at {rate} Hz;"
                    " expected a WAV file with 16 bits, one or two channels, 8,000 to 96,000 Hz"
                )
            data = file.readframes(int(longest * rate))
    except (OSError, EOFError, RuntimeError, struct.error, wave.Error) as error:
        # The standard library raises two of them for chunks that end too soon.
        reason = str(error) or "it is damaged"
        raise PromptError(f"{path}: cannot be read as WAV ({reason})") from error
    samples = np.frombuffer(data[: len(data) // (2 * channels) * 2 * channels], "<i2")
    mono = samples.reshape(-1, channels).mean(axis=1)
    return _at_telephone_rate(mono, rate)


def _at_telephone_rate(
    mono: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", rate: int
) -> bytes:
    if rate != RATE and len(mono):
        # Averaged first: what is above half the new rate would fold down.
        width = max(1, rate // RATE)
        mono = np.convolve(mono, np.ones(width) / width, "same")
        at = np.arange(0, len(mono), rate / RATE)
        mono = np.interp(at, np.arange(len(mono)), mono)
    return np.clip(mono, -32768, 32767).astype("<i2").tobytes()


def wav_of(pcm: bytes) -> bytes:
    """PCM of 8 kHz, mono, 16 bits as a WAV file."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(pcm)
    return target.getvalue()


def write_wav(path: Path, pcm: bytes) -> None:
    """Write PCM of 8 kHz, mono, 16 bits as a WAV file.

    Raises:
        OSError: when it cannot be written.
    """
    path.write_bytes(wav_of(pcm))


def _rhythm(pitch: float, lengths: tuple[float, ...]) -> bytes:
    samples = array("h")
    step = 2 * math.pi * pitch / RATE
    for length in lengths:
        samples.extend(int(_LEVEL * math.sin(step * n)) for n in range(int(length * RATE)))
        samples.extend([0] * int(_PAUSE * RATE))
    return np.asarray(samples, "<i2").tobytes()
