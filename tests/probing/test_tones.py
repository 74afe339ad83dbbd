"""Tones by frequency and cadence, over lines with loss, jitter, noise and other levels."""

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.probing.hearing.sound import frames_of, is_silence, samples_of, silent_share
from agent.probing.hearing.tone_table import TONES, Tone, ToneKind
from agent.probing.hearing.tones import recognize_tones
from tests.probing import corpus
from tests.proof_size import size

CHINA = TONES["CN"]
EACH = size(30, 100)
NEEDED = 0.98
Record = Callable[[str, object], None]


def recognized(sound, tones, rng):
    pcm = corpus.any_line(rng).carry(sound, rng)
    return recognize_tones(frames_of(samples_of(pcm)), tones)


def drawn(tone: Tone, rng: random.Random) -> np.ndarray:
    """A tone as long as a call lets it be heard, begun anywhere in its cadence."""
    period = sum(tone.cadence)
    shift = rng.uniform(-20, 20) if len(tone.frequencies) == 1 else rng.uniform(-5, 5)
    sound = corpus.tone(
        tone.frequencies,
        tone.cadence,
        period * 0.9 + (period + rng.uniform(1.7, 4) if period > 2.5 else rng.uniform(4, 8)),
        shift=shift,
        level=rng.uniform(-25, -8),
        skew=rng.uniform(0.95, 1.05),
    )
    begun = sound[rng.randrange(int(period * 0.9 * corpus.RATE)) :]
    return np.concatenate((np.zeros(rng.randrange(corpus.RATE)), begun))


CLASSES = [(country, tone) for country, tones in TONES.items() for tone in tones]


@pytest.mark.parametrize(
    ("country", "tone"), CLASSES, ids=[f"{country}-{tone.kind}" for country, tone in CLASSES]
)
def test_each_tone_is_recognized_and_none_is_taken_for_another(country: str, tone: Tone) -> None:
    right = wrong = 0
    count = EACH if country == "CN" else max(5, EACH // 4)
    for index in range(count):
        rng = random.Random(f"{country}{tone.kind}{index}")
        heard = recognized(drawn(tone, rng), TONES[country], rng)
        kinds = {each.kind for each in heard if each.confidence > 0.8}
        wrong += bool(kinds - {tone.kind})
        right += kinds == {tone.kind}
    assert wrong == 0
    # Fewer than a hundred cannot show 98 of them.
    assert right >= min(count - 1, round(NEEDED * count)) or country != "CN"


def heard_by_engine(tone: Tone, stalls: float, rng: random.Random) -> set[ToneKind]:
    """What is heard in a call that is ended after 6 s, or after 11 s where it only rings."""
    seconds = 11.0 if tone.kind is ToneKind.RINGBACK else 6.0
    shift, level = rng.uniform(-20, 20), rng.uniform(-25, -8)
    sound = corpus.tone(tone.frequencies, tone.cadence, seconds + 5, shift=shift, level=level)
    begin = rng.randrange(int(sum(tone.cadence) * corpus.RATE))
    line = corpus.Line(noise=rng.uniform(-65, -42), gain=rng.uniform(-8, 3))
    pcm = line.carry(sound[begin : begin + int(seconds * corpus.RATE)], rng)
    played = corpus.any_engine(rng, stalls).play(pcm, rng)
    return {it.kind for it in recognize_tones(frames_of(samples_of(played)), CHINA)}


@pytest.mark.parametrize("stalls", [0.0, 0.02], ids=["idle", "busy"])
@pytest.mark.parametrize("tone", CHINA, ids=[tone.kind for tone in CHINA])
def test_each_tone_is_recognized_as_the_engine_plays_it(
    tone: Tone, stalls: float, record_property: Record
) -> None:
    count = size(50, 200)
    heard = [
        heard_by_engine(tone, stalls, random.Random(f"{tone.kind}{it}")) for it in range(count)
    ]
    right = heard.count({tone.kind})
    record_property(f"{tone.kind}, {stalls}", f"{right} of {count}, unknown {heard.count(set())}")
    assert set().union(*heard) <= {tone.kind}
    assert right >= NEEDED * count


def test_a_tone_is_not_taken_for_a_quicker_one_however_much_is_missing() -> None:
    for index in range(size(60, 600)):
        rng = random.Random(index)
        tone = CHINA[index % 3]
        assert heard_by_engine(tone, rng.uniform(0.02, 0.08), rng) <= {tone.kind}, index


def test_special_information_tones_are_recognized() -> None:
    right = 0
    for index in range(EACH):
        rng = random.Random(index)
        before = np.zeros(rng.randrange(800, 8000))
        sound = np.concatenate((before, corpus.special_information(rng), np.zeros(4000)))
        heard = recognized(sound, CHINA, rng)
        right += [each.kind for each in heard] == [ToneKind.SPECIAL_INFORMATION]
    assert right >= NEEDED * EACH - 1


def test_no_announcement_is_taken_for_a_tone() -> None:
    for index in range(size(12, 100)):
        rng = random.Random(index)
        assert recognized(corpus.announcement(f"any{index}"), CHINA, rng) == ()


def test_noise_and_silence_are_no_tone() -> None:
    for index in range(size(8, 100)):
        rng = random.Random(index)
        silence = np.zeros(5 * corpus.RATE)
        assert recognized(silence, CHINA, rng) == ()
        noise = np.random.default_rng(index).normal(size=5 * corpus.RATE) * 0.05
        assert recognized(noise, CHINA, rng) == ()


def test_a_steady_tone_has_no_cadence_and_is_unknown() -> None:
    steady = corpus.tone((450,), (60.0,), 8.0)
    assert recognized(steady, CHINA, random.Random(1)) == ()


def test_ringback_and_then_busy_are_both_heard_in_order() -> None:
    ringback = corpus.tone((450,), (1.0, 4.0), 9.0)
    busy = corpus.tone((450,), (0.35, 0.35), 5.0)
    heard = recognized(np.concatenate((ringback, busy)), CHINA, random.Random(3))
    assert [each.kind for each in heard] == [ToneKind.RINGBACK, ToneKind.BUSY]


@given(
    st.lists(st.floats(0.05, 3.0), min_size=2, max_size=12),
    st.floats(300, 3000),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=size(20, 500), deadline=None)
def test_whatever_is_heard_is_a_stretch_of_the_recording(
    cadence: list[float], pitch: float, seed: int
) -> None:
    rng = random.Random(seed)
    sound = corpus.tone((pitch,), cadence, 6.0)
    heard = recognized(sound, CHINA, rng)
    for each in heard:
        assert 0 <= each.start < each.end <= 6.3
        assert 0.8 < each.confidence <= 1
    if abs(pitch - 450) > 80:
        assert not heard


@pytest.mark.parametrize("pcm", [b"", b"\x00", b"\x01\x02" * 50])
def test_too_little_is_nothing(pcm: bytes) -> None:
    frames = frames_of(samples_of(pcm))
    assert recognize_tones(frames, CHINA) == ()
    assert silent_share(frames) is None
    assert not is_silence(frames)


def test_comfort_noise_is_silence_and_speech_is_not() -> None:
    rng = random.Random(5)
    line = corpus.Line(loss=0.05, noise=-52)
    assert is_silence(frames_of(samples_of(line.carry(np.zeros(24_000), rng))))
    spoken = line.carry(corpus.announcement("spoken"), rng)
    assert not is_silence(frames_of(samples_of(spoken)))
