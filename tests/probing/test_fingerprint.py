"""Announcements by fingerprint: known ones are recognized, foreign ones never."""

import random
from collections import Counter
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from agent.probing.hearing import fingerprint
from agent.probing.hearing.fingerprint import Features, Match, features_of, recognize
from agent.probing.hearing.sound import samples_of
from tests.probing import corpus
from tests.proof_size import size

NAMES = ("suspended", "off", "nonexistent", "busy", "barred", "unreachable")
EACH = size(5, 100)
FOREIGN = size(30, 1000)
Record = Callable[[str, object], None]


@pytest.fixture(scope="module")
def enrolled() -> Mapping[str, Features]:
    clean = corpus.Line()
    return {
        name: features_of(samples_of(clean.carry(corpus.announcement(name), random.Random(name))))
        for name in NAMES
    }


def heard(name: str, enrolled: Mapping[str, Features], rng: random.Random) -> Match:
    """5 to 9 seconds of an announcement that is repeated, begun anywhere, over a bad line."""
    sound = corpus.announcement(name)
    pauses = (np.zeros(rng.randrange(1, 8000)), np.zeros(rng.randrange(1, 4000)))
    repeated = np.concatenate((pauses[0], sound, pauses[1], sound))
    begin = rng.randrange(12_000)
    piece = repeated[begin : begin + int(rng.uniform(5, 9) * corpus.RATE)]
    pcm = corpus.any_line(rng).carry(piece, rng)
    return recognize(features_of(samples_of(pcm)), enrolled)


@pytest.mark.parametrize("name", NAMES)
def test_known_announcements_are_recognized(name: str, enrolled: Mapping[str, Features]) -> None:
    found = [heard(name, enrolled, random.Random(f"{name}{it}")).name for it in range(EACH)]
    assert set(found) <= {name, ""}
    assert found.count(name) >= 0.98 * EACH - 0.5


def test_foreign_announcements_are_unknown(enrolled: Mapping[str, Features]) -> None:
    # Each begins with the same words as those that are enrolled, in the same voice.
    for index in range(FOREIGN):
        match = heard(f"foreign{index}", enrolled, random.Random(index))
        assert (match.name, match.confidence) == ("", 0.0), index


def heard_by_engine(
    sound: np.ndarray, enrolled: Mapping[str, Features], rng: random.Random, stalls: float
) -> Match:
    """5 to 9 seconds of a sound that is repeated, as the engine plays it."""
    begin = rng.randrange(12_000)
    piece = np.tile(np.concatenate((np.zeros(rng.randrange(1, 8000)), sound)), 2)
    line = corpus.Line(noise=rng.uniform(-65, -42), gain=rng.uniform(-8, 3))
    pcm = line.carry(piece[begin : begin + int(rng.uniform(5, 9) * corpus.RATE)], rng)
    played = corpus.any_engine(rng, stalls).play(pcm, rng)
    return recognize(features_of(samples_of(played)), enrolled)


STALLS = pytest.mark.parametrize("stalls", [0.0, 0.02], ids=["idle", "busy"])
"""An engine on a machine that is idle, and on one so busy that a tenth of all packets is lost."""


@STALLS
@pytest.mark.parametrize("name", NAMES)
def test_known_announcements_are_recognized_as_the_engine_plays_them(
    name: str, stalls: float, enrolled: Mapping[str, Features], record_property: Record
) -> None:
    sound, count = corpus.announcement(name), size(4, 200)
    found = Counter(
        heard_by_engine(sound, enrolled, random.Random(f"{name}{it}"), stalls).name
        for it in range(count)
    )
    record_property(f"{name}, {stalls}", f"{found[name]} of {count}, unknown {found['']}")
    assert set(found) <= {name, ""}
    assert found[name] >= 0.98 * count - 0.5


@STALLS
def test_foreign_announcements_are_unknown_as_the_engine_plays_them(
    stalls: float, enrolled: Mapping[str, Features]
) -> None:
    for index in range(size(10, 1000)):
        sound = corpus.announcement(f"foreign{index}")
        match = heard_by_engine(sound, enrolled, random.Random(index), stalls)
        assert (match.name, match.confidence) == ("", 0.0), index


def close(name: str, index: int) -> np.ndarray:
    """An announcement that has the first and the last third in common with ``name``."""
    own, other = corpus.announcement(name), corpus.announcement(f"other{index}", common=0)
    third = len(own) // 3
    return np.concatenate((own[:third], other[:third], own[2 * third :]))


def accepted(enrolled: Mapping[str, Features]) -> list[str]:
    """What is named of announcements that are close to known ones."""
    rngs = [random.Random(index) for index in range(size(8, 100))]
    return [
        heard_by_engine(close(NAMES[index % 6], index), enrolled, rng, 0.0).name
        for index, rng in enumerate(rngs)
    ]


def test_an_announcement_close_to_a_known_one_is_unknown(enrolled: Mapping[str, Features]) -> None:
    assert set(accepted(enrolled)) == {""}


def test_the_pieces_that_disagree_are_what_keeps_it_unknown(
    enrolled: Mapping[str, Features], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "_WORST", 60.0)
    assert set(accepted(enrolled)) - {""}


def test_without_its_guards_a_foreign_announcement_would_be_accepted(
    enrolled: Mapping[str, Features], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint, "ACCEPT", -1.0)
    monkeypatch.setattr(fingerprint, "MARGIN", -1.0)
    assert heard("foreign1", enrolled, random.Random(1)).name != ""


def test_what_two_announcements_have_in_common_is_unknown(
    enrolled: Mapping[str, Features],
) -> None:
    common = corpus.announcement("any", common=24)
    pcm = corpus.Line().carry(common[: int(1.2 * corpus.RATE)], random.Random(1))
    assert recognize(features_of(samples_of(pcm)), enrolled).name == ""


def test_two_recordings_of_one_announcement_are_no_rivals(
    enrolled: Mapping[str, Features], monkeypatch: pytest.MonkeyPatch
) -> None:
    again = corpus.Line(noise=-50).carry(corpus.announcement("off"), random.Random(9))
    both = {**enrolled, "off/2": features_of(samples_of(again))}
    assert heard("off", both, random.Random(2)).name == "off"
    rivals = {**enrolled, "other": both["off/2"]}
    assert heard("off", rivals, random.Random(2)).name == ""
    monkeypatch.setattr(fingerprint, "MARGIN", -1.0)
    assert heard("off", rivals, random.Random(2)).name != ""


@pytest.mark.parametrize("seconds", [0.0, 0.01, 1.0])
def test_too_little_is_unknown(seconds: float, enrolled: Mapping[str, Features]) -> None:
    sound = corpus.announcement("off")[: int(seconds * corpus.RATE)]
    pcm = corpus.Line().carry(sound, random.Random(1)) if len(sound) > corpus.PACKET else b""
    assert recognize(features_of(samples_of(pcm)), enrolled).name == ""


def test_nothing_enrolled_recognizes_nothing() -> None:
    pcm = corpus.Line().carry(corpus.announcement("off"), random.Random(1))
    assert recognize(features_of(samples_of(pcm)), {}) == fingerprint.UNKNOWN
