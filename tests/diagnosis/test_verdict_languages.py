"""A verdict speaks every language: its reader may have chosen another than the configured one."""

import re

import msgspec
import pytest

from agent.diagnosis import diagnose_number
from agent.diagnosis.evidence_words import fact_text, reason_text, value_of_fact
from agent.diagnosis.texts import verdict_in
from agent.model import Balance, Marking
from agent.states import MarkingTag
from agent.verdict import Verdict
from tests.account_facts import make_snapshot, number
from tests.diagnosis.verdicts import ONE, bound, known, routed

_CODE = re.compile(r"[a-z]+_[a-z_]+")
_ENGLISH = re.compile(r"\b[a-z]{3,}\b")
_NAMES = re.compile(
    r"\[\w+=[^\]]*\]|north/hq|[\w*]+ [0-9a-f]{8}|hq finance|north desk|ada@example.com"
)
WORLDS = {
    "suspended": make_snapshot(number(state="suspended_arrears")),
    "unfunded": make_snapshot(number(state="open_unfunded")),
    "network": make_snapshot(number(network="deleted")),
    "phones": bound("off", "out_of_area"),
    "no money": make_snapshot(balance=Balance(-3.0, "CNY")),
    "marked": make_snapshot(number(marking=Marking(MarkingTag.FRAUD, 12, None))),
    "a change": routed(concurrency_limit=9),
    "in order": make_snapshot(),
}


def diagnosed(name: str, locale: str) -> Verdict:
    symptom = "marked" if name == "marked" else ""
    symptom = "drift" if name == "a change" else symptom
    context = known(WORLDS[name], before=make_snapshot(), locale=locale)
    return diagnose_number(ONE, context, symptom=symptom)


def said(verdict: Verdict) -> list[str]:
    return [*verdict.findings, *verdict.next_steps, *verdict.questions]


@pytest.mark.parametrize("name", WORLDS)
def test_the_reader_gets_the_texts_of_their_language_and_none_of_the_other(name):
    configured = {locale: diagnosed(name, locale) for locale in ("en", "zh-CN")}
    for stored in configured.values():
        for locale, expected in configured.items():
            assert said(verdict_in(stored, locale)) == said(expected)
    assert said(configured["en"]) != said(configured["zh-CN"]) or name == "in order"
    for text in said(configured["zh-CN"]):
        plain = _NAMES.sub("", text)
        assert not _ENGLISH.findall(plain), text
    for locale, verdict in configured.items():
        for text in said(verdict):
            assert not _CODE.findall(_NAMES.sub("", text)), (locale, text)


@pytest.mark.parametrize("name", WORLDS)
def test_facts_and_reasons_are_in_words(name):
    verdict = diagnosed(name, "en")
    reasons = [reason for it in verdict.considered for reason in (*it.for_, *it.against)]
    shown = [
        *(fact_text(it.fact, "zh-CN") for it in verdict.evidence),
        *(value_of_fact(it.fact, it.value, "zh-CN") for it in verdict.evidence),
        *(reason_text(reason, "zh-CN") for reason in reasons),
    ]
    for text in shown:
        assert not _ENGLISH.findall(_NAMES.sub("", text)), text


def test_a_verdict_stored_in_one_language_stays_as_it_is():
    old = msgspec.structs.replace(diagnosed("phones", "en"), translations=())
    again = msgspec.json.decode(msgspec.json.encode(old), type=Verdict)
    assert verdict_in(again, "zh-CN") == old
