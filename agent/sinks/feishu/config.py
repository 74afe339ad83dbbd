"""The configuration of a Feishu bot; short, because the three group bots share one section."""

from agent.config.sink_configuration import Bot, SinkConfiguration

CONFIGURATION = SinkConfiguration(
    kind="feishu",
    position=60,
    key="bot",
    section=Bot,
    address="https://open.feishu.cn",
)
