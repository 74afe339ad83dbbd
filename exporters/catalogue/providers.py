"""Families of what the providers report, published as blocks."""

from exporters.catalogue import ACCOUNT, NUMBER, POLL, Row

SERIES: tuple[Row, ...] = (
    Row(
        "numwatch_provider_up",
        "gauge",
        "",
        ACCOUNT,
        "Whether the newest poll of the account's number listing succeeded at the provider's API.",
    ),
    Row(
        "numwatch_poll_last_success_timestamp_seconds",
        "gauge",
        "seconds",
        POLL,
        "When the provider's API last gave a complete, well-formed answer for the capability;"
        " values on this page are as old as that, because polling runs beside scraping.",
    ),
    Row(
        "numwatch_poll_interval_seconds",
        "gauge",
        "seconds",
        POLL,
        "The configured time between two polls of the capability.",
    ),
    Row(
        "numwatch_account_balance",
        "gauge",
        "",
        "provider account currency",
        "What is left on the account by the provider's balance answer, in units of the currency"
        " label.",
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
        ACCOUNT,
        "How long the balance lasts above the stop line at the present spend; absent when the"
        " spend is not known.",
    ),
    Row(
        "numwatch_account_month_spend",
        "gauge",
        "",
        "provider account currency",
        "What the account has spent this month by the provider's balance answer.",
    ),
    Row(
        "numwatch_account_spend_cap",
        "gauge",
        "",
        "provider account currency",
        "The monthly spend at which the provider stops calls; absent where no cap is set.",
    ),
    Row(
        "numwatch_account_spend_last_hour",
        "gauge",
        "",
        "provider account currency",
        "What the account spent in the last hour by the provider's balance answers, without the two"
        " largest steps, which may be fees; absent before enough hours are known.",
    ),
    Row(
        "numwatch_account_spend_last_hour_explained",
        "gauge",
        "",
        "provider account currency",
        "The most that so many calls as the call records have usually cost in an hour, and small"
        " sums; absent before enough hours are known.",
    ),
    Row(
        "numwatch_account_over_limit",
        "gauge",
        "",
        "provider account limit",
        "1 while the account has more than it may have: limit is the capability whose newest answer"
        " was refused for that, or tickets.",
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
        ACCOUNT,
        "How many numbers, once listed, were missing from two complete listings in a row.",
    ),
    Row(
        "numwatch_number_info",
        "info",
        "",
        "provider account number carrier grade",
        "Facts of the number in the provider's listing that rarely change: base carrier and service"
        " grade.",
    ),
    Row(
        "numwatch_number_up",
        "gauge",
        "",
        NUMBER,
        "Whether the number can take calls by its business state and its network state;"
        " absent when not known.",
    ),
    Row(
        "numwatch_number_health",
        "gauge",
        "",
        f"{NUMBER} health",
        "1 for the number's present health (ok, degraded, down, unknown, not_opened) by its states,"
        " its phones, its calls and its open tickets; docs/health.md has the rule.",
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
        NUMBER,
        "How many phones the provider shows bound behind the number.",
    ),
    Row(
        "numwatch_number_bindings_reachable",
        "gauge",
        "",
        NUMBER,
        "How many of the bound phones the provider shows as reachable; a busy phone is reachable.",
    ),
    Row(
        "numwatch_number_realname_ok",
        "gauge",
        "",
        NUMBER,
        "Whether the provider's listing shows the real-name registration of the number as valid;"
        " absent when it does not say.",
    ),
    Row(
        "numwatch_number_contract_expiry_timestamp_seconds",
        "gauge",
        "seconds",
        NUMBER,
        "When the contract of the number ends, from the provider's listing.",
    ),
    Row(
        "numwatch_number_reclaim_timestamp_seconds",
        "gauge",
        "seconds",
        NUMBER,
        "When the provider takes the number back, from its listing; absent unless announced.",
    ),
    Row(
        "numwatch_number_illegal_transition_timestamp_seconds",
        "gauge",
        "seconds",
        "provider account number from to",
        "When two consecutive listings showed the number in two states between which its lifecycle"
        " has no transition.",
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
        "numwatch_number_change_planned",
        "gauge",
        "",
        "provider account number",
        "1 while a planned change of the number's configuration is under way; absent otherwise.",
    ),
    Row(
        "numwatch_number_marked",
        "gauge",
        "",
        "provider account number tag",
        "How many people have marked the number as what the label tag says, 0 with the tag none;"
        " absent when not known.",
    ),
    Row(
        "numwatch_probe_interval_seconds",
        "gauge",
        "seconds",
        "provider account number caller",
        "The shortest time between two test calls of the number by the line that calls, where a"
        " plan makes them.",
    ),
    Row(
        "numwatch_number_recording_deletion_timestamp_seconds",
        "gauge",
        "seconds",
        NUMBER,
        "When the provider deletes the oldest recording that is not exported yet: its age in the"
        " listing and the days of retention in the routing; absent unless both are told.",
    ),
    Row(
        "numwatch_number_recordings_pending",
        "gauge",
        "",
        NUMBER,
        "Recordings of the number that are not exported yet, from the provider's listing; absent"
        " where it does not say.",
    ),
    Row(
        "numwatch_number_voicemail_unread",
        "gauge",
        "",
        NUMBER,
        "Messages in the number's voicemail that nobody has listened to, from the provider's"
        " listing; absent where it does not say.",
    ),
    Row(
        "numwatch_number_colour_ring",
        "gauge",
        "",
        NUMBER,
        "Whether callers hear a colour ring of the company's own, from the provider's listing;"
        " absent where it does not say.",
    ),
    Row(
        "numwatch_number_lint_findings",
        "gauge",
        "",
        "provider account number severity",
        "How many findings the configuration lints have on the number's routing at the provider,"
        " waived ones not counted.",
    ),
    Row(
        "numwatch_account_lint_findings",
        "gauge",
        "",
        "provider account severity",
        "How many findings the configuration lints have on the account as a whole, waived ones not"
        " counted.",
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
        "numwatch_number_concurrent_calls",
        "gauge",
        "",
        NUMBER,
        "The most calls that lasted at the same moment in the last 15 minutes, from the provider's"
        " call records; absent where the limit or the length of a call is not known.",
    ),
    Row(
        "numwatch_number_concurrent_calls_limit",
        "gauge",
        "",
        NUMBER,
        "How many calls at once the number may have: the least of the limits in its routing at the"
        " provider.",
    ),
    Row(
        "numwatch_number_compared_calls",
        "gauge",
        "",
        "provider account number reason",
        "Calls of late that are compared with what the number had before: concurrency is the most"
        " at once in the last 15 minutes, out_of_hours those that a phone answered in the last half"
        " hour while the number was closed, abroad those from other countries' numbers; absent"
        " before enough hours are known.",
    ),
    Row(
        "numwatch_number_compared_calls_limit",
        "gauge",
        "",
        "provider account number reason",
        "How many such calls are usual: three times the most of any learnt hour, or a few more;"
        " absent before 168 hours are known.",
    ),
    Row(
        "numwatch_number_calls_last_hour",
        "gauge",
        "",
        "provider account number",
        "Calls in the newest whole hour, of numbers that usually have at least five then.",
    ),
    Row(
        "numwatch_number_calls_expected",
        "gauge",
        "",
        "provider account number",
        "How many calls that hour of the week has had on average in up to three earlier weeks.",
    ),
    Row(
        "numwatch_binding_calls_total",
        "counter",
        "",
        "provider account number binding result",
        "The same calls by the bound phone they were routed to, where the records name it.",
    ),
    Row(
        "numwatch_account_calls_by_wait_total",
        "counter",
        "",
        "provider account within",
        "The account's calls that waited no longer than so many seconds; +Inf has all of them, so"
        ' the service level is within="20" over within="+Inf".',
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
        "When the running clock of an open ticket reaches its limit.",
    ),
    Row(
        "numwatch_number_fault_repeats",
        "gauge",
        "",
        NUMBER,
        "Tickets that the number has had of the same cause within 30 days, the open one included;"
        " only where there are at least three.",
    ),
    Row(
        "numwatch_ticket_changed_timestamp_seconds",
        "gauge",
        "seconds",
        "ticket stage",
        "When an open ticket in the ledger was last changed.",
    ),
)
