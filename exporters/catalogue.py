"""The table behind the catalogue: one row per family, in the order of the metrics page.

A HELP text says where the value comes from, because that is what a reader of a graph asks
first. Labels never carry callers or full bound phone numbers.
"""

from typing import Literal, NamedTuple

Kind = Literal["gauge", "counter", "histogram", "info"]


POLL_FAILURE_REASONS: tuple[str, ...] = (
    "timeout",
    "dns",
    "connect",
    "tls",
    "tls_expired",
    "redirect",
    "too_large",
    "encoding",
    "charset",
    "decode",
    "schema",
    "api_error",
    "auth",
    "rate_limited",
    "http_4xx",
    "http_5xx",
    "pagination",
    "partial",
    "egress_denied",
    "cancelled",
)
"""Why a poll can fail: the values of ``reason`` (contracts.md, States)."""


class Row(NamedTuple):
    """One family as the table writes it."""

    name: str
    kind: Kind
    unit: str
    labels: str
    help: str


_ACCOUNT = "provider account"
_NUMBER = "provider account number"
_POLL = "provider account capability"

SERIES: tuple[Row, ...] = (
    Row(
        "numwatch_provider_up",
        "gauge",
        "",
        _ACCOUNT,
        "Whether the newest poll of the account's number listing succeeded at the provider's API.",
    ),
    Row(
        "numwatch_poll_last_success_timestamp_seconds",
        "gauge",
        "seconds",
        _POLL,
        "When the provider's API last gave a complete, well-formed answer for the capability;"
        " values on this page are as old as that, because polling runs beside scraping.",
    ),
    Row(
        "numwatch_poll_interval_seconds",
        "gauge",
        "seconds",
        _POLL,
        "The configured time between two polls of the capability.",
    ),
    Row(
        "numwatch_account_balance",
        "gauge",
        "",
        "provider account currency",
        "What is left on the account as the provider's balance answer tells it, in units of the"
        " currency label.",
    ),
    Row(
        "numwatch_account_balance_threshold",
        "gauge",
        "",
        "provider account currency kind",
        "The balance at which the provider warns (notice) or suspends numbers (stop): from the"
        " provider's balance answer, unless the configuration sets its own.",
    ),
    Row(
        "numwatch_account_runway_seconds",
        "gauge",
        "seconds",
        _ACCOUNT,
        "How long the balance lasts above the stop line at the present spend; absent when the"
        " spend is not known.",
    ),
    Row(
        "numwatch_account_month_spend",
        "gauge",
        "",
        "provider account currency",
        "What the account has spent this month as the provider's balance answer tells it.",
    ),
    Row(
        "numwatch_account_spend_cap",
        "gauge",
        "",
        "provider account currency",
        "The monthly spend at which the provider stops calls; absent where no cap is set.",
    ),
    Row(
        "numwatch_account_numbers",
        "gauge",
        "",
        "provider account state",
        "How many numbers of the account the provider's listing shows in the business state.",
    ),
    Row(
        "numwatch_account_numbers_gone",
        "gauge",
        "",
        _ACCOUNT,
        "How many numbers, once listed, were missing from two complete listings in a row.",
    ),
    Row(
        "numwatch_number_info",
        "info",
        "",
        "provider account number carrier grade",
        "What the provider's listing tells of the number that rarely changes: base carrier and"
        " service grade.",
    ),
    Row(
        "numwatch_number_up",
        "gauge",
        "",
        _NUMBER,
        "Whether the number can take calls by its business state, network state and bound phones;"
        " absent when not known.",
    ),
    Row(
        "numwatch_number_state",
        "gauge",
        "",
        "provider account number state",
        "1 for the business state the provider's listing shows the number in.",
    ),
    Row(
        "numwatch_number_network_state",
        "gauge",
        "",
        "provider account number state",
        "1 for the state the provider's listing shows the number in within the carrier's"
        " intelligent network.",
    ),
    Row(
        "numwatch_number_bindings",
        "gauge",
        "",
        _NUMBER,
        "How many phones the provider shows bound behind the number.",
    ),
    Row(
        "numwatch_number_bindings_reachable",
        "gauge",
        "",
        _NUMBER,
        "How many of the bound phones the provider shows as reachable; a busy phone is reachable.",
    ),
    Row(
        "numwatch_number_realname_ok",
        "gauge",
        "",
        _NUMBER,
        "Whether the provider's listing shows the real-name registration of the number as valid;"
        " absent when it does not tell.",
    ),
    Row(
        "numwatch_number_contract_expiry_timestamp_seconds",
        "gauge",
        "seconds",
        _NUMBER,
        "When the contract of the number ends, from the provider's listing.",
    ),
    Row(
        "numwatch_number_reclaim_timestamp_seconds",
        "gauge",
        "seconds",
        _NUMBER,
        "When the provider takes the number back, from its listing; absent unless announced.",
    ),
    Row(
        "numwatch_number_illegal_transition_timestamp_seconds",
        "gauge",
        "seconds",
        "provider account number from to",
        "When two listings in a row showed the number change between two states that its"
        " lifecycle does not join.",
    ),
    Row(
        "numwatch_binding_state",
        "gauge",
        "",
        "provider account number binding state",
        "1 for the state the provider shows the bound phone in.",
    ),
    Row(
        "numwatch_binding_reachable",
        "gauge",
        "",
        "provider account number binding",
        "Whether the provider shows the bound phone as reachable (a busy phone is); absent when"
        " not known.",
    ),
    Row(
        "numwatch_number_config_drift",
        "gauge",
        "",
        "provider account number section",
        "Whether the section of the number's routing at the provider differs from the approved"
        " baseline.",
    ),
    Row(
        "numwatch_number_lint_findings",
        "gauge",
        "",
        "provider account number severity",
        "How many findings the configuration lints have on the number's routing at the provider.",
    ),
    Row(
        "numwatch_number_calls_total",
        "counter",
        "",
        "provider account number result",
        "Calls in the provider's call records since the agent first polled the account, by how"
        " they ended.",
    ),
    Row(
        "numwatch_tickets",
        "gauge",
        "",
        "stage severity",
        "Tickets in the ledger that are not closed, by stage.",
    ),
    Row(
        "numwatch_ticket_sla_deadline_timestamp_seconds",
        "gauge",
        "seconds",
        "ticket grade clock",
        "When the running clock of an open ticket passes its limit.",
    ),
)

TELEMETRY: tuple[Row, ...] = (
    Row(
        "numwatch_poll_duration_seconds",
        "histogram",
        "seconds",
        "provider capability",
        "How long polls of the provider's API took, all requests and retries included.",
    ),
    Row(
        "numwatch_poll_attempts_total",
        "counter",
        "",
        _POLL,
        "Polls of the provider's API that were begun.",
    ),
    Row(
        "numwatch_poll_failures_total",
        "counter",
        "",
        _POLL + " reason",
        "Polls of the provider's API that failed, by reason.",
    ),
    Row(
        "numwatch_records_invalid_total",
        "counter",
        "",
        _POLL,
        "Records in the provider's answers that were skipped because they did not fit the"
        " profile's description.",
    ),
    Row(
        "numwatch_values_unmapped_total",
        "counter",
        "",
        "provider account field",
        "Values in the provider's answers that the profile maps onto nothing; they count as"
        " unknown.",
    ),
    Row(
        "numwatch_provider_clock_skew_seconds",
        "gauge",
        "seconds",
        _ACCOUNT,
        "The Date of the provider's newest answer minus the agent's own time.",
    ),
    Row(
        "numwatch_complaints_total",
        "counter",
        "",
        _NUMBER,
        "Complaints received that name the number.",
    ),
    Row(
        "numwatch_sink_deliveries_total",
        "counter",
        "",
        "sink",
        "Attempts to deliver a ticket change to the sink.",
    ),
    Row(
        "numwatch_sink_failures_total",
        "counter",
        "",
        "sink reason",
        "Attempts to deliver a ticket change to the sink that failed, by reason.",
    ),
    Row(
        "numwatch_outbox_oldest_timestamp_seconds",
        "gauge",
        "seconds",
        "sink",
        "When the oldest undelivered ticket change for the sink was written; 0 when none waits.",
    ),
    Row(
        "numwatch_outbox_pending",
        "gauge",
        "",
        "sink",
        "Ticket changes that wait for delivery to the sink.",
    ),
    Row(
        "numwatch_dead_letters",
        "gauge",
        "",
        "sink",
        "Ticket changes whose delivery to the sink was given up.",
    ),
    Row(
        "numwatch_config_last_reload_successful",
        "gauge",
        "",
        "",
        "Whether the newest attempt to load the configuration succeeded.",
    ),
    Row(
        "numwatch_config_last_reload_success_timestamp_seconds",
        "gauge",
        "seconds",
        "",
        "When the configuration in use was loaded.",
    ),
    Row(
        "numwatch_rule_evaluation_duration_seconds",
        "histogram",
        "seconds",
        "group",
        "How long one evaluation of the rule group took.",
    ),
    Row(
        "numwatch_rule_group_iterations_missed_total",
        "counter",
        "",
        "group",
        "Evaluations of the rule group that were skipped because the one before was not done.",
    ),
    Row(
        "numwatch_event_loop_lag_seconds",
        "histogram",
        "seconds",
        "",
        "How late the agent's event loop woke up from a short sleep.",
    ),
    Row(
        "numwatch_event_loop_lag_max_seconds",
        "gauge",
        "seconds",
        "",
        "The latest the agent's event loop ever woke up since the agent started.",
    ),
    Row(
        "numwatch_scrape_errors_total",
        "counter",
        "",
        "",
        "Parts of a metrics page that were left out because rendering them failed.",
    ),
    Row(
        "numwatch_build_info",
        "info",
        "",
        "version python",
        "The running numwatch and the Python it runs on.",
    ),
)
