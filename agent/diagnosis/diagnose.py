"""The diagnosis of a number or of an alert: deciders in order, the first conclusive one wins."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from agent.diagnosis import scopes
from agent.diagnosis.answers import apply_answers
from agent.diagnosis.context import DiagnosisContext, normalize_number
from agent.diagnosis.deciders import (
    balance,
    bound_phones,
    call_results,
    common_root,
    complaints,
    configuration_change,
    healthy,
    inspection,
    marking,
    missing_data,
    number_state,
    probe_calls,
    records,
    routing_rules,
    unsupported_caller,
    unusual_calls,
)
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.unlisted import diagnose_agent, diagnose_unlisted
from agent.routing.caller import caller_number
from agent.states import Cause, Scope
from agent.verdict import Verdict

Decider = Callable[[NumberDiagnosis], Verdict | None]

# The order is that of docs/reference/domain.md §2: validity of the poll, common root, state,
# money, configuration, bound phones, capacity, wait, voice, residual. It departs in two places:
# - The number's state and the balance go before a common root, because they name their cause
#   themselves; how many numbers share it is evidence.
# - A common root that only call records show goes after the causes that facts show directly.
DECIDERS: Final[Sequence[Decider]] = (
    # What callers heard is known although the interface says nothing.
    complaints.decide_unseen,
    healthy.decide_by_calls,
    missing_data.decide_blind,
    number_state.decide,
    balance.decide,
    common_root.decide_by_network,
    number_state.decide_network,
    # Before the rules it has changed: the change is the cause, the rule only its effect.
    configuration_change.decide,
    routing_rules.decide_no_binding,
    routing_rules.decide_lists,
    routing_rules.decide_schedule,
    bound_phones.decide,
    call_results.decide_capacity,
    # Before the results of calls: a short wait shows in the records as unanswered calls.
    routing_rules.decide_wait,
    call_results.decide_usual_result,
    common_root.decide_by_calls,
    call_results.decide_provider_leg,
    call_results.decide_voice,
    call_results.decide_partial_result,
    # After all that facts show: callers hear the effect, which has more causes than one.
    complaints.decide,
    # Before the rest: nothing is wrong for callers of other kinds.
    unsupported_caller.decide,
    healthy.decide,
    missing_data.decide_unknown,
)
SYMPTOM_DECIDERS: Final[Mapping[str, Decider]] = {
    "drift": configuration_change.decide_drift,
    "redundancy": bound_phones.decide_worst,
    "binding_down": bound_phones.decide_worst,
    "network_mismatch": number_state.decide_network,
    "contract": number_state.decide_contract,
    "realname": number_state.decide_realname,
    "reclaim": number_state.decide_reclaim,
    "illegal_transition": number_state.decide_illegal_transition,
    "marked": marking.decide,
    "inspection": inspection.decide,
    "capacity": records.decide_capacity,
    "unusual_calls": unusual_calls.decide,
    "recordings": records.decide_recordings,
}
"""The decider of what an alert with a symptom is about, though calls may still get through."""


def diagnose(diagnosis: NumberDiagnosis) -> Verdict:
    """Returns the first conclusive verdict, with answers applied and everything noted."""
    deciders = DECIDERS
    decide_symptom = SYMPTOM_DECIDERS.get(diagnosis.symptom)
    if decide_symptom is not None:
        # After the first four: lack of data and a state out of service go before any symptom.
        deciders = (*DECIDERS[:4], decide_symptom, *DECIDERS[4:])
    if diagnosis.symptom != "marked":
        marking.note(diagnosis)
    verdicts = (decide(diagnosis) for decide in deciders)
    # The last decider is always conclusive.
    verdict = next(verdict for verdict in verdicts if verdict is not None)
    verdict = probe_calls.with_calls(diagnosis, verdict)
    verdict = apply_answers(diagnosis, verdict)
    return diagnosis.with_notes(complaints.with_reports(diagnosis, verdict))


def diagnose_number(
    number: str,
    context: DiagnosisContext,
    *,
    caller: str = "",
    provider: str = "",
    account: str = "",
    symptom: str = "",
    answers: Mapping[str, str] | None = None,
) -> Verdict:
    """Returns why calls to ``number`` fail, or that they do not.

    Args:
        number: The number, in any usual notation.
        context: What is known.
        caller: Restricts the diagnosis to calls from one caller.
        provider: The provider that has the number; empty for any.
        account: The account that has the number; empty for any.
        symptom: The symptom of the alert that is diagnosed.
        answers: What people have found out, by the name of the question.
    """
    normalized = normalize_number(number)
    for result in context.select(provider, account):
        if result.number_row(normalized) is not None:
            caller = caller_number(caller)
            return diagnose(
                NumberDiagnosis(context, result, normalized, caller, symptom, answers or {})
            )
    return diagnose_unlisted(context, normalized, provider, account)


def diagnose_scope(
    scope: str,
    labels: Mapping[str, str],
    context: DiagnosisContext,
    answers: Mapping[str, str] | None = None,
) -> Verdict:
    """Returns why the subject of an alert is broken.

    Args:
        scope: A value of the ``scope`` label (docs/reference/interface.md, Alert labels).
        labels: The alert's labels, of which those that name the subject and the symptom are used.
        context: What is known.
        answers: What people have found out, by the name of the question.
    """
    provider, account, symptom, number = (
        labels.get(name, "") for name in ("provider", "account", "symptom", "number")
    )
    if scope == Scope.NUMBER:
        return diagnose_number(
            number, context, provider=provider, account=account, symptom=symptom, answers=answers
        )
    if scope == Scope.AGENT:
        return diagnose_agent(context)
    result = next(context.select(provider, account), None)
    if result is None or scope not in _SCOPES:
        return diagnose_unlisted(context, number, provider, account)
    diagnosis = NumberDiagnosis(context, result, number, "", symptom, answers or {})
    return diagnosis.with_notes(_SCOPES[scope](diagnosis, labels))


def _diagnose_binding(diagnosis: NumberDiagnosis, labels: Mapping[str, str]) -> Verdict:
    """The phone's own cause; if the phone is reachable or unknown, the verdict on its number."""
    blind = missing_data.decide_blind(diagnosis)
    if blind is not None:
        return blind
    verdict = bound_phones.decide_phone(diagnosis, labels.get("binding", ""))
    if verdict is not None:
        return apply_answers(diagnosis, verdict)
    return diagnose(
        NumberDiagnosis(
            diagnosis.context,
            diagnosis.result,
            diagnosis.number,
            symptom=diagnosis.symptom,
            answers=diagnosis.answers,
        )
    )


_SCOPES: Final[Mapping[str, Callable[[NumberDiagnosis, Mapping[str, str]], Verdict]]] = {
    Scope.BINDING: _diagnose_binding,
    Scope.TRUNK: lambda diagnosis, labels: scopes.diagnose_destination(
        diagnosis, labels.get("binding", "")
    ),
    Scope.ACCOUNT: lambda diagnosis, _labels: scopes.diagnose_account(diagnosis),
    Scope.PROVIDER: lambda diagnosis, _labels: scopes.diagnose_provider(diagnosis),
    Scope.CARRIER: lambda diagnosis, labels: scopes.diagnose_carrier(
        diagnosis, labels.get("carrier", "")
    ),
}


def exit_code(verdict: Verdict) -> int:
    """0 healthy, 1 a fault, 3 unknown (docs/reference/interface.md, Command line)."""
    if verdict.cause == Cause.HEALTHY:
        return 0
    return 3 if verdict.cause in (Cause.UNKNOWN, Cause.MONITORING_BLIND) else 1
