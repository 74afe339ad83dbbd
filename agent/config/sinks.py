"""The configuration of the systems that receive tickets."""

from typing import Annotated, Literal

from pydantic import Field

from agent.config.secret import Secret
from agent.config.section import Duration, HttpUrl, Name, Network, Section
from agent.states import Severity, Stage


class Jira(Section):
    """A project of Jira Cloud that gets an issue for each ticket."""

    user: str
    """The mail address of the account whose API token is used."""
    token: Secret
    """The account's API token."""
    project: Name
    """The project's key."""
    issue_type: str = "Task"
    """The type of the issues."""
    labels: list[str] = Field(default=["numwatch"])
    """Labels of every issue; the ticket's id is added, so that it can be found again."""
    priorities: dict[Severity, str] = Field(default={})
    """The priority's name for each severity; none is set for a severity that is not here."""
    restored: str = ""
    """The status, or the transition, an issue goes to when its fault is over; empty leaves it."""
    closed: str = "Done"
    """The status, or the transition, an issue goes to when its ticket is closed."""
    reopened: str = "To Do"
    """The status, or the transition, an issue goes to when its ticket is reopened."""
    resolution: str = ""
    """The resolution set with ``closed``, where the transition's screen asks for one."""


class ServiceNow(Section):
    """A ServiceNow instance that gets an incident for each ticket."""

    user: str
    """The user of the integration."""
    password: Secret
    """The user's password."""
    table: Name = "incident"
    """The table tickets go to."""
    assignment_group: str = ""
    """The group incidents are assigned to."""
    caller: str = ""
    """The caller of every incident."""
    restored: str = "6"
    """The state when the fault is over; 6 is Resolved, empty leaves it."""
    closed: str = ""
    """The state when the ticket is closed; 7 is Closed, empty leaves it as restored."""
    reopened: str = "2"
    """The state when the ticket is reopened; 2 is In Progress."""
    close_code: str = "Solution provided"
    """The resolution code, which ServiceNow asks for when an incident is resolved."""


class Zammad(Section):
    """A Zammad that gets a ticket for each ticket."""

    token: Secret
    """The access token of an agent."""
    group: str = "Users"
    """The group tickets belong to."""
    customer: str
    """The mail address of the customer tickets are opened for; made if there is none."""
    internal: bool = True
    """Whether articles are hidden from the customer."""
    restored: str = ""
    """The state when the fault is over; empty leaves it."""
    closed: str = "closed"
    """The state when the ticket is closed."""
    reopened: str = "open"
    """The state when the ticket is reopened."""


class PagerDuty(Section):
    """A PagerDuty service with an Events API v2 integration."""

    routing_key: Secret
    """The integration key of the service, 32 characters."""


class Bot(Section):
    """A bot of a Feishu, DingTalk or WeCom group."""

    token: Secret
    """What stands behind ``hook/`` (Feishu), ``access_token=`` or ``key=`` in its address."""
    secret: Secret | None = None
    """Signs messages, where the bot asks for signatures (Feishu, DingTalk)."""
    keyword: str = ""
    """A word the bot asks for in every message; it is added."""
    digest_from: Annotated[int, Field(ge=2, le=1000)] = 5
    """So many tickets waiting at once are told in one message instead of one each."""


class Template(Section):
    """How a delivery looks to a system that wants another form (jinja2, in a sandbox).

    ``type``, ``timestamp`` and ``ticket`` (its fields as in the API) can be used in each text.
    """

    path: str = ""
    """What follows the host in the address instead of the path of ``url``; begins with a slash."""
    headers: dict[str, str] = Field(default={})
    """Further headers."""
    body: str = ""
    """The body instead of the usual one."""
    content_type: str = "application/json"
    """The type of ``body``; with ``application/json`` it must come out as JSON."""


class Callback(Section):
    """What the system posts back to ``/hooks/tickets/NAME`` when people work on a ticket."""

    secret: Secret
    """Proves who posts; see docs/sinks.md for how each system uses it."""
    former_secret: Secret | None = None
    """A second secret that still counts while the first is being changed."""
    stages: dict[str, Stage] = Field(default={})
    """The stage each state of the system moves a ticket to; over the usual ones of the kind."""


class Sink(Section):
    """A system that receives tickets."""

    name: Name
    """Its name in metrics and on the command line; unique."""
    kind: Literal[
        "webhook", "jira", "servicenow", "zammad", "pagerduty", "feishu", "dingtalk", "wecom"
    ]
    """``webhook`` is signed JSON by HTTP POST (Standard Webhooks); others have a section below."""
    url: HttpUrl | None = Field(default=None, repr=False)
    """The system's address; ``pagerduty`` and the bots know theirs."""
    secret: Secret | None = None
    """Signs every webhook (Standard Webhooks, ``whsec_`` and base64 of 24 bytes or more)."""
    headers: dict[str, Secret] = Field(default={})
    """Headers sent with every request."""
    template: Template | None = None
    """Another form of the webhook, for any system."""
    jira: Jira | None = None
    """Asked for by the kind ``jira``."""
    servicenow: ServiceNow | None = None
    """Asked for by the kind ``servicenow``."""
    zammad: Zammad | None = None
    """Asked for by the kind ``zammad``."""
    pagerduty: PagerDuty | None = None
    """Asked for by the kind ``pagerduty``."""
    bot: Bot | None = None
    """Asked for by the kinds ``feishu``, ``dingtalk`` and ``wecom``."""
    callback: Callback | None = None
    """Lets the system move our stages; not for ``pagerduty`` and the bots."""
    rate: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Deliveries a minute at most; what the system allows, where it is known."""
    search_lag: Annotated[Duration, Field(le=3600)] = 60.0
    """How long a ticket made there may be missing in the system's search."""
    timeout: Annotated[Duration, Field(gt=0, le=120)] = 15.0
    """The longest one request may take."""
    retry_first: Annotated[Duration, Field(gt=0)] = 5.0
    """The first wait after a failed delivery; each further wait doubles."""
    retry_longest: Annotated[Duration, Field(gt=0)] = 900.0
    """The longest wait between two attempts."""
    give_up_after: Annotated[Duration, Field(gt=0)] = 3 * 86400.0
    """A delivery that failed for this long goes to the dead letters."""
    egress_allow: list[Network] = Field(default=[])
    """Networks in CIDR notation that may be reached although they are private or local."""
    ca_file: str | None = None
    """A PEM file of the authorities to trust for this system instead of the system's."""


SECTION_OF_KIND = {
    "jira": "jira",
    "servicenow": "servicenow",
    "zammad": "zammad",
    "pagerduty": "pagerduty",
    "feishu": "bot",
    "dingtalk": "bot",
    "wecom": "bot",
}
"""The section each kind of sink asks for."""
ADDRESS_OF_KIND = {
    "pagerduty": "https://events.pagerduty.com",
    "feishu": "https://open.feishu.cn",
    "dingtalk": "https://oapi.dingtalk.com",
    "wecom": "https://qyapi.weixin.qq.com",
}
"""Where a kind of sink is found, unless ``url`` says otherwise; other kinds need ``url``."""
CALLBACK_STAGES = (
    *("reported", "accepted", "diagnosing", "carrier_escalated", "dispatched", "on_site"),
    *("restored", "repaired", "closed", "reopened"),
)
"""The stages a ticket system can lead a ticket to."""
CALLBACK_KINDS = ("webhook", "jira", "servicenow", "zammad")
"""Kinds whose systems can post back."""
