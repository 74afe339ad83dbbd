"""Sections of the configuration for sinks under test."""

from agent.config.sinks import Sink
from tests.sinks.receiver import SECRET

LOOPBACK = ["127.0.0.0/8"]


def webhook_section(url: str, **keys: object) -> Sink:
    """A signed webhook called ``desk``, with ``keys`` over its usual ones."""
    usual = {"name": "desk", "kind": "webhook", "url": url, "egress_allow": LOOPBACK}
    return Sink.model_validate({**usual, "secret": SECRET, **keys}, context={})
