"""The dashboards of money, and of providers and their polling."""

from grafana.builder.model import OF_ACCOUNT, Dashboard, Section, lines, once, stat, table

_BALANCE = once(f"numwatch_account_balance{{{OF_ACCOUNT}}}")
_ARREARS = once(f'numwatch_account_numbers{{{OF_ACCOUNT}, state="suspended_arrears"}}')
_RUNWAY = once(f"numwatch_account_runway_seconds{{{OF_ACCOUNT}}}")
_POLLED_AT = once(f"numwatch_poll_last_success_timestamp_seconds{{{OF_ACCOUNT}}}")
_LEASES = f"numwatch_account_lease_epoch{{{OF_ACCOUNT}}}"
_UNOWNED = f"numwatch_account_unowned{{{OF_ACCOUNT}}}"
_NOTICE = once(f'numwatch_account_balance_threshold{{{OF_ACCOUNT}, kind="notice"}}')
_STOP = once(f'numwatch_account_balance_threshold{{{OF_ACCOUNT}, kind="stop"}}')

MONEY = Dashboard(
    "accounts",
    "Accounts and money",
    "What is left on each account, how long it lasts, and what was spent.",
    (
        Section(
            "Balance",
            (
                stat(
                    "Accounts below the notice line",
                    "Accounts whose balance is at or below the line at which one should pay.",
                    f"sum({_BALANCE} <= bool on (provider, account) group_left () {_NOTICE})",
                    bad_from=1,
                    runbook="BalanceLow",
                    width=8,
                ),
                stat(
                    "Accounts below the stop line",
                    "Accounts whose balance is below the line at which the provider suspends"
                    " their numbers.",
                    f"sum({_BALANCE} < bool on (provider, account) group_left () {_STOP})",
                    bad_from=1,
                    runbook="BalanceStop",
                    width=8,
                ),
                stat(
                    "Shortest runway",
                    "How long the account lasts that reaches its stop line first, at its present"
                    " spend.",
                    f"min({_RUNWAY})",
                    unit="s",
                    runbook="RunwayShort",
                    width=8,
                ),
                lines(
                    "Balance",
                    "What is left on each account, in its own currency, with the line at which"
                    " numbers stop.",
                    (
                        _BALANCE,
                        "{{provider}}/{{account}} {{currency}}",
                    ),
                    (
                        _STOP,
                        "{{provider}}/{{account}} stop",
                    ),
                    runbook="BalanceLow",
                ),
                table(
                    "Runway",
                    "How long each account lasts at its present spend.",
                    f"sort({_RUNWAY})",
                    {"provider": "Provider", "account": "Account", "Value": "Lasts"},
                    unit="s",
                    runbook="RunwayShort",
                ),
            ),
        ),
        Section(
            "Spend",
            (
                lines(
                    "Spend of this month",
                    "What each account has spent this month, in its own currency.",
                    (
                        once(f"numwatch_account_month_spend{{{OF_ACCOUNT}}}"),
                        "{{provider}}/{{account}} {{currency}}",
                    ),
                    runbook="SpendCapNear",
                ),
                lines(
                    "Spend of the last hour",
                    "What went in the last hour, without fees, beside what calls explain.",
                    (
                        once(f"numwatch_account_spend_last_hour{{{OF_ACCOUNT}}}"),
                        "{{provider}}/{{account}} {{currency}}",
                    ),
                    (
                        once(f"numwatch_account_spend_last_hour_explained{{{OF_ACCOUNT}}}"),
                        "{{provider}}/{{account}} explained",
                    ),
                    runbook="UnexplainedSpend",
                ),
                lines(
                    "Numbers suspended for arrears",
                    "How many numbers of each account are suspended because it was not paid.",
                    (
                        once(
                            f'numwatch_account_numbers{{{OF_ACCOUNT}, state="suspended_arrears"}}'
                        ),
                        "{{provider}}/{{account}}",
                    ),
                    runbook="BalanceStop",
                ),
            ),
        ),
    ),
)
"""Accounts and their money."""

PROVIDERS = Dashboard(
    "providers",
    "Providers and polling",
    "Whether the providers' APIs answer, how old the facts are, and why polls fail.",
    (
        Section(
            "Answers",
            (
                lines(
                    "Provider answers",
                    "1 while the provider answers, 0 while it does not. A silent provider says"
                    " nothing about the numbers.",
                    (once(f"numwatch_provider_up{{{OF_ACCOUNT}}}"), "{{provider}}/{{account}}"),
                    runbook="ProviderApiDown",
                ),
                lines(
                    "Age of the data",
                    "Seconds since each kind of fact was last confirmed. A line that climbs is a"
                    " poll that fails.",
                    (
                        f"time() - {_POLLED_AT}",
                        "{{provider}}/{{account}} {{capability}}",
                    ),
                    unit="s",
                    runbook="ProviderPollStale",
                ),
                lines(
                    "Polls",
                    "Polls per second, by capability.",
                    (
                        (
                            "sum by (provider, capability) (rate(numwatch_poll_attempts_total"
                            f"{{{OF_ACCOUNT}}}[$__rate_interval]))"
                        ),
                        "{{provider}} {{capability}}",
                    ),
                    unit="reqps",
                ),
                lines(
                    "Failed polls by reason",
                    "Failed polls per second, by the reason from the closed list.",
                    (
                        (
                            "sum by (provider, account, reason) (rate(numwatch_poll_failures_total"
                            f"{{{OF_ACCOUNT}}}[$__rate_interval])) > 0"
                        ),
                        "{{provider}}/{{account}} {{reason}}",
                    ),
                    unit="reqps",
                    runbook="ProviderApiDown",
                ),
                lines(
                    "Poll duration (90th percentile)",
                    "How long nine of ten polls take, by provider and capability.",
                    (
                        (
                            "histogram_quantile(0.9, sum by (le, provider, capability) (rate("
                            'numwatch_poll_duration_seconds_bucket{provider=~"$provider"}'
                            "[$__rate_interval])))"
                        ),
                        "{{provider}} {{capability}}",
                    ),
                    unit="s",
                ),
                lines(
                    "Clock difference",
                    "By how much the clock of the provider is before that of the agent; signed"
                    " requests are refused where it is too much.",
                    (
                        once(f"numwatch_provider_clock_skew_seconds{{{OF_ACCOUNT}}}"),
                        "{{provider}}/{{account}}",
                    ),
                    unit="s",
                    runbook="ProviderClockSkew",
                ),
            ),
        ),
        Section(
            "The agent itself",
            (
                lines(
                    "Event loop lag",
                    "The longest time for which the agent's event loop was held up since it"
                    " started, and the 99th percentile of late.",
                    ("numwatch_event_loop_lag_max_seconds", "{{instance}} longest"),
                    (
                        (
                            "histogram_quantile(0.99, sum by (le, instance) (rate("
                            "numwatch_event_loop_lag_seconds_bucket[$__rate_interval])))"
                        ),
                        "{{instance}} 99 %",
                    ),
                    unit="s",
                    runbook="EventLoopLag",
                ),
                lines(
                    "Evaluation of the rules",
                    "How long the evaluation of each group of rules takes, nine times of ten.",
                    (
                        (
                            "histogram_quantile(0.9, sum by (le, group) (rate("
                            "numwatch_rule_evaluation_duration_seconds_bucket[$__rate_interval])))"
                        ),
                        "{{group}}",
                    ),
                    unit="s",
                    runbook="RuleEvaluationsMissed",
                ),
                lines(
                    "Replicas",
                    "How many agents share the ledger, as each of them sees it; 0 where only one"
                    " uses it.",
                    ("numwatch_replicas", "{{instance}}"),
                ),
                lines(
                    "Accounts by replica",
                    "How many accounts each replica polls, and how many nobody does.",
                    (f"count by (instance) ({_LEASES})", "{{instance}}"),
                    (f"count({once(_UNOWNED)})", "nobody"),
                    is_stacked=True,
                    runbook="AccountUnowned",
                ),
                lines(
                    "Clocks of the replicas",
                    "By how much the clock of the database is before that of each replica.",
                    ("numwatch_database_clock_skew_seconds", "{{instance}}"),
                    unit="s",
                    runbook="ReplicaClockSkew",
                ),
            ),
        ),
    ),
)
"""Providers and the polling of their APIs."""
