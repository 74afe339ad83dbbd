"""The configuration of a PagerDuty sink."""

import re
from collections.abc import Iterator

from agent.config.secret import Secret
from agent.config.section import Section
from agent.config.sink_configuration import SinkConfiguration
from agent.yamlfile.paths import KeyPath, select
from agent.yamlfile.problems import Problem

_ROUTING_KEY = re.compile(r"[A-Za-z0-9]{32}", re.ASCII)


class PagerDuty(Section):
    """A PagerDuty service with an Events API v2 integration."""

    routing_key: Secret
    """The integration key of the service, 32 characters."""


def check_routing_key(path: KeyPath, section: object) -> Iterator[Problem]:
    """Reports an integration key of another length, cut while it was copied."""
    for key_path, key in select(section, "routing_key", at=path):
        text = key.reveal() if isinstance(key, Secret) else key
        if isinstance(text, str) and not _ROUTING_KEY.fullmatch(text):
            yield Problem(key_path, "is not a routing key, expected 32 letters and digits")


CONFIGURATION = SinkConfiguration(
    kind="pagerduty",
    position=50,
    key="pagerduty",
    section=PagerDuty,
    address="https://events.pagerduty.com",
    checks=(check_routing_key,),
)
