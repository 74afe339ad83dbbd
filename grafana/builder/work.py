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

_FAILURES = once(f"numwatch_probe_failures{{{OF_ACCOUNT}}}")
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
        Section(
            "Test calls",
            (
                stat(
                    "Numbers that fail test calls",
                    "Numbers to which the newest two test calls of some line failed. Calls whose"
                    " line is at fault do not count.",
                    f"sum(max by (provider, account, number) ({_FAILURES} >= bool 2))",
                    bad_from=1,
                    runbook="ProbeFailAll",
                    width=8,
                ),
                stat(
                    "Lines that do not work",
                    "Lines from which the control number could not be reached: nothing is concluded"
                    " from their calls.",
                    f"sum({once('numwatch_probe_caller_working')} == bool 0)",
                    bad_from=1,
                    runbook="ProbeBlind",
                    width=8,
                ),
                lines(
                    "Test calls by outcome",
                    "Test calls by how they ended, whoever asked for them.",
                    (
                        "sum by (outcome) (increase(numwatch_probe_calls_total[$__rate_interval]))",
                        "{{outcome}}",
                    ),
                    is_stacked=True,
                    runbook="ProbeFailSome",
                ),
                lines(
                    "Time until something is heard",
                    "From dialling until the far end is heard, in the newest test call of each line"
                    " to each number; above 7 seconds callers hang up.",
                    (
                        once(f"numwatch_probe_last_setup_seconds{{{OF_ACCOUNT}}}"),
                        "{{number}} {{caller}}",
                    ),
                    unit="s",
                    runbook="SetupSlow",
                ),
                table(
                    "Test calls that fail",
                    "Each line whose newest test calls to a number failed, and how many in a row.",
                    f"{_FAILURES} > 0",
                    {
                        "number": "Number",
                        "provider": "Provider",
                        "account": "Account",
                        "caller": "Line",
                        "Value": "Failed in a row",
                    },
                    runbook="ProbeFailAll",
                ),
                table(
                    "Announcements heard by test calls",
                    "What was heard instead of the called party, and in how many calls in a row.",
                    once(f"numwatch_probe_prompt_repeats{{{OF_ACCOUNT}}}"),
                    {
                        "number": "Number",
                        "caller": "Line",
                        "prompt": "Announcement",
                        "Value": "Heard in a row",
                    },
                    runbook="ProbePromptUnexpected",
                ),
            ),
        ),
    ),
)
"""Calls and how they end."""
