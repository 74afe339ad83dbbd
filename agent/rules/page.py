"""``make docs``: the pages ``docs/alerts.md`` and ``docs/alerts.zh.md``, from the rule files."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from agent.i18n import CHINESE, ENGLISH
from agent.rules.alerts_in_code import ALERTS_IN_CODE

_FOLDER = Path(__file__).parents[2] / "alert_rules"

_ENGLISH = """\
# Alerts

Written by `make docs` from `alert_rules/`; do not edit. These are ordinary Prometheus rules: the
agent evaluates them itself, and a Prometheus that scrapes it can load the same files.

Every alert names a fault that is seen. A fact that is not known is an absent series, so that a
provider that does not answer fires nothing but the alerts about itself. `for` is how long the
condition must hold before the alert fires; from then on the ticket's clocks count, back to the
first sight of the fault.

| severity | means |
|---|---|
| `critical` | callers do not get through, or will not within a day, or the agent cannot see |
| `warning` | callers still get through; somebody must act before they no longer do |
| `info` | worth knowing |

An alert opens a ticket of its `scope` and `symptom`; one fault is one ticket, however many alerts
tell of it ([tickets](tickets.md)). Rules with the label `ticket: "false"` page or inform and open
none. `{}` stands for the number, account or provider that it is about.

## The alerts of each file
"""
_CHINESE = """\
# 告警

本页由 `make docs` 根据 `alert_rules/` 生成，请勿手工修改。这些都是普通的 Prometheus 规则：智能
体自己计算，抓取它的 Prometheus也可以加载同样的文件。

每条告警都对应看到的故障。未知的事实没有时间序列，因此服务商不应答时，只会触发关于它自身的告警。
“持续”是条件成立多久之后告警才触发；触发之后工单的时限从首次发现故障的时刻起算。

| 级别 | 含义 |
|---|---|
| `critical`（严重） | 主叫打不通，或一天之内将打不通，或监测程序看不到情况 |
| `warning`（警告） | 主叫仍可打通，但必须有人处理，否则将打不通 |
| `info`（提示） | 值得知道 |

告警按其 `scope`（范围）和 `symptom`（症状）建单；一个故障一张工单，无论有多少条告警（见
[工单](tickets.md)）。带有标签`ticket: "false"` 的规则只通知，不建单。`{}` 代表告警所涉及的号码、
账户或服务商。

## 各文件中的告警
"""
_IN_CODE = {
    "en": (
        "### Made by the agent itself\n\n"
        "No rule file has these: they are made of complaints, of what people decide, and of "
        "several alerts\nthat have one cause. A Prometheus does not know them."
    ),
    "zh": (
        "### 由监测程序自己产生\n\n"
        "这些告警不在规则文件中：它们来自投诉、人的决定，"
        "以及同一原因的多条告警。Prometheus 不知道它们。"
    ),
}
_HEADERS = {
    "en": "| alert | severity | scope | for | says |\n|---|---|---|---|---|",
    "zh": "| 告警 | 级别 | 范围 | 持续 | 内容 |\n|---|---|---|---|---|",
}
_SEVERITIES = {"critical": "严重", "warning": "警告", "info": "提示"}
_SCOPES = {
    "number": "号码",
    "binding": "绑定号码",
    "account": "账户",
    "provider": "服务商",
    "carrier": "基础运营商",
    "agent": "监测程序",
    "ticket": "工单",
}
_DOCUMENTS = _FOLDER.parent / "docs"


@dataclass(frozen=True)
class AlertRow:
    """One alert of a rule file, as the page shows it."""

    name: str
    severity: str
    scope: str
    duration: str
    summary: dict[str, str]
    """By language, with ``{}`` for what the template fills in."""


def alert_rows(file: Path) -> list[AlertRow]:
    """The alerts of a rule file in their order; recording rules are left out."""
    groups = yaml.safe_load(file.read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return [
        AlertRow(
            name=rule["alert"],
            severity=rule["labels"]["severity"],
            scope=rule["labels"]["scope"],
            duration=str(rule.get("for", "")),
            summary={
                "en": _plain(rule["annotations"]["summary"]),
                "zh": _plain(rule["annotations"]["summary_zh"]),
            },
        )
        for rule in rules
    ]


def markdown(language: str) -> str:
    """Return the page in ``language``, ``en`` or ``zh``, in Markdown."""
    parts = [_ENGLISH if language == "en" else _CHINESE]
    for file in sorted(_FOLDER.glob("*.yml")):
        rows = alert_rows(file)
        if rows:
            lines = "\n".join(_line(row, language) for row in rows)
            parts.append(f"### `{file.name}`\n\n{_HEADERS[language]}\n{lines}\n")
    parts.append(f"{_IN_CODE[language]}\n\n{_HEADERS[language]}")
    own = (_line(row, language) for row in rows_in_code())
    return "\n".join([*parts, *own, ""])


def rows_in_code() -> list[AlertRow]:
    """The alerts that the agent makes itself, as rows of the page."""
    return [
        AlertRow(
            name=alert.name,
            severity=severity.value,
            scope=alert.scope.value,
            duration="",
            summary={"en": alert.summary.text(ENGLISH), "zh": alert.summary.text(CHINESE)},
        )
        for alert in ALERTS_IN_CODE
        for severity in alert.severities
    ]


def _line(row: AlertRow, language: str) -> str:
    severity, scope = row.severity, row.scope
    if language == "zh":
        severity, scope = _SEVERITIES[severity], _SCOPES[scope]
    link = f"[{row.name}]({_runbook(row.name, language)})"
    cells = (link, severity, scope, row.duration or "–", row.summary[language])
    return f"| {' | '.join(cells)} |"


def _runbook(alert: str, language: str) -> str:
    chinese = f"runbooks/zh/{alert}.md"
    is_there = language == "zh" and (_DOCUMENTS / chinese).is_file()
    return chinese if is_there else f"runbooks/{alert}.md"


def _plain(template: str) -> str:
    return re.sub(r"\{\{.*?\}\}", "{}", template).replace("|", "\\|")


if __name__ == "__main__":
    print(markdown(sys.argv[1]), end="")  # noqa: T201 - writing to standard output is the purpose
