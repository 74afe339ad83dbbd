"""The configuration of a WeCom bot; short, because the three group bots share one section."""

from agent.config.sink_configuration import Bot, SinkConfiguration

CONFIGURATION = SinkConfiguration(
    kind="wecom",
    position=80,
    key="bot",
    section=Bot,
    address="https://qyapi.weixin.qq.com",
)
