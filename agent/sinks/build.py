"""Sinks from the configuration."""

import time
from collections.abc import Callable, Iterable, Mapping

from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import Sink
from agent.sinks.chat import ChatSink
from agent.sinks.context import SinkContext
from agent.sinks.dingtalk.bot import DingTalkBot
from agent.sinks.feishu.bot import FeishuBot
from agent.sinks.jira.sink import jira_sink
from agent.sinks.pagerduty.sink import PagerDutySink
from agent.sinks.servicenow.sink import servicenow_sink
from agent.sinks.webhook.sink import WebhookSink
from agent.sinks.wecom.bot import WeComBot
from agent.sinks.zammad.sink import zammad_sink


def _feishu(settings: SinkSettings, around: SinkContext) -> Sink:
    assert settings.bot is not None
    return ChatSink(settings, FeishuBot(settings.bot, around.writer.locale), around)


def _dingtalk(settings: SinkSettings, around: SinkContext) -> Sink:
    assert settings.bot is not None
    return ChatSink(settings, DingTalkBot(settings.bot), around)


def _wecom(settings: SinkSettings, around: SinkContext) -> Sink:
    assert settings.bot is not None
    return ChatSink(settings, WeComBot(settings.bot), around)


_KINDS: Mapping[str, Callable[[SinkSettings, SinkContext], Sink]] = {
    "webhook": WebhookSink,
    "jira": jira_sink,
    "servicenow": servicenow_sink,
    "zammad": zammad_sink,
    "pagerduty": PagerDutySink,
    "feishu": _feishu,
    "dingtalk": _dingtalk,
    "wecom": _wecom,
}


def build_sinks(
    settings: Iterable[SinkSettings],
    clock: Callable[[], float] = time.time,
    around: SinkContext | None = None,
) -> list[Sink]:
    """A sink for each section. Call it inside a running event loop.

    Raises:
        ValueError: when a secret or a network of a section is malformed, or a sink that makes
            tickets is given no ledger.
        OSError: when an authorities' file cannot be read.
    """
    given = around or SinkContext(clock=clock)
    return [_KINDS[one.kind](one, given) for one in settings]
