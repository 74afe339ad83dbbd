"""The configuration of a DingTalk bot; short, because the three group bots share one section."""

from agent.config.sink_configuration import Bot, SinkConfiguration

CONFIGURATION = SinkConfiguration(
    kind="dingtalk",
    position=70,
    key="bot",
    section=Bot,
    address="https://oapi.dingtalk.com",
)
