"""The dashboards of tickets and their service levels, and of calls."""

from grafana.builder.model import OF_ACCOUNT, Dashboard, Section, lines, once, stat, table

_OPEN = once('numwatch_tickets{stage!="closed"}')
_CRITICAL = once('numwatch_tickets{stage!="closed", severity="critical"}')
_DEADLINES = once("numwatch_ticket_sla_deadline_timestamp_seconds")
_CHANGED = once("numwatch_ticket_changed_timestamp_seconds")

TICKETS = Dashboard(
    "tickets",
    "Tickets and SLA",
    "Open tickets by stage, how much time their clocks have left, and whether the sinks take them.",
    (
        Section(
            "Tickets",
            (
                stat(
                    "Open tickets",
                    "Tickets that are not closed, over all stages.",
                    f"sum({_OPEN})",
                    width=8,
                ),
                stat(
                    "Critical tickets",
                    "Open tickets of the severity critical.",
                    f"sum({_CRITICAL})",
                    bad_from=1,
                    width=8,
                ),
                stat(
                    "Clocks breached",
                    "Running clocks of open tickets whose time is over.",
                    f"sum({_DEADLINES} < bool time())",
                    bad_from=1,
                    runbook="TicketRestoreSLA",
                    width=8,
                ),
                lines(
                    "Tickets by stage",
                    "Open tickets by the stage of their life.",
                    (f"sum by (stage) ({once('numwatch_tickets')})", "{{stage}}"),
                    is_stacked=True,
                ),
                table(
                    "SLA deadlines",
                    "Time left on each running clock of each open ticket; a negative time is a"
                    " breach.",
                    f"sort({_DEADLINES} - time())",
                    {"ticket": "Ticket", "grade": "Grade", "clock": "Clock", "Value": "Time left"},
                    unit="s",
                    runbook="TicketContactSLA",
                ),
                table(
                    "Tickets without news",
                    "How long ago each open ticket was last changed, the longest first.",
                    f"sort_desc(time() - {_CHANGED})",
                    {"ticket": "Ticket", "stage": "Stage", "Value": "Unchanged for"},
                    unit="s",
                    runbook="TicketStalled",
                ),
            ),
        ),
        Section(
            "Sinks",
            (
                lines(
                    "Deliveries to ticket systems",
                    "Deliveries per second and those that failed, by ticket system.",
                    (
                        "sum by (sink) (rate(numwatch_sink_deliveries_total[$__rate_interval]))",
                        "{{sink}}",
                    ),
                    (
                        "sum by (sink) (rate(numwatch_sink_failures_total[$__rate_interval]))",
                        "{{sink}} failed",
                    ),
                    unit="reqps",
                    runbook="OutboxStuck",
                ),
                lines(
                    "Waiting deliveries",
                    "Ticket changes that wait for each sink, and those that were given up.",
                    (once("numwatch_outbox_pending"), "{{sink}}"),
                    (once("numwatch_dead_letters"), "{{sink}} dead letters"),
                    runbook="DeadLetters",
                ),
            ),
        ),
    ),
    has_account=False,
)
"""Tickets, their clocks and their deliveries."""

_CALLS = f"numwatch_number_calls_total{{{OF_ACCOUNT}}}"

CALLS = Dashboard(
    "calls",
    "Calls",
    "How many calls come, how they end, how long callers wait, and which numbers miss calls.",
    (
        Section(
            "Calls",
            (
                stat(
                    "Calls",
                    "Calls in the chosen time, from the providers' call records.",
                    f"sum(increase({_CALLS}[$__range]))",
                    width=8,
                ),
                stat(
                    "Answered",
                    "The share of these calls that were answered.",
                    "sum(increase(numwatch_number_calls_total{"
                    f'{OF_ACCOUNT}, result="answered"}}[$__range]))'
                    f" / sum(increase({_CALLS}[$__range]))",
                    unit="percentunit",
                    runbook="AnswerRateLow",
                    width=8,
                ),
                stat(
                    "Complaints",
                    "Complaints in the chosen time that name a number.",
                    f"sum(increase(numwatch_complaints_total{{{OF_ACCOUNT}}}[$__range]))",
                    width=8,
                ),
                lines(
                    "Calls by result",
                    "Calls by how they ended.",
                    (
                        f"sum by (result) (increase({_CALLS}[$__rate_interval]))",
                        "{{result}}",
                    ),
                    is_stacked=True,
                    runbook="AnswerRateLow",
                ),
                lines(
                    "Calls by provider",
                    "Calls by the provider that carries the number.",
                    (
                        f"sum by (provider) (increase({_CALLS}[$__rate_interval]))",
                        "{{provider}}",
                    ),
                    is_stacked=True,
                    runbook="NoCallsUnusual",
                ),
                lines(
                    "Calls at once",
                    "The numbers nearest to their limit of calls at once, as a share of it.",
                    (
                        (
                            f"topk(10, {once(f'numwatch_number_concurrent_calls{{{OF_ACCOUNT}}}')}"
                            " / on (provider, account, number)"
                            f" {once(f'numwatch_number_concurrent_calls_limit{{{OF_ACCOUNT}}}')})"
                        ),
                        "{{number}}",
                    ),
                    unit="percentunit",
                    runbook="CapacityNear",
                ),
                lines(
                    "Calls by waiting time",
                    "Calls that waited no longer than so many seconds.",
                    (
                        (
                            "sum by (within) (increase(numwatch_account_calls_by_wait_total"
                            f"{{{OF_ACCOUNT}}}[$__rate_interval]))"
                        ),
                        "{{within}} s",
                    ),
                ),
                table(
                    "Numbers that miss most calls",
                    "The ten numbers with the most calls that nobody answered, in the chosen time.",
                    "topk(10, sum by (provider, account, number) (increase("
                    f'numwatch_number_calls_total{{{OF_ACCOUNT}, result!="answered"}}'
                    "[$__range]))) > 0",
                    {
                        "number": "Number",
                        "provider": "Provider",
                        "account": "Account",
                        "Value": "Missed calls",
                    },
                    runbook="AnswerRateLow",
                ),
            ),
        ),
    ),
)
"""Calls and how they end."""
