"""The words of sheets and statistics, in both languages."""

from collections.abc import Mapping

from agent.tickets.forms import FaultCause, Outcome

Words = Mapping[str, str]

_CAUSES: Mapping[str, Mapping[FaultCause, str]] = {
    "en": {
        FaultCause.TRANSMISSION_LINE: "transmission line",
        FaultCause.OPERATOR_EQUIPMENT: "operator's equipment",
        FaultCause.CUSTOMER_EQUIPMENT: "customer's equipment",
        FaultCause.CUSTOMER_LAN: "customer's own network",
        FaultCause.AGGREGATION_LAYER: "aggregation layer",
        FaultCause.OTHER: "other",
    },
    "zh-CN": {
        FaultCause.TRANSMISSION_LINE: "传输线路",
        FaultCause.OPERATOR_EQUIPMENT: "运营商设备",
        FaultCause.CUSTOMER_EQUIPMENT: "客户设备",
        FaultCause.CUSTOMER_LAN: "客户内网",
        FaultCause.AGGREGATION_LAYER: "汇聚层",
        FaultCause.OTHER: "其他",
    },
}
_OUTCOMES: Mapping[str, Mapping[Outcome, str]] = {
    "en": {
        Outcome.RESTORED: "restored",
        Outcome.OBSERVE: "under observation",
        Outcome.NOT_FIXED: "not fixed",
        Outcome.OTHER: "other",
    },
    "zh-CN": {
        Outcome.RESTORED: "已恢复",
        Outcome.OBSERVE: "观察",
        Outcome.NOT_FIXED: "未修复",
        Outcome.OTHER: "其他",
    },
}
_SHEET: Mapping[str, Words] = {
    "en": {
        "title": "Fault handling and confirmation",
        "ticket": "Ticket",
        "issued": "Issued by",
        "printed": "Printed",
        "provider_ticket": "Provider's ticket",
        "customer": "Customer",
        "contact": "Contact",
        "service": "Service affected",
        "phone": "Phone",
        "address": "Address",
        "grade": "Grade",
        "staff": "Staff",
        "helpers": "Helpers",
        "arrived": "Arrived",
        "ended": "Ended",
        "since": "Fault since",
        "detected": "Detected",
        "restored": "Restored",
        "pattern": "Pattern",
        "continuous": "continuous",
        "intermittent": "intermittent",
        "problem": "Problem",
        "findings": "Findings",
        "diagnosis": "Diagnosis",
        "responsible": "Responsible",
        "result": "Result",
        "measures": "Measures against a repetition",
        "cause": "Cause",
        "outcome": "Outcome",
        "opinion": "Customer's opinion",
        "clocks": "Promised times",
        "clock": "Clock",
        "allowed": "Allowed",
        "used": "Used",
        "kept": "Kept",
        "yes": "yes",
        "no": "no",
        "paused": "paused",
        "signature_staff": "Signature of staff",
        "signature_customer": "Signature of customer",
        "date": "Date",
        "minutes": "{n} min",
        "waiver": "Closed without confirmation",
        "contact_clock": "first contact",
        "on_site_clock": "on site",
        "restore_clock": "restoration",
        "members": "Numbers affected",
    },
    "zh-CN": {
        "title": "故障现场处理确认单",
        "ticket": "工单号",
        "issued": "派单单位",
        "printed": "打印时间",
        "provider_ticket": "服务商工单号",
        "customer": "客户名称",
        "contact": "联系人",
        "service": "受影响业务",
        "phone": "联系电话",
        "address": "地址",
        "grade": "服务等级",
        "staff": "处理人员",
        "helpers": "协助人员",
        "arrived": "到达时间",
        "ended": "结束时间",
        "since": "故障开始",
        "detected": "发现时间",
        "restored": "恢复时间",
        "pattern": "故障性质",
        "continuous": "持续",
        "intermittent": "间歇",
        "problem": "故障现象",
        "findings": "处理发现",
        "diagnosis": "诊断结论",
        "responsible": "责任方",
        "result": "处理结果",
        "measures": "整改措施",
        "cause": "故障原因",
        "outcome": "处理结论",
        "opinion": "客户意见",
        "clocks": "服务时限",
        "clock": "时限",
        "allowed": "承诺",
        "used": "实际",
        "kept": "达标",
        "yes": "是",
        "no": "否",
        "paused": "暂停",
        "signature_staff": "处理人员签字",
        "signature_customer": "客户签字",
        "date": "日期",
        "minutes": "{n} 分钟",
        "waiver": "免确认关闭",
        "contact_clock": "首次联系",
        "on_site_clock": "到场",
        "restore_clock": "恢复",
        "members": "受影响号码",
    },
}
STATISTICS: Mapping[str, tuple[str, ...]] = {
    "en": (
        "date",
        "fault no.",
        "type",
        "project code",
        "project name",
        "category",
        "part",
        "material no.",
        "serial no.",
        "model",
        "quantity",
        "part description",
        "symptom description",
        "responsible",
        "supplier",
        "preliminary cause",
        "place",
        "time",
        "handler",
        "phone",
    ),
    "zh-CN": (
        "日期",
        "故障编号",
        "故障类型",
        "项目编号",
        "项目名称",
        "类别",
        "部件",
        "物料编号",
        "序列号",
        "型号",
        "数量",
        "部件描述",
        "故障描述",
        "责任方",
        "供应商",
        "初步原因",
        "地点",
        "时间",
        "处理人",
        "联系电话",
    ),
}
"""The columns of the fault statistics (domain.md §3, Statistics row)."""


def sheet_words(locale: str) -> Words:
    """The words of the confirmation sheet."""
    return _SHEET[locale]


def causes(locale: str) -> Mapping[FaultCause, str]:
    """The causes the sheet offers."""
    return _CAUSES[locale]


def outcomes(locale: str) -> Mapping[Outcome, str]:
    """The outcomes the sheet offers."""
    return _OUTCOMES[locale]
