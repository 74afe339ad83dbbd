"""Families of what test calls show, published as blocks (docs/test-calls.md)."""

from exporters.catalogue import Row

_LINE = "provider account number caller"
"""Labels of what one line's calls to one number show; a caller is the name of a line."""

PROBES: tuple[Row, ...] = (
    Row(
        "numwatch_probe_failures",
        "gauge",
        "",
        _LINE,
        "How many of the line's newest test calls to the number failed in a row, up to four; 0 when"
        " the newest got through. Calls of unknown outcome, and those whose line was at fault,"
        " do not count; absent when no call does.",
    ),
    Row(
        "numwatch_probe_outcome",
        "gauge",
        "",
        f"{_LINE} outcome",
        "1 for the outcome of the line's newest test call to the number that counts.",
    ),
    Row(
        "numwatch_probe_prompt_repeats",
        "gauge",
        "",
        f"{_LINE} prompt",
        "In how many of the newest test calls in a row the same enrolled announcement was heard"
        " instead of the called party; absent when the newest heard none.",
    ),
    Row(
        "numwatch_probe_unheard_calls",
        "gauge",
        "",
        _LINE,
        "How many of the newest test calls in a row were answered and then silent: no packets, or"
        " only silent ones (outcomes one_way and silent).",
    ),
    Row(
        "numwatch_probe_last_setup_seconds",
        "gauge",
        "seconds",
        _LINE,
        "How long the newest test call took from dialling until something was heard of the far"
        " end.",
    ),
    Row(
        "numwatch_probe_shorter_setup_seconds",
        "gauge",
        "seconds",
        _LINE,
        "The shorter of the newest two such times: above a limit when both are.",
    ),
    Row(
        "numwatch_probe_mos",
        "gauge",
        "",
        _LINE,
        "Mean opinion score of the newest test call that was heard, 1 to 4.5, by the E-model; it"
        " knows the leg between the agent and the line's trunk only.",
    ),
    Row(
        "numwatch_probe_last_call_timestamp_seconds",
        "gauge",
        "seconds",
        _LINE,
        "When the line's newest test call to the number began, whether it counts or not.",
    ),
)

LINES: tuple[Row, ...] = (
    Row(
        "numwatch_probe_caller_working",
        "gauge",
        "",
        "caller",
        "Whether the line from which test calls are made works: 0 when the control number did not"
        " answer its newest call of it, and no later call got through; absent when not known.",
    ),
    Row(
        "numwatch_probe_caller_idle_seconds",
        "gauge",
        "seconds",
        "caller",
        "For how long the line has made none of the calls that plans ask of it, though its hours"
        " allow them: its budget is used up, the engine is missing, hours of numbers are not known;"
        " absent while it calls.",
    ),
)
"""Families of the lines themselves, as the agent that calls from them knows them."""
