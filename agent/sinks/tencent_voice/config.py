"""The configuration of calls through Tencent Cloud (docs/reference/notification.md §4)."""

from typing import Annotated

from pydantic import Field

from agent.config.notification import CallSettings, TextField, check_parameters, check_receivers
from agent.config.secret import Secret
from agent.config.sink_configuration import SinkConfiguration


class TencentVoice(CallSettings):
    """An application of Tencent Cloud's Voice Message Service."""

    secret_id: Secret
    """The API key's id."""
    secret_key: Secret
    """The API key's secret."""
    app_id: Annotated[str, Field(min_length=1, max_length=32)]
    """The application's ``VoiceSdkAppid``, in quotes."""
    parameters: list[TextField] = Field(
        default=[TextField.CHANGE, TextField.SUBJECT, TextField.CAUSE]
    )
    """What the template's variables ``{1}``, ``{2}`` … are filled with, in this order."""


CONFIGURATION = SinkConfiguration(
    kind="tencent_voice",
    position=130,
    key="tencent_voice",
    section=TencentVoice,
    address="https://vms.tencentcloudapi.com",
    checks=(check_receivers, check_parameters),
)
