"""The configuration of a ServiceNow sink."""

from agent.config.secret import Secret
from agent.config.section import Section
from agent.config.sink_configuration import CallbackSignature, SinkConfiguration
from agent.yamlfile.values import Name


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


CONFIGURATION = SinkConfiguration(
    kind="servicenow",
    position=30,
    key="servicenow",
    section=ServiceNow,
    callback=CallbackSignature.STANDARD_WEBHOOKS,
)
