"""From words to announcements, and what words never decide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.announcement_words import ANNOUNCEMENTS
from agent.diagnosis.prompts import PROMPTS_BY_NAME
from agent.net.scrub import scrub
from agent.probing.hearing.fingerprint import UNKNOWN, Match
from agent.probing.hearing.tone_table import ToneKind
from agent.probing.hearing.tones import ToneHeard
from agent.probing.observation import Ended, Hearing, Observation, Signalling
from agent.probing.outcome import CallOutcome, outcome_of
from agent.probing.speech.words import LONGEST, announcement_in, presentable

SUSPENDED = "您好您拨打的用户已停机"
BUSY = ToneHeard(ToneKind.BUSY, 0, 4, 0.97)
RINGBACK = ToneHeard(ToneKind.RINGBACK, 0, 10, 0.9)

SAID = {
    "您好，您拨打的用户已停机": "suspended",
    "对不起您拨打的号码是空号请核对后再拨": "nonexistent",
    "SORRY THE NUMBER YOU HAVE DIALED DOES NOT EXIST": "nonexistent",
    "您拨打的电话已关机 sorry the subscriber you dialed is power off": "off",
    "您撥打的電話暫時無法接通請稍後再撥": "unreachable",
    "您撥打的號碼已關機": "off",
    "网络繁忙请稍后再拨": "network",
    "您拨打的用户正在通话中请稍后再拨": "busy",
    "您拨打的电话暂时无人接听": "no_answer",
    "您拨打的电话已暂停服务": "barred",
    # Not long enough to be an announcement.
    "停机": "",
    "已关机": "",
    "line is busy": "",
    # Of two kinds, or of none.
    "您拨打的电话已关机或者不在服务区": "",
    "您拨打的电话无人接听或正忙请稍后再拨": "",
    "感谢您的来电让我们一起听一首歌": "",
    "": "",
}


@pytest.mark.parametrize(("words", "name"), SAID.items())
def test_words_are_one_announcement_or_none(words: str, name: str) -> None:
    assert announcement_in(words) == name


def test_every_announcement_has_its_causes() -> None:
    assert ANNOUNCEMENTS.keys() <= PROMPTS_BY_NAME.keys()
    assert {PROMPTS_BY_NAME[name].words for name in ANNOUNCEMENTS} == set(ANNOUNCEMENTS.values())


PRESENTED = {
    "您 拨 打 的 用户 已 停机": "您拨打的用户已停机",
    "the number\n\n you  dialed": "the number you dialed",
    "用户13800000001已停机": "用户138****0001已停机",
    "用户幺三八零零零零零零零幺已停机": "用户*******已停机",
    "the subscriber one three eight, zero zero zero zero one is off": (
        "the subscriber *******is off"
    ),
    "八八八八零零零幺已停机": "*******已停机",
    "拨打4006220001的用户": "拨打4006220001的用户",
    "a\u202eb\x1b[2Jc": "ab[2Jc",
}


@pytest.mark.parametrize(("words", "shown"), PRESENTED.items())
def test_words_as_they_are_shown(words: str, shown: str) -> None:
    assert presentable(words) == shown


@given(st.text(max_size=3000))
def test_any_words_are_bounded_and_harmless(words: str) -> None:
    shown = presentable(words)
    assert len(shown) <= LONGEST + 100
    assert scrub(shown, 10 * LONGEST) == shown
    announcement_in(shown)


def said(
    signalling: Signalling, words: str = SUSPENDED, *tones: ToneHeard, match: Match = UNKNOWN
) -> Observation:
    return Observation(signalling, Hearing(6.0, 0.3, tones=tones, announcement=match, words=words))


def test_words_decide_where_nothing_else_does() -> None:
    judgement = outcome_of(said(Signalling(480)))
    assert judgement.outcome is CallOutcome.ANNOUNCEMENT
    assert judgement.confidence == judgement.prompt_confidence == 0.8
    assert judgement.prompt == "suspended"
    assert judgement.evidence == ("speech", "sip:480")


@pytest.mark.parametrize("words", ["停机", "您拨打的电话已关机或者不在服务区", "随便说些什么话"])
def test_words_that_are_no_announcement_decide_nothing(words: str) -> None:
    judgement = outcome_of(said(Signalling(480), words))
    assert (judgement.outcome, judgement.prompt) == (CallOutcome.UNKNOWN, "")


DECIDED = {
    "by the cause": said(Signalling(480, cause=17)),
    "by the status": said(Signalling(486)),
    "by a tone": said(Signalling(480), SUSPENDED, BUSY),
    "by ringback": said(Signalling(487, duration=20.0), SUSPENDED, RINGBACK),
    "by ringing": said(Signalling(487, provisional=(180,), duration=20.0)),
    "by an answer": Observation(
        Signalling(200, answered=2.0, duration=5.0, ended=Ended.CALLER),
        early=Hearing(6.0, 0.3, words=SUSPENDED),
        talk=Hearing(3.0, 0.2),
    ),
    "by our engine": said(Signalling(480, ended=Ended.ENGINE)),
}


@pytest.mark.parametrize("observed", DECIDED.values(), ids=DECIDED)
def test_what_is_decided_otherwise_is_not_decided_again(observed: Observation) -> None:
    without = Observation(
        observed.signalling,
        Hearing(6.0, 0.3, tones=observed.early.tones),
        observed.talk,
        observed.reception,
    )
    expected, judgement = outcome_of(without), outcome_of(observed)
    assert judgement.outcome is expected.outcome
    assert judgement.confidence == expected.confidence
    assert judgement.prompt == ""
    assert judgement.evidence[:1] == expected.evidence[:1]


def test_a_fingerprint_goes_before_the_words() -> None:
    match = Match("off", 0.9, 0.5, 0.93)
    judgement = outcome_of(said(Signalling(480), match=match))
    assert (judgement.prompt, judgement.prompt_confidence) == ("off", 0.93)
    assert judgement.evidence[0] == "announcement"
