"""The dashboards of the whole fleet and of one number."""

from grafana.builder.model import (
    OF_ACCOUNT,
    OF_NUMBER,
    Dashboard,
    Section,
    lines,
    once,
    stat,
    table,
)

_PLACE = {"number": "Number", "provider": "Provider", "account": "Account"}
_UP = once(f"numwatch_number_up{{{OF_ACCOUNT}}}")
_NUMBERS = once(f"numwatch_account_numbers{{{OF_ACCOUNT}}}")
_ANSWERS = once(f"numwatch_provider_up{{{OF_ACCOUNT}}}")
_TICKETS = once('numwatch_tickets{stage!="closed"}')
_ONE_UP = once(f"numwatch_number_up{{{OF_NUMBER}}}")
_PHONES = once(f"numwatch_number_bindings{{{OF_NUMBER}}}")
_CONTRACT_ENDS = once(f"numwatch_number_contract_expiry_timestamp_seconds{{{OF_NUMBER}}}")
_LINTS = once(f'numwatch_number_lint_findings{{{OF_NUMBER}, severity="error"}}')
_REACHABLE = once(f"numwatch_number_bindings_reachable{{{OF_NUMBER}}}")

FLEET = Dashboard(
    "fleet",
    "Fleet",
    "Are the hotlines up, what is broken, how long does the money last, and who is at work on it.",
    (
        Section(
            "Fleet",
            (
                stat(
                    "Numbers in service",
                    "Numbers whose provider says that they take calls, confirmed recently.",
                    f"sum({_UP})",
                ),
                stat(
                    "Numbers down",
                    "Numbers that cannot take calls for a definite reason. Zero is the goal.",
                    f"sum({_UP} == bool 0)",
                    bad_from=1,
                    runbook="NumberNotActive",
                ),
                stat(
                    "Numbers unknown",
                    "Numbers of which the present state is not known: their data is stale or their"
                    " state has no name here. Unknown is not healthy.",
                    f"sum({_NUMBERS}) - count({_UP})",
                    runbook="ProviderPollStale",
                ),
                stat(
                    "Providers silent",
                    "Accounts whose provider did not answer the newest poll.",
                    f"sum({_ANSWERS} == bool 0)",
                    bad_from=1,
                    runbook="ProviderApiDown",
                ),
                stat(
                    "Bound phones unreachable",
                    "Phones behind the numbers that cannot be reached now.",
                    f"sum({once(f'numwatch_binding_reachable{{{OF_ACCOUNT}}}')} == bool 0)",
                    bad_from=1,
                    runbook="BindingDown",
                ),
                stat(
                    "Open tickets",
                    "Tickets that are not closed, over all stages.",
                    f"sum({_TICKETS})",
                ),
                lines(
                    "Numbers by state",
                    "How many numbers are in each state of their life, as the providers tell it.",
                    (f"sum by (state) ({_NUMBERS})", "{{state}}"),
                    is_stacked=True,
                ),
                lines(
                    "Provider answers",
                    "1 while the provider answers, 0 while it does not. A silent provider says"
                    " nothing about the numbers.",
                    (_ANSWERS, "{{provider}}/{{account}}"),
                    runbook="ProviderApiDown",
                ),
            ),
        ),
        Section(
            "What is broken",
            (
                table(
                    "Numbers that are down",
                    "Each number that cannot take calls now, with its provider and account.",
                    f"{_UP} == 0",
                    _PLACE,
                    runbook="NumberNotActive",
                ),
                table(
                    "State of the numbers that are down",
                    "The present state of each number that is not in service.",
                    once(f'numwatch_number_state{{{OF_ACCOUNT}, state!~"active|low_balance"}}'),
                    {"number": "Number", "state": "State", "provider": "Provider"},
                ),
                table(
                    "Bound phones in trouble",
                    "Phones behind the numbers that cannot be reached, with what is known of each.",
                    once(f'numwatch_binding_state{{{OF_ACCOUNT}, state!~"ok|busy"}}'),
                    {"number": "Number", "binding": "Bound phone", "state": "State"},
                    runbook="BindingDown",
                ),
                table(
                    "Configuration that drifted",
                    "Numbers whose configuration is not the approved one, by section.",
                    f"{once(f'numwatch_number_config_drift{{{OF_ACCOUNT}}}')} == 1",
                    {"number": "Number", "section": "Section", "provider": "Provider"},
                    runbook="ConfigDrift",
                ),
            ),
        ),
    ),
)
"""The whole fleet at a glance."""

NUMBER = Dashboard(
    "number",
    "Number",
    "One number or a few: whether it takes calls, its phones, its calls, and what has changed.",
    (
        Section(
            "State",
            (
                stat(
                    "In service",
                    "1 while the provider says that the number takes calls; of several, how many.",
                    f"sum({_ONE_UP})",
                    runbook="NumberNotActive",
                ),
                stat(
                    "Bound phones",
                    "How many phones the provider shows bound behind the number.",
                    f"sum({_PHONES})",
                ),
                stat(
                    "Bound phones that can be reached",
                    "How many of the bound phones can be reached now; a busy phone can.",
                    f"sum({_REACHABLE})",
                    runbook="AllBindingsDown",
                ),
                stat(
                    "Contract ends in",
                    "How long the contract still runs; of several numbers, the shortest.",
                    f"min({_CONTRACT_ENDS}) - time()",
                    unit="s",
                    runbook="ContractExpiring",
                ),
                stat(
                    "Sections that drifted",
                    "How many sections of the configuration differ from the approved one.",
                    f"sum({once(f'numwatch_number_config_drift{{{OF_NUMBER}}}')})",
                    bad_from=1,
                    runbook="ConfigDrift",
                ),
                stat(
                    "Faults of the configuration",
                    "Findings of the lints that cost calls, waived ones not counted.",
                    f"sum({_LINTS})",
                    bad_from=1,
                    runbook="LintError",
                ),
                lines(
                    "Number takes calls",
                    "1 while the number can take calls, 0 while it cannot; a gap is unknown.",
                    (_ONE_UP, "{{number}}"),
                    runbook="NumberNotActive",
                ),
                lines(
                    "State over time",
                    "The state of the number at its provider; each line is 1 while it is in it.",
                    (once(f"numwatch_number_state{{{OF_NUMBER}}}"), "{{number}} {{state}}"),
                ),
            ),
        ),
        Section(
            "Phones and calls",
            (
                lines(
                    "Phones that can be reached",
                    "How many phones are bound behind the number, and how many can be reached.",
                    (_PHONES, "{{number}} bound"),
                    (_REACHABLE, "{{number}} reachable"),
                    runbook="RedundancyLost",
                ),
                table(
                    "What is known of each phone",
                    "The present state of each bound phone, as the provider tells it.",
                    once(f"numwatch_binding_state{{{OF_NUMBER}}}"),
                    {"number": "Number", "binding": "Bound phone", "state": "State"},
                    runbook="BindingDown",
                ),
                lines(
                    "Calls by result",
                    "Calls of the number by how they ended, from the provider's call records.",
                    (
                        (
                            "sum by (result) (increase(numwatch_number_calls_total"
                            f"{{{OF_NUMBER}}}[$__rate_interval]))"
                        ),
                        "{{result}}",
                    ),
                    is_stacked=True,
                    runbook="AnswerRateLow",
                ),
                lines(
                    "Calls by phone",
                    "The same calls by the phone they were led to, where the records name it.",
                    (
                        (
                            "sum by (binding) (increase(numwatch_binding_calls_total"
                            f"{{{OF_NUMBER}}}[$__rate_interval]))"
                        ),
                        "{{binding}}",
                    ),
                    is_stacked=True,
                ),
            ),
        ),
    ),
    has_number=True,
)
"""One number."""
