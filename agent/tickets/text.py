"""A ticket's title and description, in the configured locale.

Phone numbers of people are masked; the ticket's own number is public and stays as it is.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from agent.diagnosis.words import Words
from agent.masking import mask_text
from agent.model import Alert, Verdict
from agent.net.scrub import scrub
from agent.states import Cause, Scope
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


_WHERE: Mapping[Scope, tuple[str, str]] = {
    Scope.PROVIDER: ("provider {provider}", "服务商 {provider}"),
    Scope.CARRIER: ("carrier {carrier}", "运营商 {carrier}"),
    Scope.TRUNK: ("{provider} behind {binding}", "服务商 {provider} 落地 {binding} 下"),
    Scope.ACCOUNT: ("{provider}/{account}", "账户 {provider}/{account}"),
}
_WHAT: Mapping[str, tuple[str, str]] = {
    "provider_outage": ("are out of service", "中断"),
    "carrier_outage": ("are out of service at several providers", "在多家服务商处中断"),
    "landing_down": ("cannot be answered: they share this landing", "无法接听：共用同一落地"),
    "numbers_suspended_arrears": ("are suspended for arrears", "欠费停机"),
    "numbers_open_unfunded": ("have never been funded", "未充值"),
    "numbers_suspended_requested": ("are suspended on request", "申请停机"),
    "numbers_frozen": ("are frozen", "冻结"),
    "numbers_expired": ("are out of contract", "合同到期停机"),
    "numbers_reclaimed": ("have been reclaimed", "被回收"),
    "numbers_reclaim": ("are about to be reclaimed", "即将被回收"),
    "numbers_contract": ("come to the end of their contracts", "合同即将到期"),
    "numbers_realname": ("have a real-name problem", "实名异常"),
    "numbers_drift": ("differ from their approved configuration", "配置偏离基线"),
    "numbers_lint": ("are configured wrongly", "配置有误"),
    "numbers_redundancy": ("have one phone left", "仅剩一部绑定电话可用"),
    "phones_unreachable": ("have phones that cannot be reached", "绑定电话无法接通"),
}
_OTHERWISE = ("have the same trouble: {symptom}", "出现同类故障：{symptom}")


def annotations_of(subject: Subject) -> dict[str, str]:
    """Summary and description of a common cause, in English and in Chinese."""
    where, where_zh = (text.format(**_fields(subject)) for text in _WHERE[subject.scope])
    what, what_zh = (
        text.format(**_fields(subject)) for text in _WHAT.get(subject.symptom, _OTHERWISE)
    )
    return {
        "summary": f"Several numbers of {where} {what}",
        "summary_zh": f"{where_zh}多个号码{what_zh}",
        "description": (
            "They broke within a short time of each other and in the same way. One ticket stands"
            " for all of them; its members say which numbers, since when, and which are back."
        ),
        "description_zh": (
            "这些号码在短时间内以相同方式发生故障，合并为一张工单；成员列表列出每个号码的起止时间。"
        ),
    }


def _fields(subject: Subject) -> dict[str, str]:
    names = ("provider", "account", "carrier", "binding", "symptom")
    return {name: getattr(subject, name) for name in names}
