"""Families about the agent itself."""

from exporters.catalogue import ACCOUNT, NUMBER, POLL, Row

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
        POLL,
        "Polls of the provider's API that were started.",
    ),
    Row(
        "numwatch_poll_failures_total",
        "counter",
        "",
        POLL + " reason",
        "Polls of the provider's API that failed, by reason.",
    ),
    Row(
        "numwatch_records_invalid_total",
        "counter",
        "",
        POLL,
        "Records in the provider's answers that were skipped because they did not fit the"
        " profile's description.",
    ),
    Row(
        "numwatch_values_unmapped_total",
        "counter",
        "",
        "provider account field",
        "Values in the provider's answers that the profile does not map; they count as unknown.",
    ),
    Row(
        "numwatch_request_cost_total",
        "counter",
        "",
        ACCOUNT,
        "What requests to the provider that cost money have cost, in the currency of their price.",
    ),
    Row(
        "numwatch_provider_clock_skew_seconds",
        "gauge",
        "seconds",
        ACCOUNT,
        "The Date of the provider's newest answer minus the agent's own time.",
    ),
    Row(
        "numwatch_complaints_total",
        "counter",
        "",
        NUMBER,
        "Complaints received that name the number.",
    ),
    Row(
        "numwatch_number_complaints_recent",
        "gauge",
        "",
        NUMBER,
        "Different callers who had trouble with the number in the last half hour, of the complaints"
        " that wait for an answer.",
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
        "numwatch_complaints_overdue",
        "gauge",
        "",
        "step",
        "Complaints for which the step was to be done by now, in the ledger.",
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
        "numwatch_sink_held",
        "gauge",
        "",
        "sink",
        "1 while deliveries to the sink are held because its settings are refused (credentials,"
        " keys, a search that is gone), else 0.",
    ),
    Row(
        "numwatch_notifications_total",
        "counter",
        "",
        "sink state",
        "Messages and calls to people by what became of them: accepted by the provider, then"
        " delivered, failed, or unknown where no receipt came.",
    ),
    Row(
        "numwatch_sink_steps_refused_total",
        "counter",
        "",
        "sink step",
        "Steps of a ticket (update, restored, closed, reopened) that the ticket system refused;"
        " a comment there asks people to take the step.",
    ),
    Row(
        "numwatch_sink_template_errors_total",
        "counter",
        "",
        "sink part",
        "Parts of templated deliveries (path, headers, body) that rendered to nothing that can be"
        " sent and were replaced by the defaults.",
    ),
    Row(
        "numwatch_ledger_writable",
        "gauge",
        "",
        "",
        "1 while the ledger can be written, 0 while it is locked, full, deleted or damaged; the"
        " page /-/ready and the log say which.",
    ),
    Row(
        "numwatch_replicas",
        "gauge",
        "",
        "",
        "Replicas that live and share the ledger, as this one sees them; 0 where store.replicas is"
        " not set.",
    ),
    Row(
        "numwatch_account_lease_epoch",
        "gauge",
        "",
        "provider account",
        "The epoch of the lease under which this replica polls the account; it grows with every new"
        " holder, and only the holder exposes it.",
    ),
    Row(
        "numwatch_account_unowned",
        "gauge",
        "",
        ACCOUNT,
        "1 while no replica holds the account, for ten seconds or longer, so that nobody polls it;"
        " no series where one does, and none where the database does not tell.",
    ),
    Row(
        "numwatch_database_clock_skew_seconds",
        "gauge",
        "seconds",
        "database",
        "The time of the database that replicas share minus this replica's own; no series without"
        " replicas, or where the database does not tell.",
    ),
    Row(
        "numwatch_evidence_queued",
        "gauge",
        "",
        "",
        "Openings and recoveries of tickets whose evidence is still to be collected.",
    ),
    Row(
        "numwatch_evidence_dropped_total",
        "counter",
        "",
        "",
        "Openings and recoveries of tickets whose evidence was not collected: too many at once, the"
        " agent stopped, or the ledger refused. The log names tickets.",
    ),
    Row(
        "numwatch_token_failures_total",
        "counter",
        "",
        "",
        "Requests whose token, password or signature was wrong; many mean that somebody guesses.",
    ),
    Row(
        "numwatch_intake_requests_total",
        "counter",
        "",
        "source outcome",
        "Requests to the agent's webhooks, by outcome; only the accepted ones had an effect.",
    ),
    Row(
        "numwatch_pushes_total",
        "counter",
        "",
        "provider account outcome",
        "Messages that a provider pushed to the agent, by outcome: accepted, a duplicate, not"
        " described by the profile, or why it was refused.",
    ),
    Row(
        "numwatch_pushed_facts_total",
        "counter",
        "",
        "provider account fact outcome",
        "Facts in accepted pushes, by what they changed: applied, late, repeated, unlisted, or"
        " invalid.",
    ),
    Row(
        "numwatch_intake_alerts_total",
        "counter",
        "",
        "source outcome",
        "Alerts in accepted requests, by what they changed.",
    ),
    Row(
        "numwatch_intake_alerts_firing",
        "gauge",
        "",
        "source",
        "Alerts that fire according to the source's latest notifications.",
    ),
    Row(
        "numwatch_desk_repairs_total",
        "counter",
        "",
        "sink repair",
        "Tickets whose state in the ticket system differed from the ledger and was corrected, by"
        " how.",
    ),
    Row(
        "numwatch_intake_reconcile_last_success_timestamp_seconds",
        "gauge",
        "seconds",
        "source",
        "When the source's own list of firing alerts was last read successfully.",
    ),
    Row(
        "numwatch_intake_reconcile_failures_total",
        "counter",
        "",
        "source reason",
        "Attempts to read the source's own list of firing alerts that failed, by reason.",
    ),
    Row(
        "numwatch_intake_reconcile_repairs_total",
        "counter",
        "",
        "source repair",
        "Alerts whose state was corrected because the source's own list differed from its"
        " notifications.",
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
        "Evaluations of the rule group skipped because the previous one was still running.",
    ),
    Row(
        "numwatch_rule_history_bytes",
        "gauge",
        "bytes",
        "",
        "Memory taken by the samples that rules look back for.",
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
        "The greatest lateness of the agent's event loop since the agent started.",
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
