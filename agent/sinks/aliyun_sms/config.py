"""The configuration of SMS through Alibaba Cloud (docs/reference/notification.md §1)."""

from typing import Annotated

from pydantic import Field

from agent.config.notification import TemplateSettings, TextField, check_parameters, check_receivers
from agent.config.secret import Secret
from agent.config.sink_configuration import SinkConfiguration


class AliyunSms(TemplateSettings):
    """An account of Alibaba Cloud's Short Message Service."""

    key: Secret
    """The AccessKey's id; its user needs ``dysms:SendSms`` and ``dysms:QuerySendDetails``."""
    secret: Secret
    """The AccessKey's secret."""
    sign_name: Annotated[str, Field(min_length=1, max_length=64)]
    """The approved signature that messages begin with."""
    parameters: dict[str, TextField] = Field(
        default={
            "change": TextField.CHANGE,
            "subject": TextField.SUBJECT,
            "cause": TextField.CAUSE,
            "ticket": TextField.TICKET,
        }
    )
    """What each variable of the template, by its name, is filled with."""


CONFIGURATION = SinkConfiguration(
    kind="aliyun_sms",
    position=90,
    key="aliyun_sms",
    section=AliyunSms,
    address="https://dysmsapi.aliyuncs.com",
    checks=(check_receivers, check_parameters),
)
