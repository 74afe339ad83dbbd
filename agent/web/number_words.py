"""The words of a number's page: English, Chinese."""

from collections.abc import Mapping

NUMBER_WORDS: Mapping[str, tuple[str, str]] = {
    "lints": ("What its configuration gets wrong", "配置检查"),
    "account_lints": ("The same of its account", "账户检查"),
    "no_lints": ("Nothing is known to go wrong.", "没有发现问题。"),
    "lint": ("Rule", "规则"),
    "told": ("Finding", "说明"),
    "waived_for": ("waived: {reason}", "已豁免：{reason}"),
    "waiver_over": ("the waiver ended on {until}: {reason}", "豁免已于 {until} 到期：{reason}"),
    "week": ("When it rings", "一周振铃时段"),
    "week_key": (
        "█ a phone rings  ▒ voicemail  · neither; a sign is half an hour",
        "█ 振铃  ▒ 语音信箱  · 均无；每格半小时",
    ),
    "differences": ("Not as approved", "与批准的配置不一致"),
    "effects": ("What callers notice", "对来电者的影响"),
    "phones": ("Bound phones", "绑定电话"),
    "kind": ("Kind", "类型"),
    "position": ("Place", "顺序"),
    "why_question": ("Why can it not be reached?", "为什么打不通？"),
    "routing_unknown": ("Its routing is not known.", "路由未知。"),
    "error": ("Error", "错误"),
    "warning": ("Warning", "警告"),
    "info": ("Remark", "提示"),
}
