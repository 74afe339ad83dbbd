"""What is played, and the WAV files of users: whole, cut, lying, or no WAV at all."""

import io
import math
import struct
import tracemalloc
import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from agent.config.dial import Prompt
from agent.probing.prompt import LONGEST, PromptError, prompt_pcm, read_wav, write_wav

BYTES_A_SECOND = 16_000


def wav(seconds: float = 1.0, rate: int = 8000, channels: int = 1, pitch: float = 440.0) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as one:
        one.setnchannels(channels)
        one.setsampwidth(2)
        one.setframerate(rate)
        at = np.arange(int(seconds * rate)) / rate
        sound = (8000 * np.sin(2 * math.pi * pitch * at)).astype("<i2")
        one.writeframes(np.repeat(sound, channels).tobytes())
    return file.getvalue()


def header(
    *, kind: int = 1, channels: int = 1, rate: int = 8000, width: int = 16, said: int = 1000
) -> bytes:
    form = struct.pack(
        "<HHIIHH", kind, channels, rate, rate * 2 % (1 << 32), channels * 2 % 65_536, width
    )
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", said)
    return (
        b"RIFF" + struct.pack("<I", min(4 + len(chunks) + said, (1 << 32) - 1)) + b"WAVE" + chunks
    )


GOOD = wav()
REFUSED = {
    "empty": b"",
    "no WAV": b"ID3" + bytes(100),
    "cut within the header": GOOD[:30],
    "without sound": GOOD[:36],
    "no channel": header(channels=0) + bytes(1000),
    "many channels": header(channels=65_535) + bytes(1000),
    "no rate": header(rate=0) + bytes(1000),
    "a rate too low": header(rate=4000) + bytes(1000),
    "a huge rate": header(rate=(1 << 31) - 1) + bytes(1000),
    "8 bits": header(width=8) + bytes(1000),
    "0 bits": header(width=0) + bytes(1000),
    "24 bits": header(width=24) + bytes(1000),
    "compressed": header(kind=6) + bytes(1000),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_a_file_that_cannot_be_played_is_refused_with_its_name(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "prompt.wav"
    path.write_bytes(content)
    with pytest.raises(PromptError, match=r"prompt\.wav: "):
        read_wav(path)


@pytest.mark.parametrize(
    "content", [header(said=1000) + bytes(1000), header(said=0), header(said=4_000_000_000)]
)
def test_a_prompt_that_says_nothing_is_refused(content: bytes, tmp_path: Path) -> None:
    # Whoever is called must hear that it is a test.
    path = tmp_path / "prompt.wav"
    path.write_bytes(content)
    with pytest.raises(PromptError, match="is silent"):
        prompt_pcm(Prompt(file=str(path)))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="nowhere"):
        read_wav(tmp_path / "nowhere.wav")
    with pytest.raises(PromptError, match="cannot be read"):
        read_wav(tmp_path)


@pytest.mark.parametrize("said", [0, 10, 4_294_967_295])
def test_a_file_that_lies_about_its_length_is_read_as_far_as_it_goes(
    said: int, tmp_path: Path
) -> None:
    path = tmp_path / "prompt.wav"
    path.write_bytes(header(said=said) + GOOD[44:])
    tracemalloc.start()
    try:
        assert len(read_wav(path)) <= len(GOOD)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16_000, 2), (44_100, 2), (96_000, 1)])
def test_a_file_is_brought_to_what_a_telephone_carries(
    rate: int, channels: int, tmp_path: Path
) -> None:
    path = tmp_path / "prompt.wav"
    path.write_bytes(wav(1.0, rate, channels))
    samples = np.frombuffer(read_wav(path), "<i2")
    assert abs(len(samples) - 8000) <= 1
    spectrum = np.abs(np.fft.rfft(samples[:8000]))
    assert abs(int(np.argmax(spectrum)) - 440) <= 2


def test_no_more_is_read_than_is_played(tmp_path: Path) -> None:
    path = tmp_path / "prompt.wav"
    path.write_bytes(wav(2 * LONGEST))
    assert len(read_wav(path)) == LONGEST * BYTES_A_SECOND
    assert len(read_wav(path, 1.0)) == BYTES_A_SECOND


def test_synthetic_speech_is_marked_and_without_a_file_there_are_tones(tmp_path: Path) -> None:
    path = tmp_path / "prompt.wav"
    path.write_bytes(GOOD)
    plain = prompt_pcm(Prompt(file=str(path)))
    marked = prompt_pcm(Prompt(file=str(path), synthetic=True))
    assert marked.endswith(plain)
    assert len(marked) - len(plain) == round(1.0 * BYTES_A_SECOND)
    assert any(prompt_pcm(Prompt()))


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    pcm = GOOD[44:]
    write_wav(tmp_path / "heard.wav", pcm)
    assert read_wav(tmp_path / "heard.wav") == pcm


@given(
    st.lists(st.tuples(st.integers(0, 60), st.binary(max_size=8), st.integers(0, 8)), max_size=5)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([(22, b"\xff\xff", 2)])
@example([(40, b"\xff\xff\xff\xff", 4)])
def test_a_file_with_changed_bytes_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, bytes, int]]
) -> None:
    content = GOOD
    for at, put, gone in changes:
        content = content[:at] + put + content[at + gone :]
    path = tmp_path / "prompt.wav"
    path.write_bytes(content)
    try:
        pcm = read_wav(path, 1.0)
    except PromptError:
        return
    assert len(pcm) % 2 == 0
    assert len(pcm) <= BYTES_A_SECOND + 2
