"""The configuration of the history that plots and forecasts are drawn from.

What it costs on disk is in ``docs/history.md``: about 16 bytes for every result that a number's
calls had in an hour, 20 for every change of its reachable phones, and nothing where nothing
happens.
"""

from typing import Annotated, Final

from pydantic import Field

from agent.config.secret import Secret
from agent.config.section import HttpUrl, Network, Section
from agent.yamlfile.values import Duration

_DAY: Final = 86_400
LEAST_KEPT: Final = _DAY
"""Seconds; the page of an account shows a day at least, and a forecast needs three of them, with
less it is unknown."""
MOST_KEPT: Final = 3660 * _DAY
"""Seconds: ten years."""
LOCAL_NETWORKS: Final = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),
    *("::1/128", "fc00::/7"),
)
"""Where a Prometheus usually is."""


class History(Section):
    """What is kept by the hour: balances, reachable phones, calls by result, open tickets."""

    enabled: bool = True
    """Whether the agent keeps it, in ``history.db`` of the data folder. Read at the start."""
    keep: Annotated[Duration, Field(ge=LEAST_KEPT, le=MOST_KEPT)] = 400.0 * _DAY
    """How long it is kept; older hours are deleted within a day. Plots and forecasts reach
    back no further; nothing else depends on it: tickets, evidence and statistics do not."""


class PrometheusServer(Section):
    """A Prometheus that scrapes this agent: plots and forecasts are read from it where it is set.

    It has what it has scraped: with ``metrics.detail: abnormal`` healthy numbers are gaps.
    """

    url: HttpUrl | None = None
    """Its address, up to and without ``/api/v1``. Read at the start."""
    token: Secret | None = None
    """The bearer token to send, where it wants one."""
    timeout: Annotated[Duration, Field(gt=0, le=60)] = 10.0
    """The longest a query may take."""
    egress_allow: list[Network] = Field(default=list(LOCAL_NETWORKS))
    """Networks in CIDR notation in which it may be, beside all public addresses."""
    ca_file: str | None = None
    """A PEM file of the authorities to trust for it instead of the system's."""
