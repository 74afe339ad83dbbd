"""What a ticket about a common cause says, in the words of a rule's annotations."""

from collections.abc import Mapping

from agent.states import Scope
from agent.tickets.ticket import Subject

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
