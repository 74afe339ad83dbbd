"""The capabilities that the source documents describe, one row each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """A capability of the sources (docs/reference/domain.md §6)."""

    slug: str
    """The test of the row is ``test_<slug>.py`` beside this file."""
    source: str
    title: str


_TITLES: dict[str, dict[str, str]] = {
    "S0": {
        "self_check": "Self-check of callers, bound phones, settings and balance",
        "right_party": "Routing to the right party, the contract's holder first",
        "fault_report": "Intake of a fault report with its fields",
        "ticket_and_progress": "Unique ticket number and progress query",
        "provider_diagnosis": "Diagnosis at the provider: state, binding, records, log, package",
        "carrier_escalation": "Escalation to the carrier and follow-up",
        "joint_test": "Joint test and confirmed closing",
        "evidence_archive": "Archive of the evidence",
        "sla_claim": "Reminders and claims under the service level",
        "renewal_prevention": "Renewal and periodic checks as prevention",
    },
    "S1": {
        "graded_sla": "Graded service levels (AAA to standard)",
        "severe_fault": "Severe faults: detection, command by province and city",
        "graded_notification": "Notification by SMS, graded",
        "root_alarm_first": "Root alarm first, restoration first",
        "clock_rules": "When clocks start and stop, and what they exclude",
        "on_site_conduct": "Appointments and conduct on site",
        "on_site_form": "Confirmation form of a visit",
        "fault_statistics": "Table of fault statistics",
        "dispatch_by_urgency": "Dispatch by urgency, nudging what does not move",
        "handling_score": "Evaluation and scoring of the handling",
        "responsibility_boundary": "Boundary of responsibility between company and operator",
        "routine_inspection": "Routine inspection with a signed report",
        "acceptance_before_takeover": "Acceptance tests before the take-over",
        "fault_catalogue": "Catalogue of fault categories",
    },
    "S2": {
        "complaint_intake": "Complaints: taken in, registered, verified, solved, answered",
        "deadlines_and_extensions": "Deadlines of complaints and their extension",
        "survey_to_regulator": "Survey, rectification, appeal, regulator",
        "complaint_pre_check": "Automatic pre-check and dispatch of complaints",
        "quality_check": "Quality check of the result, rejection to the handler",
        "impact_before_complaints": "Affected customers known before they complain",
        "self_service_test": "Test by the user",
        "wireless_fault_tree": "Fault tree of a mobile phone",
        "repeat_complaints": "Control of repeated complaints",
    },
    "S3": {
        "provider_selection": "Choice of provider, real name, contract, opening test",
        "console": "Console: binding, menu, hours, recording, reports",
        "acceptance_dialling": "Acceptance calls from areas and carriers",
        "abnormal_charges": "Abnormal charges and theft of an account",
    },
    "S4": {
        "pre_occupation_to_reclaim": "Pre-occupation, low balance, stop, reclaim",
        "call_routing": "Waiting, strategy, routing by time and region",
        "lists_and_prompts": "Lists against regions, and the prompts callers hear",
        "pbx_capacity": "Capacity of switchboards and trunks",
        "recordings_and_voicemail": "Recordings, voicemail, colour ring, menu",
    },
}

ROWS = tuple(
    Row(slug, source, title) for source, titles in _TITLES.items() for slug, title in titles.items()
)
