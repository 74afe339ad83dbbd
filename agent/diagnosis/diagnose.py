"""Why, whose job, what next: the deciders in order; the first conclusive one wins.

The order is that of domain.md §2: is anything known, the number's state, its money, a root it
shares with many, the network, its configuration, its phones, the lines, the wait, the way to
the phones, the voice. A state or a balance names its cause itself, so it goes before a root
that many numbers share; how many share it is told as evidence.
"""

from collections.abc import Callable, Mapping, Sequence

from agent.diagnosis import scopes
from agent.diagnosis.answers import with_answers
from agent.diagnosis.case import Case
from agent.diagnosis.context import DiagnosisContext, normalize_number
from agent.diagnosis.deciders import (
    bindings,
    blind,
    call_ends,
    capacity,
    config_changed,
    healthy,
    lists,
    money,
    network,
    no_binding,
    provider_leg,
    roots,
    schedule,
    state,
    unknown,
    voice,
    wait,
)
from agent.diagnosis.landings import diagnose_landing
from agent.diagnosis.unplaced import agent_trouble, unplaced
from agent.model import Verdict
from agent.states import Cause, Scope

Decider = Callable[[Case], Verdict | None]

DECIDERS: Sequence[Decider] = (
    blind.decide,
    state.decide,
    money.decide,
    roots.decide_by_network,
    network.decide,
    config_changed.decide,
    no_binding.decide,
    lists.decide,
    schedule.decide,
    bindings.decide,
    capacity.decide,
    wait.decide,
    call_ends.decide,
    roots.decide_by_calls,
    provider_leg.decide,
    voice.decide,
    healthy.decide,
    unknown.decide,
)

FOCUSED: Mapping[str, Decider] = {
    "drift": config_changed.decide_any,
    "redundancy": bindings.decide_any,
    "binding_down": bindings.decide_any,
    "network_mismatch": network.decide,
    "contract": state.decide_contract,
    "realname": state.decide_realname,
    "reclaim": state.decide_reclaim,
    "illegal_transition": state.decide_move,
}
"""What an alert of a symptom is about, though calls may still get through."""


def diagnose(case: Case) -> Verdict:
    """The verdict on the number of ``case``, with all that was noted on the way."""
    focused = FOCUSED.get(case.symptom)
    order = DECIDERS if focused is None else (blind.decide, state.decide, focused, *DECIDERS[2:])
    for decide in order:
        verdict = decide(case)
        if verdict is not None:
            return case.close(with_answers(case, verdict))
    return case.close(with_answers(case, unknown.decide(case)))


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
    """Why calls to ``number`` fail, or that they do not.

    Args:
        number: The number, written in any usual way.
        context: What is known.
        caller: Asks about one caller in particular.
        provider: Where to look for the number; empty for everywhere.
        account: As ``provider``.
        symptom: The family of the alert that asks.
        answers: What people have found out, by question.
    """
    plain = normalize_number(number)
    found = context.with_number(plain, provider, account)
    if not found:
        return unplaced(context, plain, provider, account)
    case = Case(context, found[0], plain, normalize_number(caller), symptom, answers or {})
    return diagnose(case)


def diagnose_scope(
    scope: str,
    labels: Mapping[str, str],
    context: DiagnosisContext,
    answers: Mapping[str, str] | None = None,
) -> Verdict:
    """Why what an alert is about is broken.

    Args:
        scope: One of the ``scope`` words of contracts.md.
        labels: The alert's labels; those that name the thing and its ``symptom`` are read.
        context: What is known.
        answers: What people have found out, by question.
    """
    named = {name: labels.get(name, "") for name in ("provider", "account", "symptom")}
    number = labels.get("number", "")
    if scope == Scope.NUMBER:
        return diagnose_number(
            number,
            context,
            provider=named["provider"],
            account=named["account"],
            symptom=named["symptom"],
            answers=answers,
        )
    if scope == Scope.AGENT:
        return agent_trouble(context)
    case = _case(context, number, named)
    if case is None or scope not in _SCOPES:
        return unplaced(context, number, named["provider"], named["account"])
    case.answers = answers or {}
    return case.close(_SCOPES[scope](case, labels))


def _case(context: DiagnosisContext, number: str, named: Mapping[str, str]) -> Case | None:
    keys = [
        key
        for key in sorted(context.accounts)
        if named["provider"] in ("", key[0]) and named["account"] in ("", key[1])
    ]
    if not keys:
        return None
    return Case(context, context.accounts[keys[0]], number, symptom=named["symptom"])


def _binding(case: Case, labels: Mapping[str, str]) -> Verdict:
    """A phone's own cause; where the phone is well or unknown, what holds for its number."""
    blinded = blind.decide(case)
    if blinded is not None:
        return blinded
    own = bindings.decide_one(case, labels.get("binding", ""))
    if own is not None:
        return with_answers(case, own)
    number = Case(case.context, case.checked, case.number, "", case.symptom, case.answers)
    return diagnose(number)


_SCOPES: Mapping[str, Callable[[Case, Mapping[str, str]], Verdict]] = {
    Scope.BINDING: _binding,
    Scope.TRUNK: lambda case, labels: diagnose_landing(case, labels.get("binding", "")),
    Scope.ACCOUNT: lambda case, _labels: scopes.diagnose_account(case),
    Scope.PROVIDER: lambda case, _labels: scopes.diagnose_provider(case),
    Scope.CARRIER: lambda case, labels: scopes.diagnose_carrier(case, labels.get("carrier", "")),
}


def exit_code(verdict: Verdict) -> int:
    """0 healthy, 1 a fault was found, 3 unknown (contracts.md, Command line)."""
    if verdict.cause == Cause.HEALTHY:
        return 0
    return 3 if verdict.cause in (Cause.UNKNOWN, Cause.MONITORING_BLIND) else 1
