"""The words by which the announcements of networks are told apart, in Chinese and English.

The names are those of docs/reference/domain.md §2. People report the same words, and machines
write them down from test calls; what they mean for the number, ``agent.diagnosis.prompts`` says.
"""

from collections.abc import Mapping
from typing import Final

ANNOUNCEMENTS: Final[Mapping[str, str]] = {
    "balance": r"余额不足|insufficient balance|balance (is )?(insufficient|too low)",
    "no_right": r"无权|没有?权限|限制呼叫|no (right|permission) to|not (allowed|permitted) to",
    "nonexistent": (
        r"空号|号码(是)?不存在|号码有误|does not exist|non-?existent|no such number|not exist"
    ),
    "suspended": r"停机|欠费|suspended|arrears",
    "barred": r"暂停(服务|使用)|呼入限制|限制呼入|out of service|service is paused|barred",
    "off": r"关机|switched off|power(ed)?[ -]off|turned off",
    "unreachable": (
        r"无法接通|不在服务区|信号|out of (coverage|range|the service area)|cannot be reached"
    ),
    "closed": r"下班|非工作时间|非营业|休息时间|不在工作时间|closed|(office|opening|working) hours",
    "network": r"网络(忙|繁忙|故障|异常)|线路(故障|异常)|network|line fault|congest",
    "rejected": r"拒接|拒绝|被挂断|reject",
    "no_answer": (
        r"无人接|没人接|无应答|不接|回铃|一直响|no answer|nobody answers|not answered|rings"
    ),
    "busy": r"正忙|忙音|占线|通话中|繁忙|嘟嘟|\b忙|电话忙|busy|engaged",
    "no_connection": (
        r"打不通|接不通|拨不通|无法拨通|接通不了|get through|cannot connect|no connection"
    ),
}
"""A pattern for each, to be searched without regard to capitals."""
