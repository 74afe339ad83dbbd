"""Sinks from the configuration."""

import time
from collections.abc import Callable, Iterable

from agent.config.settings import Sink as SinkSettings
from agent.sinks.base import Sink
from agent.sinks.webhook import WebhookSink


def build_sinks(
    settings: Iterable[SinkSettings], clock: Callable[[], float] = time.time
) -> list[Sink]:
    """A sink for each section. Call it inside a running event loop.

    Raises:
        ValueError: when a secret or a network of a section is malformed.
    """
    return [WebhookSink(one, clock) for one in settings]
