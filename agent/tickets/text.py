"""A ticket's title and description, in the configured locale.

Phone numbers of people are masked; the ticket's own number is public and stays as it is.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from agent.diagnosis.words import Words
from agent.masking import mask_text
from agent.model import Alert, Verdict
from agent.net.scrub import scrub
from agent.states import Cause
from agent.tickets.ticket import Subject, Text

_SUFFIX: Mapping[str, str] = {"en": "", "zh-CN": "_zh"}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "since": "Since {since} UTC.",
        "cause": "Diagnosis: {cause}; whose job: {party} ({confidence:.0%} sure)",
        "contact": "Call: {contact}",
        "steps": "Next: {steps}",
        "joint": "; ",
    },
    "zh-CN": {
        "since": "自 {since}（UTC）起。",
        "cause": "诊断：{cause}，责任方：{party}（把握 {confidence:.0%}）",
        "contact": "联系：{contact}",
        "steps": "下一步：{steps}",
        "joint": "；",
    },
}
_TITLE_CHARACTERS = 250
_DESCRIPTION_CHARACTERS = 4000


def text_of(subject: Subject, alert: Alert, verdict: Verdict | None, locale: str) -> Text:
    """What a ticket opened for ``alert`` says.

    A rule without annotations in the locale speaks English; one without any is named.
    """
    title = _annotation(alert, "summary", locale) or f"{alert.name}: {_named(subject)}"
    lines = [
        _annotation(alert, "description", locale),
        _since(alert.active_at, locale),
        *_diagnosis(verdict, locale),
    ]
    return Text(
        title=_shown(title, subject.number, _TITLE_CHARACTERS),
        description="\n".join(
            _shown(line, subject.number, _DESCRIPTION_CHARACTERS) for line in lines if line
        ),
    )


def _annotation(alert: Alert, name: str, locale: str) -> str:
    translated = alert.annotations.get(f"{name}{_SUFFIX[locale]}")
    return translated or alert.annotations.get(name, "")


def _named(subject: Subject) -> str:
    named = (
        subject.provider,
        subject.account,
        subject.number,
        subject.binding,
        subject.carrier,
    )
    return "/".join(part for part in named if part) or subject.scope


def _since(at: float, locale: str) -> str:
    began = datetime.fromtimestamp(at, UTC)
    return _WORDS[locale]["since"].format(since=f"{began:%Y-%m-%d %H:%M}")


def _diagnosis(verdict: Verdict | None, locale: str) -> list[str]:
    if verdict is None:
        return []
    words, told = _WORDS[locale], Words(locale)
    lines = [
        words["cause"].format(
            cause=told.title(Cause(verdict.cause)),
            party=told.word("parties", str(verdict.party)),
            confidence=verdict.confidence,
        )
    ]
    if verdict.contact:
        lines.append(words["contact"].format(contact=verdict.contact))
    if verdict.next_steps:
        lines.append(words["steps"].format(steps=words["joint"].join(verdict.next_steps)))
    return lines


def _shown(text: str, number: str, limit: int) -> str:
    clean = scrub(text, limit)
    if not number:
        return mask_text(clean)
    return number.join(mask_text(part) for part in clean.split(number))
