"""Do many numbers fail together? Then their root comes first (domain.md §2, 2).

All numbers of one carrier, at several providers, point to the carrier; numbers of one provider
to the provider. Where a provider has only one carrier's numbers and nobody else has any, the
two cannot be told apart: then the provider is asked, who asks the carrier.
"""

from collections.abc import Sequence

from agent.diagnosis.case import Case
from agent.diagnosis.common import (
    Group,
    Sign,
    Survey,
    by_calls,
    by_network,
    judged_at,
    on_trunk,
    survey,
)
from agent.model import Verdict
from agent.states import Cause

MANY = 3
"""So many numbers that fail together have a root of their own (domain.md §2, 2)."""
MOST = 0.5
"""And they must be at least this share of those that could fail, or it may be chance."""
FEW = 0.2
"""A group of which no more than this fails speaks against the root it would share."""
CONTRASTED, ALONE = 0.85, 0.7
"""Confidence where other numbers speak for the root by working, and where there are none."""


def decide_by_network(case: Case) -> Verdict | None:
    """The root where this and many other numbers are out of service in the network."""
    return _decide(case, by_network) if case.checked.is_mismatch(case.number) else None


def decide_by_calls(case: Case) -> Verdict | None:
    """The root where calls to this and many other numbers come to grief on the way."""
    fails = judged_at(case.checked, by_calls, case.context.now).get(case.number)
    return _decide(case, by_calls) if fails else None


def _decide(case: Case, sign: Sign) -> Verdict | None:
    found = survey(case.context, sign)
    return _carrier(case, found) or _provider(case, found, sign)


def _carrier(case: Case, found: Survey) -> Verdict | None:
    carrier = _carrier_of(case)
    own = found.group("carrier", carrier, carrier=carrier)
    others = found.group("other carriers", "others", carrier="")
    rest = Group(
        "other carriers",
        "others",
        _without(others.failing, own.failing),
        _without(others.working, own.working),
    )
    if len(found.providers_hit(carrier)) < 2 or not _is_root(own) or rest.share > FEW:  # noqa: PLR2004 - across providers
        return None
    case.weigh(
        Cause.PROVIDER_OUTAGE,
        (),
        [f"numbers of {carrier} fail at {', '.join(sorted(found.providers_hit(carrier)))}"],
    )
    seen = [own.evidence(), *([rest.evidence()] if rest.total else [])]
    confidence = CONTRASTED if rest.working else ALONE
    return case.conclude(Cause.CARRIER_OUTAGE, confidence, seen, facts={"carrier": carrier})


def _provider(case: Case, found: Survey, sign: Sign) -> Verdict | None:
    provider, carrier = case.snapshot.provider, _carrier_of(case)
    whole = found.group("provider", provider, provider=provider)
    part = found.group(
        "provider and carrier", f"{provider} {carrier}", provider=provider, carrier=carrier
    )
    elsewhere = found.group("carrier elsewhere", carrier, carrier=carrier)
    against = _without(elsewhere.working, part.working)
    root = next(filter(_is_root, (whole, part, *_trunk(case, sign))), None)
    if root is None:
        return None
    case.weigh(
        Cause.CARRIER_OUTAGE,
        [] if against else [f"no number of {carrier} elsewhere tells otherwise"],
        [f"{len(against)} numbers of {carrier} work elsewhere"] if against else [],
    )
    seen = [root.evidence()]
    if against:
        seen.append(Group("carrier elsewhere", carrier, (), against).evidence())
    confidence = CONTRASTED if against and root is whole else ALONE
    return case.conclude(Cause.PROVIDER_OUTAGE, confidence, seen)


def _trunk(case: Case, sign: Sign) -> Sequence[Group]:
    routing = case.snapshot.routings.get(case.number)
    if routing is None or not routing.trunk:
        return ()
    judged = judged_at(case.checked, sign, case.context.now)
    return (on_trunk(case.checked, routing.trunk, judged),)


def _is_root(group: Group) -> bool:
    return len(group.failing) >= MANY and group.share >= MOST


def _without(numbers: Sequence[str], gone: Sequence[str]) -> list[str]:
    left = set(gone)
    return [number for number in numbers if number not in left]


def _carrier_of(case: Case) -> str:
    row = case.checked.number_row(case.number)
    return "" if row is None else case.checked.columns.carriers[row]
