"""The configuration of a Zammad sink."""

from agent.config.secret import Secret
from agent.config.section import Section
from agent.config.sink_configuration import CallbackSignature, SinkConfiguration


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


CONFIGURATION = SinkConfiguration(
    kind="zammad",
    position=40,
    key="zammad",
    section=Zammad,
    callback=CallbackSignature.BODY_HMAC,
)
