"""Where each of the 31 cases of docs/reference/ticketing.md §7 is tested; all of them exist.

Each has its negative control beside it: a parametrised opposite, a test next to it that shows
the other outcome, or the note in its file that says what to break to see it red.
"""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]

ONE = "tickets/trackers/test_one_fault_one_ticket.py"
OVER = "tickets/trackers/test_when_it_is_over.py"
NOISE = "tickets/trackers/test_noise.py"
CONTRACT = "sinks/test_contract.py"
JIRA = "sinks/test_jira.py"
CUT = "sinks/test_text_limits.py"
BOTS = "sinks/test_bots.py"
TEMPLATES = "sinks/test_webhook_templates.py"
HOOK = "webhooks/alertmanager/test_webhook.py"
ACCESS = "webhooks/test_auth.py"
COMPLAINTS = "complaints/test_webhook.py"
CALLBACKS = "sinks/test_callback_hook.py"
ALERTMANAGER = "webhooks/alertmanager/test_reconciler.py"
WINDOWS = "complaints/test_deadlines.py"
CLOCKS = "tickets/sla/test_clocks.py"
DESKS = "sinks/test_reconciler.py"
PEOPLE = "tickets/actions/test_closed_by_people.py"

CASES: Mapping[int, tuple[tuple[str, str], ...]] = {
    1: (
        (ONE, "test_case_01_three_peers_at_once"),
        (HOOK, "test_three_peers_at_once_report_one_alert"),
    ),
    2: ((CONTRACT, "test_a_crash_between_making_and_noting_makes_no_second"),),
    3: ((CONTRACT, "test_a_ticket_made_while_the_answer_got_lost_is_not_made_again"),),
    4: (
        (JIRA, "test_a_search_that_lags_makes_no_second_issue"),
        (JIRA, "test_what_the_ledger_knows_is_never_searched_for"),
    ),
    5: (
        (JIRA, "test_without_the_labels_field_the_issue_is_found_by_its_text"),
        (JIRA, "test_somebody_elses_issue_that_names_ours_is_not_taken_for_it"),
    ),
    6: ((ONE, "test_case_06_the_route_is_edited_in_the_middle"),),
    7: (
        (ONE, "test_case_07_two_routes_tell_the_same_fault"),
        (ONE, "test_case_07_two_environments_have_the_same_labels"),
    ),
    8: ((ONE, "test_case_08_the_severity_changes_and_the_resolve_finds_it"),),
    9: ((OVER, "test_case_09_a_partial_resolve_keeps_the_rest_open"),),
    10: (
        (OVER, "test_case_10_a_resolve_that_leaves_alerts_out_proves_nothing"),
        (ALERTMANAGER, "test_a_truncated_resolve_is_queried_at_once"),
    ),
    11: (
        (OVER, "test_case_11_a_resolve_while_it_is_still_down_closes_nothing"),
        (ALERTMANAGER, "test_a_lost_resolve_is_found"),
        (ALERTMANAGER, "test_a_silence_ends_nothing"),
    ),
    12: (
        (OVER, "test_case_12_a_resolve_of_what_is_not_known_opens_nothing"),
        (OVER, "test_case_12_a_late_resolve_after_it_fired_again_is_ignored"),
    ),
    13: ((OVER, "test_case_13_a_gap_in_the_data_is_unknown"),),
    14: ((NOISE, "test_case_14_a_repeat_without_change_writes_nothing"),),
    15: ((NOISE, "test_case_15_twenty_flaps_in_an_hour"),),
    16: (
        (OVER, "test_case_16_inside_and_outside_the_reopen_window"),
        (OVER, "test_case_16_closed_by_a_person_while_it_fires"),
        (PEOPLE, "test_left_alone_it_opens_nothing_however_long_it_goes_on"),
        (DESKS, "test_closed_by_people_there_while_it_fires"),
    ),
    17: (
        (CONTRACT, "test_any_text_fits_the_systems_limits"),
        (CUT, "test_a_cut_text_fits_and_is_whole_letters_of_its_beginning"),
    ),
    18: (
        (TEMPLATES, "test_a_template_that_renders_nothing_valid_is_replaced_by_the_standard_form"),
    ),
    19: (
        (CONTRACT, "test_429_loses_nothing_and_retry_after_is_honoured"),
        (CONTRACT, "test_a_storm_makes_new_tickets_before_it_updates_old_ones"),
    ),
    20: (
        (CONTRACT, "test_after_six_hours_down_the_queue_drains_in_order_with_the_original_times"),
    ),
    21: ((CONTRACT, "test_what_is_refused_for_good_waits_with_the_dead_letters_for_its_replay"),),
    22: (
        (JIRA, "test_a_missing_transition_is_commented_counted_and_not_tried_for_ever"),
        (JIRA, "test_a_required_field_is_named_in_the_comment"),
        (JIRA, "test_a_conflict_is_tried_once_more_and_then_commented"),
    ),
    23: ((JIRA, "test_a_search_that_is_gone_holds_the_sink_and_nothing_is_created"),),
    24: (
        (ACCESS, "test_overload_is_always_503_and_passes"),
        (HOOK, "test_what_is_answered_with_200_is_in_the_ledger"),
        (COMPLAINTS, "test_nothing_is_answered_before_it_is_stored"),
    ),
    25: (
        (COMPLAINTS, "test_of_a_thousand_changed_or_replayed_requests_none_has_an_effect"),
        (COMPLAINTS, "test_a_delivery_of_another_time_is_refused"),
        (COMPLAINTS, "test_a_rotated_secret_is_good_until_it_is_taken_out"),
        (CALLBACKS, "test_none_of_a_thousand_changed_messages_is_taken"),
    ),
    26: (
        (BOTS, "test_an_error_in_http_200_is_an_error"),
        (BOTS, "test_signing_over_hours_does_not_make_the_address_grow"),
    ),
    27: (
        (WINDOWS, "test_three_callers_within_half_an_hour_to_the_second"),
        (WINDOWS, "test_a_caller_counts_once_and_two_are_not_enough"),
        ("tickets/decide/test_common_cause.py", "test_the_window_is_half_an_hour"),
    ),
    28: ((ONE, "test_case_28_told_again_after_five_days"),),
    29: (
        (CLOCKS, "test_clocks_agree_with_counting_minutes"),
        (CLOCKS, "test_another_grade_keeps_the_time_that_has_counted"),
        (CLOCKS, "test_a_clock_that_is_set_does_not_make_time_run_backwards"),
        ("tickets/decide/test_resume.py", "test_the_hold_is_watched_whole_whatever_the_clock_says"),
    ),
    30: ((NOISE, "test_case_30_one_bad_alert_in_a_batch_loses_no_other"),),
    31: (
        (NOISE, "test_case_31_an_escaped_receiver_and_fields_nobody_knows"),
        (NOISE, "test_case_31_a_body_of_another_version_is_refused_and_counted"),
        (ALERTMANAGER, "test_an_escaped_receiver_is_ours_as_well"),
    ),
}
"""By case: the file under ``tests/`` and the test."""


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, functions)}


def test_all_31_cases_are_here() -> None:
    assert list(CASES) == list(range(1, 32))


@pytest.mark.parametrize("case", CASES)
def test_every_test_named_here_exists(case: int) -> None:
    for file, name in CASES[case]:
        assert name in names_in(TESTS / file)
