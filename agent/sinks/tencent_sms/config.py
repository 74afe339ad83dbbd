"""The configuration of SMS through Tencent Cloud (docs/reference/notification.md §2)."""

from typing import Annotated

from pydantic import Field

from agent.config.notification import TemplateSettings, TextField, check_parameters, check_receivers
from agent.config.secret import Secret
from agent.config.sink_configuration import SinkConfiguration


class TencentSms(TemplateSettings):
    """An application of Tencent Cloud's Short Message Service."""

    secret_id: Secret
    """The API key's id."""
    secret_key: Secret
    """The API key's secret."""
    app_id: Annotated[str, Field(min_length=1, max_length=32)]
    """The application's ``SmsSdkAppId``, in quotes."""
    region: Annotated[str, Field(pattern=r"^[a-z]+-[a-z0-9-]+$", max_length=40)] = "ap-guangzhou"
    """The region that is asked to send."""
    sign_name: Annotated[str, Field(min_length=1, max_length=64)]
    """The approved signature that messages begin with."""
    parameters: list[TextField] = Field(
        default=[TextField.CHANGE, TextField.SUBJECT, TextField.CAUSE, TextField.TICKET]
    )
    """What the template's variables ``{1}``, ``{2}`` … are filled with, in this order."""


CONFIGURATION = SinkConfiguration(
    kind="tencent_sms",
    position=100,
    key="tencent_sms",
    section=TencentSms,
    address="https://sms.tencentcloudapi.com",
    checks=(check_receivers, check_parameters),
)
