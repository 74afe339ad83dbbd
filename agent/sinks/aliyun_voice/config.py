"""The configuration of calls through Alibaba Cloud (docs/reference/notification.md §3)."""

from typing import Annotated

from pydantic import Field

from agent.config.notification import CallSettings, TextField, check_parameters, check_receivers
from agent.config.secret import Secret
from agent.config.sink_configuration import SinkConfiguration


class AliyunVoice(CallSettings):
    """An account of Alibaba Cloud's Voice Messaging Service."""

    key: Secret
    """The AccessKey's id; its user needs ``dyvms:SingleCallByTts`` and
    ``dyvms:QueryCallDetailByCallId``."""
    secret: Secret
    """The AccessKey's secret."""
    show_number: Annotated[str, Field(max_length=20, pattern=r"^\d*$")] = ""
    """The number that is shown to who is called; without it one of the provider's."""
    parameters: dict[str, TextField] = Field(
        default={
            "change": TextField.CHANGE,
            "subject": TextField.SUBJECT,
            "cause": TextField.CAUSE,
        }
    )
    """What each variable of the template, by its name, is filled with."""


CONFIGURATION = SinkConfiguration(
    kind="aliyun_voice",
    position=120,
    key="aliyun_voice",
    section=AliyunVoice,
    address="https://dyvmsapi.aliyuncs.com",
    checks=(check_receivers, check_parameters),
)
