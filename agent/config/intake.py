"""The configuration of the inbound webhooks."""

from typing import Annotated, Literal

from pydantic import Field

from agent.config.secret import Secret, Token
from agent.config.section import HttpUrl, Network, Section
from agent.yamlfile.values import Duration


class AlertmanagerIntake(Section):
    """Alerts that an Alertmanager posts to ``/hooks/alertmanager`` (webhook version 4)."""

    enabled: bool = True
    """Whether the hook is open; while it is closed, alerts received before do not count."""
    token: Token | None = None
    """The bearer token that requests must carry; without one, the agent's own token:
    ``web.token``, or the one in ``access.token`` of the data folder."""
    former_token: Token | None = None
    """A second token that is still accepted while the first is being changed."""
    max_body: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 4 * 1024 * 1024
    """Bytes; a larger body is refused with 413."""
    url: HttpUrl | None = Field(default=None, repr=False)
    """Alertmanager's own address; where given, the agent regularly reads the firing alerts."""
    receiver: str = "numwatch"
    """The receiver that posts here; alerts read from ``url`` count only if routed to it."""
    interval: Annotated[Duration, Field(ge=0.1, le=86400)] = 60.0
    """How often the firing alerts are read from Alertmanager."""
    settle: Duration = 300.0
    """How long Alertmanager must be up before an alert it does not list counts as resolved."""
    timeout: Annotated[Duration, Field(gt=0, le=120)] = 10.0
    """The longest one request to Alertmanager may take."""
    headers: dict[str, Secret] = Field(default={})
    """Headers sent with every request, for example ``Authorization``."""
    egress_allow: list[Network] = Field(default=[])
    """Networks in CIDR notation that may be reached although they are private or local."""
    ca_file: str | None = None
    """A PEM file of the authorities to trust for ``url`` instead of the system's."""


class ComplaintIntake(Section):
    """Complaints that a call centre posts to ``/hooks/complaints``."""

    enabled: bool = True
    """Whether the hook is open."""
    secret: Secret | None = None
    """The secret that signs deliveries (Standard Webhooks, ``whsec_`` and base64 of 24 bytes or
    more); without a secret and a token, requests must carry the agent's own token."""
    former_secret: Secret | None = None
    """A second secret that is still accepted while the first is being changed."""
    token: Token | None = None
    """A bearer token for senders that cannot sign."""
    former_token: Token | None = None
    """A second token that is still accepted while the first is being changed."""
    max_body: Annotated[int, Field(ge=1024, le=1024 * 1024)] = 64 * 1024
    """Bytes; a larger body is refused with 413."""
    most_waiting: Annotated[int, Field(ge=1, le=1_000_000)] = 20_000
    """The most unanswered complaints; beyond it senders get 503 and must try again later."""
    template: Literal["staged", "investigation"] = "staged"
    """The deadlines of a complaint: ``staged`` is a reply in 2, verification in 5 and a solution in
    7 working days, ``investigation`` acceptance in 24 hours and an answer in 15 working days."""
    stands: Annotated[Duration, Field(ge=0, le=7 * 86400)] = 1800.0
    """How long a complaint after a repair keeps the ticket open; then polled facts decide."""


class Intake(Section):
    """The webhooks to which other systems post."""

    alertmanager: AlertmanagerIntake = AlertmanagerIntake()
    """Alerts that an Alertmanager posts."""
    complaints: ComplaintIntake = ComplaintIntake()
    """Complaints of callers that a call centre posts."""
