"""The section ``web`` of the configuration: pages and endpoints, and who may use them."""

from enum import StrEnum, unique
from typing import Annotated

from pydantic import Field

from agent.config.secret import Secret, Token
from agent.config.section import HeaderName, HostName, HttpUrl, Network, Section
from agent.yamlfile.values import Duration


@unique
class Role(StrEnum):
    """What a person may do; each role includes those before it."""

    VIEWER = "viewer"
    """Reads; phones of people are masked."""
    OPERATOR = "operator"
    """Acts on tickets and complaints, approves configurations, reads phones where needed."""
    ADMINISTRATOR = "administrator"
    """Reloads the configuration, replays deliveries, reads the audit log."""

    def includes(self, least: "Role") -> bool:
        """Whether who has this role may do what ``least`` may."""
        ranks = tuple(Role)
        return ranks.index(self) >= ranks.index(least)


class WebUser(Section):
    """A user who logs in with a name and a password."""

    name: str
    """The name, which is recorded with what the user does; 1 to 128 characters without a colon."""
    password_hash: Secret
    """The password's bcrypt hash, such as ``htpasswd -nBC 10 NAME`` prints."""
    role: Role = Role.VIEWER
    """``viewer`` reads, phones of people masked; ``operator`` also acts on tickets and complaints,
    approves configurations and reads phones where needed; ``administrator`` does everything."""


class TrustedHeaders(Section):
    """Headers in which a trusted proxy names the user whom it has logged in."""

    user: HeaderName = "X-Forwarded-User"
    """The header with the user's name; a request that has it twice has none."""
    groups: HeaderName = "X-Forwarded-Groups"
    """The header with the user's groups, separated by commas."""
    roles: dict[str, Role] = Field(default={}, max_length=1000)
    """The role that each group gives. The best one counts; without any, a user is a viewer."""


class WebQueries(Section):
    """What queries at ``/api/v1`` may take; the rules' own are not limited by it."""

    max_samples: Annotated[int, Field(ge=1000, le=1_000_000_000)] = 2_000_000
    """The most samples one step of a query may read or make."""
    max_label_bytes: Annotated[int, Field(ge=1024, le=64 * 1024**3)] = 16 * 1024 * 1024
    """The most bytes of label values one step may make; a whole answer may have twice as many."""
    timeout: Annotated[Duration, Field(gt=0, le=600)] = 30.0
    """The longest a query may wait and run."""
    concurrency: Annotated[int, Field(ge=1, le=16)] = 2
    """Queries that run at once; one client gets all but one of these places. Read at the start."""


class Web(Section):
    """The agent's own pages and endpoints."""

    external_url: HttpUrl | None = None
    """The address people reach the agent at; tickets link to it, and alerts to its runbooks."""
    token: Token | None = None
    """The token of the agent, whose holder is an administrator, as bearer token or as password of
    any user name; without it the agent makes one at its first start, in ``access.token`` of the
    data folder."""
    users: list[WebUser] = Field(default=[], max_length=1000)
    """Users with a role. With any user here or in ``basic_auth_users``, reading needs a login; the
    token is a login, too; ``/-/healthy``, ``/-/ready`` and webhooks need none."""
    basic_auth_users: dict[str, Secret] = Field(default={})
    """Users with the role ``viewer``, by name with a bcrypt hash of the password."""
    config_file: str | None = None
    """A ``web.config.yml`` of Prometheus' exporter-toolkit: TLS, and ``basic_auth_users``, who are
    viewers. It is read again whenever it or a file that it names changes; a key that is not
    supported is refused. ``docs/security.md`` has the keys."""
    allow_open_listen: bool = False
    """Whether ``listen`` may name addresses that other machines reach without ``token``, and
    without TLS and users."""
    hosts: list[HostName] = Field(default=[])
    """Further names by which people and tools reach the agent, without a port; a request whose
    Host header has another name than these, localhost, an address of ``listen`` or the host of
    ``external_url`` is refused."""
    trusted_proxies: list[Network] = Field(default=[])
    """Networks of reverse proxies whose ``X-Forwarded-For`` is believed: limits then count by the
    client and not by the proxy. It lets nobody in but with ``trusted_headers``."""
    trusted_headers: TrustedHeaders | None = None
    """Believes the users that ``trusted_proxies`` name, as behind a proxy that logs people in by
    OpenID Connect. From any other address these headers mean nothing. Reading needs a login then.
    """
    audit_keep: Annotated[Duration, Field(ge=86_400)] = 400 * 86_400.0
    """How long entries of the audit log are kept; older ones are deleted with each new one."""
    queries: WebQueries = WebQueries()
    """What queries at ``/api/v1`` may take; the rules' own are not limited by it."""

    @property
    def reading_needs_login(self) -> bool:
        """Whether whoever reads has to be known."""
        return bool(self.users or self.basic_auth_users) or self.trusted_headers is not None

    def logins(self) -> dict[str, WebUser]:
        """Everybody who has a password here, by name."""
        viewers = (
            WebUser(name=name, password_hash=hashed, role=Role.VIEWER)
            for name, hashed in self.basic_auth_users.items()
        )
        return {user.name: user for user in (*viewers, *self.users)}
