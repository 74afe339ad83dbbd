"""Which calls are written down: those that were not answered, and in which something was said."""

from pathlib import Path

import numpy as np
import pytest

from agent.config.speech import Speech
from agent.probing.analysis import observe
from agent.probing.engine.client import CallRecord
from agent.probing.hearing.fingerprint import features_of
from agent.probing.hearing.sound import RATE, samples_of
from agent.probing.observation import Ended, Observation, Signalling
from agent.probing.speech import listening
from agent.probing.speech.client import Transcript
from agent.probing.speech.listening import with_words
from tests.probing.many_calls import decoded

FAILED = Signalling(480, duration=8.0)
ANSWERED = Signalling(200, answered=8.0, duration=12.0, ended=Ended.CALLER)
SPOKEN = decoded("suspended")
ASKED = Speech(model="nowhere", kind="sense_voice")


class Recognizer:
    """Takes the place of the recognizer and remembers what it was given."""

    def __init__(self) -> None:
        self.given: list[bytes] = []

    async def transcribe(self, pcm: bytes, speech: Speech) -> Transcript:
        assert speech is ASKED
        self.given.append(pcm)
        return Transcript("written down")


@pytest.fixture
def recognizer(monkeypatch: pytest.MonkeyPatch) -> Recognizer:
    one = Recognizer()
    monkeypatch.setattr(listening, "transcribe", one.transcribe)
    return one


async def heard(record: CallRecord, speech: Speech | None = ASKED, **known: bytes) -> Observation:
    enrolled = {name: features_of(samples_of(pcm)) for name, pcm in known.items()}
    return await with_words(observe(record, enrolled), record, speech)


async def test_a_call_that_failed_is_written_down(recognizer: Recognizer) -> None:
    observation = await heard(CallRecord(FAILED, early=SPOKEN))
    assert observation.early.words == "written down"
    assert recognizer.given == [SPOKEN]


async def test_only_the_last_half_minute_is(recognizer: Recognizer) -> None:
    ringing = bytes(2 * 40 * RATE)
    await heard(CallRecord(FAILED, early=ringing + SPOKEN + b"x"))
    assert len(recognizer.given[0]) == 2 * 30 * RATE
    assert recognizer.given[0].endswith(SPOKEN)


SILENCE = bytes(2 * 6 * RATE)
BUSY = decoded("busy")
NOT_ASKED = {
    "nobody wants it": (CallRecord(FAILED, early=SPOKEN), None),
    "it was answered": (CallRecord(ANSWERED, early=SPOKEN, talk=SPOKEN), ASKED),
    "our engine failed": (CallRecord(Signalling(480, ended=Ended.ENGINE), early=SPOKEN), ASKED),
    "nothing was heard": (CallRecord(FAILED), ASKED),
    "it was silent": (CallRecord(FAILED, early=SILENCE), ASKED),
    "nothing but a tone": (CallRecord(FAILED, early=BUSY * 3), ASKED),
    "a click": (CallRecord(FAILED, early=SILENCE + SPOKEN[: RATE // 2]), ASKED),
}


@pytest.mark.parametrize(("record", "speech"), NOT_ASKED.values(), ids=NOT_ASKED)
async def test_what_is_not_written_down(
    recognizer: Recognizer, record: CallRecord, speech: Speech | None
) -> None:
    observation = await heard(record, speech)
    assert (observation.early.words, observation.talk.words) == ("", "")
    assert recognizer.given == []


async def test_a_known_announcement_is_not_written_down(recognizer: Recognizer) -> None:
    observation = await heard(CallRecord(FAILED, early=SPOKEN), suspended=SPOKEN)
    assert observation.early.announcement.name == "suspended"
    assert recognizer.given == []


async def test_why_there_are_no_words_is_kept(tmp_path: Path) -> None:
    missing = Speech(model=str(tmp_path / "nowhere"), kind="sense_voice")
    observation = await heard(CallRecord(FAILED, early=SPOKEN), missing)
    assert observation.early.words == ""
    assert "there is no such folder" in observation.early.words_failure


def test_the_sounds_of_this_test_are_what_they_are_called() -> None:
    assert np.abs(samples_of(SPOKEN)).max() > 0.05
    assert observe(CallRecord(FAILED, early=BUSY * 3), {}).early.tones
