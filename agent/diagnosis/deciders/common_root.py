"""The common root of many numbers that fail together (docs/reference/domain.md §2).

All numbers of one carrier at several providers point to the carrier; numbers of one provider
point to the provider. If one provider has all numbers of a carrier and of no other, the two
cannot be distinguished: then it is the provider, who escalates to the carrier.
"""

from collections.abc import Sequence
from typing import Final

from agent.diagnosis.failure_groups import (
    FailureSurvey,
    FailureTest,
    Group,
    call_failures,
    failures_of,
    network_failures,
    on_trunk,
    survey_failures,
)
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.i18n.words import CARRIERS, word
from agent.states import Cause
from agent.verdict import Verdict

MANY: Final = 3
"""The number of numbers failing together that shows a common root (docs/reference/domain.md §2)."""
ROOT_SHARE: Final = 0.5
"""The least share of failing numbers, 0 to 1, among those that could fail; less may be chance."""
CONTRARY_SHARE: Final = 0.2
"""If no more than this share of the other carriers' numbers fails, the carrier is the root."""
CONTRASTED: Final = 0.85
"""Confidence if numbers that do not share the root work."""
UNCONTRASTED: Final = 0.7
"""Confidence if there are no such numbers."""
_SEVERAL_PROVIDERS: Final = 2


def decide_by_network(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The root if the network contradicts the state of this number and of many others."""
    is_mismatch = diagnosis.result.is_mismatch(diagnosis.number)
    return _decide(diagnosis, network_failures) if is_mismatch else None


def decide_by_calls(diagnosis: NumberDiagnosis) -> Verdict | None:
    """The root if calls to this number and to many others fail before the bound phone."""
    failures = failures_of(diagnosis.result, call_failures, diagnosis.context.now)
    return _decide(diagnosis, call_failures) if failures.get(diagnosis.number) else None


def _decide(diagnosis: NumberDiagnosis, test: FailureTest) -> Verdict | None:
    survey = survey_failures(diagnosis.context, test)
    return _decide_carrier(diagnosis, survey) or _decide_provider(diagnosis, survey, test)


def _decide_carrier(diagnosis: NumberDiagnosis, survey: FailureSurvey) -> Verdict | None:
    carrier = diagnosis.carrier
    own = survey.group("carrier", carrier, carrier=carrier)
    every = survey.group("all", "all")
    others = Group(
        "other carriers",
        "others",
        _without(every.failing, own.failing),
        _without(every.working, own.working),
    )
    providers = sorted(survey.providers_failing(carrier))
    if len(providers) < _SEVERAL_PROVIDERS or not _is_root(own) or others.share > CONTRARY_SHARE:
        return None
    contra = [f"numbers of {carrier} fail at {', '.join(providers)}"]
    diagnosis.consider(Cause.PROVIDER_OUTAGE, (), contra)
    evidence = [own.evidence(), *([others.evidence()] if others.total else [])]
    confidence = CONTRASTED if others.working else UNCONTRASTED
    facts = {"carrier": word(carrier, CARRIERS)}
    return diagnosis.conclude(Cause.CARRIER_OUTAGE, confidence, evidence, facts=facts)


def _decide_provider(
    diagnosis: NumberDiagnosis, survey: FailureSurvey, test: FailureTest
) -> Verdict | None:
    provider, carrier = diagnosis.snapshot.provider, diagnosis.carrier
    whole = survey.group("provider", provider, provider=provider)
    part = survey.group(
        "provider and carrier", f"{provider} {carrier}", provider=provider, carrier=carrier
    )
    everywhere = survey.group("carrier", carrier, carrier=carrier)
    working_elsewhere = _without(everywhere.working, part.working)
    root = next(filter(_is_root, (whole, part, *_trunk(diagnosis, test))), None)
    if root is None:
        return None
    evidence = [root.evidence()]
    if working_elsewhere:
        contra = [f"{len(working_elsewhere)} numbers of {carrier} work elsewhere"]
        diagnosis.consider(Cause.CARRIER_OUTAGE, (), contra)
        evidence.append(Group("carrier elsewhere", carrier, (), working_elsewhere).evidence())
    else:
        pro = [f"no number of {carrier} is known to work elsewhere"]
        diagnosis.consider(Cause.CARRIER_OUTAGE, pro)
    confidence = CONTRASTED if working_elsewhere and root is whole else UNCONTRASTED
    return diagnosis.conclude(Cause.PROVIDER_OUTAGE, confidence, evidence)


def _trunk(diagnosis: NumberDiagnosis, test: FailureTest) -> Sequence[Group]:
    routing = diagnosis.routing
    if routing is None or not routing.trunk:
        return ()
    failures = failures_of(diagnosis.result, test, diagnosis.context.now)
    return (on_trunk(diagnosis.result, routing.trunk, failures),)


def _is_root(group: Group) -> bool:
    return len(group.failing) >= MANY and group.share >= ROOT_SHARE


def _without(numbers: Sequence[str], excluded: Sequence[str]) -> list[str]:
    removed = set(excluded)
    return [number for number in numbers if number not in removed]
