"""The configuration as validated settings: every key, its default and its bounds.

The loader (``agent.config.load``) turns a YAML file into :class:`Settings` or a list of errors
with file and line. Durations are seconds here; in YAML they are written ``30s``, ``5m``,
``2h``, ``7d`` or as a bare number of seconds.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agent.config.secret import Secret
from agent.config.values import parse_duration
from agent.states import Capability, Grade, Party

Duration = Annotated[float, BeforeValidator(parse_duration)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Intervals(Section):
    """How often each capability is polled."""

    numbers: Annotated[Duration, Field(ge=0.05)] = 60.0
    routing: Annotated[Duration, Field(ge=0.05)] = 300.0
    reachability: Annotated[Duration, Field(ge=0.05)] = 60.0
    balance: Annotated[Duration, Field(ge=0.05)] = 300.0
    calls: Annotated[Duration, Field(ge=0.05)] = 60.0

    def of(self, capability: Capability) -> float:
        """Seconds between two polls of ``capability``."""
        return float(getattr(self, capability.value))


class Polling(Section):
    """How hard a provider may be asked, and when its silence makes facts stale."""

    intervals: Intervals = Intervals()
    timeout: Annotated[Duration, Field(gt=0, le=3600)] = 30.0
    """The longest one poll of one capability may take, all its requests and retries included."""
    request_timeout: Annotated[Duration, Field(gt=0, le=600)] = 10.0
    """The longest one request may take, from connecting to the last byte."""
    connect_timeout: Annotated[Duration, Field(gt=0, le=60)] = 5.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 3
    """How often one request is tried when it fails in a way that may pass."""
    rate: Annotated[float, Field(gt=0)] = 50.0
    """Requests a second, per account."""
    concurrency: Annotated[int, Field(ge=1, le=256)] = 8
    """Requests under way at once, per account."""
    breaker_failures: Annotated[int, Field(ge=1)] = 5
    """Failed polls in a row after which a capability is only asked again after a pause."""
    breaker_pause: Annotated[Duration, Field(gt=0)] = 300.0
    stale_intervals: Annotated[float, Field(ge=1)] = 3.0
    """Facts older than this many intervals are unknown."""
    max_body: Annotated[int, Field(ge=1024, le=256 * 1024 * 1024)] = 8 * 1024 * 1024
    """The largest decoded answer, in bytes."""
    max_pages: Annotated[int, Field(ge=1, le=100_000)] = 200
    """The most pages one listing may have."""


class Thresholds(Section):
    """Balance lines of an account, in its currency; they override the provider's own."""

    notice: float | None = None
    stop: float | None = None


class Account(Section):
    """One account at a provider."""

    id: Name
    credentials: dict[str, Secret] = {}
    """Whatever the profile asks for (``key``, ``secret``, ``sid``, ``token`` …)."""
    thresholds: Thresholds = Thresholds()
    grade: Grade | None = None
    """The service grade of the account's numbers where the provider tells none."""
    contacts: dict[Party, str] = {}
    polling: Polling | None = None
    """Overrides the provider's polling section as a whole."""


class ProviderSettings(Section):
    """One provider and its accounts."""

    name: Name
    profile: str
    """A bundled profile's name, or the path of a profile's YAML file."""
    base_url: str | None = None
    """Replaces the profile's own address."""
    options: dict[str, str] = {}
    """Values the profile's templates may use."""
    egress_allow: list[str] = []
    """Networks in CIDR notation that may be reached although they are private or local."""
    ca_file: str | None = None
    polling: Polling | None = None
    contacts: dict[Party, str] = {}
    accounts: Annotated[list[Account], Field(min_length=1)]


class Rules(Section):
    """The alert rules the embedded engine evaluates."""

    enabled: bool = True
    files: list[str] = ["alert_rules/*.yml"]
    """Globs, relative to the configuration file; where nothing matches, to the installation."""
    interval: Annotated[Duration, Field(ge=0.05)] = 15.0
    pace: Annotated[float, Field(gt=0)] = 1.0
    """Divides every ``for`` of the rule files; more than 1 only for demonstrations and drills."""


class Tickets(Section):
    """When a ticket is opened, held and closed."""

    enabled: bool = True
    severities: list[Literal["critical", "warning", "info"]] = ["critical", "warning"]
    """An alert of another severity opens no ticket."""
    recovery_polls: Annotated[int, Field(ge=1)] = 2
    """Good polls in a row that must be seen before a fault counts as over."""
    hold: Annotated[Duration, Field(ge=0)] = 120.0
    """How long it must stay over before the ticket is closed."""
    reopen_window: Annotated[Duration, Field(ge=0)] = 1800.0
    """A break of the same thing within this time of closing reopens the ticket."""


class Sink(Section):
    """A system that receives tickets."""

    name: Name
    kind: Literal["webhook"]
    url: str
    secret: Secret | None = None
    """Signs every delivery (Standard Webhooks, ``whsec_`` and base64)."""
    headers: dict[str, Secret] = {}
    timeout: Annotated[Duration, Field(gt=0, le=120)] = 15.0
    retry_first: Annotated[Duration, Field(gt=0)] = 5.0
    """The first wait after a failed delivery; each further wait doubles."""
    retry_longest: Annotated[Duration, Field(gt=0)] = 900.0
    give_up_after: Annotated[Duration, Field(gt=0)] = 3 * 86400.0
    """A delivery that failed for this long goes to the dead letters."""
    egress_allow: list[str] = []


class Contact(Section):
    """Whom to call, by party."""

    name: str = ""
    phone: str = ""
    email: str = ""


class Web(Section):
    """The agent's own pages and endpoints."""

    external_url: str | None = None
    """The address people reach the agent at; tickets link to it."""


class Log(Section):
    """How the agent logs, always to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Metrics(Section):
    """What ``/metrics`` tells."""

    detail: Literal["all", "abnormal"] = "all"
    """``abnormal`` limits number-level series to numbers that are not healthy."""


class Settings(Section):
    """The whole configuration."""

    listen: Annotated[list[str], Field(min_length=1)] = ["127.0.0.1:10400"]
    data_dir: str = "data"
    """Where the ledger is kept; relative to the configuration file."""
    locale: Literal["en", "zh-CN"] = "en"
    timezone: str = "Asia/Shanghai"
    """The zone in which schedules are read."""
    log: Log = Log()
    web: Web = Web()
    metrics: Metrics = Metrics()
    polling: Polling = Polling()
    providers: Annotated[list[ProviderSettings], Field(min_length=1)]
    rules: Rules = Rules()
    tickets: Tickets = Tickets()
    sinks: list[Sink] = []
    contacts: dict[Party, Contact] = {}

    def polling_of(self, provider: ProviderSettings, account: Account) -> Polling:
        """The polling section that holds for one account: its own, the provider's, or ours."""
        return account.polling or provider.polling or self.polling
