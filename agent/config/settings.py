"""The configuration as validated settings: every key, its default and its bounds.

The loader (``agent.config.load``) turns a YAML file into :class:`Settings` or a list of errors
with file and line. Durations are seconds here; in YAML they are ``30s``, ``5m``,
``2h``, ``7d`` or as a bare number of seconds. The text below each key is its description in
``docs/configuration.md`` and in the JSON Schema.
"""

from typing import Annotated, Literal

from pydantic import Field

from agent.config.customers import Command, Customers
from agent.config.dial import Dial
from agent.config.dispatch import Dispatch
from agent.config.drift import Drift
from agent.config.history import History, PrometheusServer
from agent.config.inspections import Inspections
from agent.config.intake import AlertmanagerIntake, ComplaintIntake, Intake
from agent.config.inventory.inventory import Inventory
from agent.config.inventory.section import InventorySection
from agent.config.lints import HolidayCalendar, Lints
from agent.config.marking import MarkingSource
from agent.config.on_call import OnCall
from agent.config.pace import Intervals, Polling
from agent.config.privacy import Privacy
from agent.config.pushes import Pushes
from agent.config.reports import Reports
from agent.config.secret import Secret
from agent.config.section import HttpUrl, ListenAddress, Network, Section, Zone
from agent.config.service import ConfirmationOfRepair, ServiceLevels
from agent.config.sinks import Sink
from agent.config.store import Store
from agent.config.web import Web
from agent.states import Grade, NumberState, Party
from agent.yamlfile.values import Duration, Name

__all__ = [
    "Account",
    "AlertmanagerIntake",
    "ComplaintIntake",
    "Contact",
    "Duration",
    "Intake",
    "Intervals",
    "Log",
    "Metrics",
    "Name",
    "Polling",
    "ProviderSettings",
    "Rules",
    "Section",
    "Settings",
    "Sink",
    "Thresholds",
    "Tickets",
    "Web",
]


class Lifecycle(Section):
    """How long a number may stay in a temporary state before the provider takes it back.

    Providers differ from three days to six months, so nothing is assumed. Where the provider
    itself reports when it takes a number back, that counts.
    """

    reclaimed_after: dict[NumberState, Duration] = Field(default={})
    """The time in a state (``suspended_arrears``, ``frozen``, ``open_unfunded``, ``preoccupied``
    …) after which a number is taken back, counted from when the agent saw the state begin."""


class Evidence(Section):
    """Evidence of faults: whether it is kept, and for how long."""

    enabled: bool = True
    """Whether providers' answers and the series are kept when a ticket opens and recovers."""
    keep: Annotated[Duration, Field(ge=86_400)] = 400 * 86_400.0
    """How long evidence is kept; older evidence is deleted once a day."""
    issuing_unit: str = ""
    """The issuer on confirmation sheets: your company's or department's name."""


class Reachability(Section):
    """When call records say that a bound phone cannot be reached.

    They are used only for phones of which the provider itself reports no state.
    """

    streak: Annotated[int, Field(ge=1, le=8)] = 3
    """Calls in a row that must have failed the same way."""
    window: Annotated[Duration, Field(ge=60)] = 1800.0
    """Older records count no more."""


class Thresholds(Section):
    """Balance thresholds of an account, in its currency; they override the provider's own."""

    notice: float | None = None
    """Below this balance a warning is given."""
    stop: float | None = None
    """Below this balance the provider suspends the account's numbers; at most ``notice``."""


class Account(Section):
    """One account at a provider."""

    id: Name
    """Its name in metrics, tickets and on the command line; unique within the provider."""
    credentials: dict[str, Secret] = Field(default={})
    """Whatever the profile asks for (``key``, ``secret``, ``sid``, ``token`` …)."""
    thresholds: Thresholds = Thresholds()
    """Balance thresholds that override the provider's own."""
    grade: Grade | None = None
    """The service grade of the account's numbers where the provider reports none."""
    contacts: dict[Party, str] = Field(default={})
    """Whom to call about this account, by party; takes precedence over the provider's contacts."""
    polling: Polling | None = None
    """Overrides, key by key, the provider's polling section."""
    daily_budget: Annotated[float, Field(ge=0, le=1_000_000_000)] = 0.0
    """What requests that cost money (``cost`` in the profile) may cost in a day of UTC+8, in the
    currency of the profile's costs; without it none of them is sent."""
    marking: MarkingSource | None = None
    """Where it is asked whether people have marked the account's numbers as a nuisance."""
    inventory: InventorySection = InventorySection()
    """The account's numbers and their phones, where its provider does not list them."""
    pushes: Pushes = Pushes()
    """What its provider posts to the agent, where the profile describes that."""

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Everything of the account that must never be shown."""
        marking = self.marking
        of_marking = () if marking is None else (marking.secret_id, marking.secret_key)
        of_pushes = (self.pushes.secret, self.pushes.former_secret)
        return (*self.credentials.values(), *of_marking, *filter(None, of_pushes))


class ProviderSettings(Section):
    """One provider and its accounts."""

    name: Name
    """Its name in metrics, tickets and on the command line; unique."""
    profile: str
    """The name of a bundled profile or native adapter, or the path of a profile's YAML file."""
    base_url: HttpUrl | None = None
    """Replaces the profile's own address."""
    options: dict[str, str] = Field(default={})
    """Values the profile's templates may use, or the options of the native adapter."""
    egress_allow: list[Network] = Field(default=[])
    """Networks in CIDR notation that may be reached although they are private or local."""
    ca_file: str | None = None
    """A PEM file of the authorities to trust for this provider instead of the system's."""
    polling: Polling | None = None
    """Overrides, key by key, the top-level polling section."""
    lifecycle: Lifecycle = Lifecycle()
    """How long a number may stay in a temporary state before the provider takes it back."""
    thresholds: Thresholds = Thresholds()
    """Balance thresholds of its accounts, unless an account has its own."""
    contacts: dict[Party, str] = Field(default={})
    """Whom to call about this provider, by party; takes precedence over the top-level contacts."""
    accounts: Annotated[list[Account], Field(min_length=1)]
    """The accounts to poll; at least one."""


class Rules(Section):
    """The alert rules the embedded engine evaluates."""

    enabled: bool = True
    """Whether the agent evaluates rules itself; off where Prometheus does it."""
    files: list[str] = Field(default=["alert_rules/*.yml"])
    """Globs, relative to the configuration file; where nothing matches, to the installation."""
    interval: Annotated[Duration, Field(ge=0.05)] = 15.0
    """How often rules are evaluated, where their group does not say."""
    history: Annotated[Duration, Field(ge=0, le=86_400)] = 300.0
    """How much history is kept for queries; rules always have what they look back to."""
    pace: Annotated[float, Field(gt=0, le=1000)] = 1.0
    """Divides every ``for`` of the rule files; more than 1 only for demonstrations and drills."""


class Tickets(Section):
    """When a ticket is opened, held and closed."""

    enabled: bool = True
    """Whether alerts open tickets."""
    severities: list[Literal["critical", "warning", "info"]] = Field(
        default=["critical", "warning"]
    )
    """An alert of another severity opens no ticket."""
    recovery_polls: Annotated[int, Field(ge=1, le=1000)] = 2
    """Good polls in a row that must be seen before a fault counts as over."""
    hold: Duration = 120.0
    """How long a fault must stay over before its ticket is closed."""
    reopen_window: Duration = 1800.0
    """A fault of the same subject within this time after closing reopens the ticket."""
    sla: ServiceLevels = ServiceLevels()
    """Clocks by grade, what pauses them, and who is notified when they run out."""
    confirmation: ConfirmationOfRepair = ConfirmationOfRepair()
    """Which tickets are closed only after the customer has confirmed the repair."""
    reconcile: Annotated[Duration, Field(gt=0)] = 300.0
    """How often the status of our tickets is read from the ticket systems."""
    gone_after: Duration = 86400.0
    """The time after which a ticket is closed because its subject is gone: a number no longer
    listed, an account no longer configured."""
    common_cause_numbers: Annotated[int, Field(ge=2)] = 3
    """The number of numbers failing alike from which they are one fault with one ticket."""
    common_cause_window: Annotated[Duration, Field(gt=0)] = 1800.0
    """The time within which they must fail."""
    max_open: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    """The most open tickets about single numbers and phones of one account; further faults wait
    until one of them is closed."""


class Contact(Section):
    """Someone to call about faults."""

    name: str = ""
    """A person, a team or a company."""
    phone: str = ""
    """In quotes, so that a leading zero is kept."""
    email: str = ""
    """The e-mail address."""


class Log(Section):
    """How the agent logs, always to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important lines that are still written."""
    format: Literal["json", "console"] = "json"
    """``json`` writes one JSON object a line, ``console`` is for people."""


class Metrics(Section):
    """What ``/metrics`` exposes."""

    detail: Literal["all", "abnormal"] = "all"
    """``abnormal`` limits number-level series to numbers that are not healthy."""


class Settings(Section):
    """The whole configuration."""

    listen: list[ListenAddress] = Field(default=["127.0.0.1:10400"], min_length=1)
    """Addresses to serve on, each ``HOST:PORT``; port 0 takes a free one."""
    data_dir: str = "data"
    """The folder of the ledger; relative to the configuration file."""
    store: Store = Store()
    """Where tickets, timeline, outbox and states are stored; by default in ``data_dir``."""
    locale: Literal["en", "zh-CN"] = "en"
    """The language of tickets and messages."""
    timezone: Zone = "Asia/Shanghai"
    """The zone in which schedules are read."""
    log: Log = Log()
    """How the agent logs, always to standard error."""
    web: Web = Web()
    """The agent's own pages and endpoints."""
    metrics: Metrics = Metrics()
    """What ``/metrics`` exposes."""
    polling: Polling = Polling()
    """How often and how hard providers are polled; providers and accounts may override it."""
    providers: Annotated[list[ProviderSettings], Field(min_length=1)]
    """The providers to poll; at least one."""
    rules: Rules = Rules()
    """The alert rules the embedded engine evaluates."""
    evidence: Evidence = Evidence()
    """Evidence of faults: whether it is kept, and for how long."""
    reports: Reports = Reports()
    """Fault statistics and other reports of a month or a quarter."""
    history: History = History()
    """What is kept by the hour: balances, reachable phones, calls by result, open tickets."""
    prometheus: PrometheusServer = PrometheusServer()
    """A Prometheus that scrapes this agent, to read the history from instead."""
    privacy: Privacy = Privacy()
    """How long data about people is kept, by kind."""
    reachability: Reachability = Reachability()
    """When call records say that a bound phone cannot be reached."""
    drift: Drift = Drift()
    """Drift of configurations: where approved ones are declared, and when changes are planned."""
    calendar: HolidayCalendar = HolidayCalendar()
    """Holidays and adjusted workdays, over those that are known nationally."""
    dial: Dial = Dial()
    """Test calls: who may call, when and how often, and what is recognized (``numwatch dial``)."""
    lints: Lints = Lints()
    """Lints: known mistakes in the configuration of numbers (``numwatch lint``)."""
    tickets: Tickets = Tickets()
    """When a ticket is opened, held and closed."""
    sinks: list[Sink] = Field(default=[])
    """The systems that receive tickets."""
    on_call: OnCall | None = None
    """Who is told by phone of tickets that nobody has accepted: rota, ladder and quiet hours."""
    customers: Customers = Customers()
    """Telling the customers behind a fault of it, and of its end, before they complain."""
    command: Command = Command()
    """Who commands a severe fault and who watches a city's."""
    dispatch: Dispatch = Dispatch()
    """How the work on tickets is followed up: nudges, appointments, conduct on site."""
    inspections: Inspections = Inspections()
    """Routine inspections, and what is checked before a number is taken over."""
    intake: Intake = Intake()
    """The webhooks to which other systems post."""
    contacts: dict[Party, Contact] = Field(default={})
    """Whom to call, by party."""
    carrier_contacts: dict[str, str] = Field(default={})
    """Whom to call at a carrier (``unicom``, ``telecom``, ``mobile`` …); takes precedence over all
    but a number's own contacts where a base carrier or a bound phone's carrier must act."""
    number_contacts: dict[str, dict[Party, str]] = Field(default={})
    """Whom to call about one number, by party; takes precedence over all other contacts."""

    def inventory_of(self, provider: str, account: str) -> Inventory:
        """The inventory of an account; an empty one where it has none or is not configured."""
        for configured in self.providers:
            for each in configured.accounts:
                if (configured.name, each.id) == (provider, account):
                    return each.inventory.content
        return Inventory()

    def polling_of(self, provider: ProviderSettings, account: Account) -> Polling:
        """The polling section that holds for one account.

        Merged key by key, ``intervals`` too: the account's own keys, over the provider's,
        over the top level's.
        """
        merged = self.polling
        for section in (provider.polling, account.polling):
            if section is not None:
                merged = section.over(merged)
        return merged
