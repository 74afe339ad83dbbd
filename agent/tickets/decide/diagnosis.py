"""When a ticket's diagnosis is worth revising."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import msgspec

from agent.diagnosis.answered import SOURCE
from agent.fleet import Fleet
from agent.model import Verdict
from agent.states import Cause
from agent.tickets.ticket import Subject

Diagnose = Callable[[Subject, Fleet, float], Verdict | None]
"""Why the subject is broken now; ``None`` where nothing can be said."""

_INCONCLUSIVE = frozenset({Cause.UNKNOWN, Cause.MONITORING_BLIND, Cause.HEALTHY})


def is_conclusive(verdict: Verdict | None) -> bool:
    """Whether a verdict says why."""
    return verdict is not None and verdict.cause not in _INCONCLUSIVE


def shared(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """What most of several numbers' verdicts say, of none of them in particular."""
    told = [one for one in verdicts if one is not None and is_conclusive(one)]
    if not told:
        return None
    counted = Counter(one.cause for one in told)
    cause, _count = counted.most_common(1)[0]
    first = next(one for one in told if one.cause is cause)
    return msgspec.structs.replace(first, number="")


def verdict_on(
    subject: Subject, samples: Sequence[Subject], diagnose: Callable[[Subject], Verdict | None]
) -> Verdict | None:
    """Why ``subject`` is broken; where nothing can be said of it, why its members are."""
    verdict = diagnose(subject)
    if not samples or is_conclusive(verdict):
        return verdict
    return shared(map(diagnose, samples)) or verdict


def is_material(old: Verdict | None, new: Verdict | None) -> bool:
    """Whether ``new`` tells people something else than ``old``.

    A verdict that concludes nothing never takes the place of one that did: a provider that
    goes silent in the middle of a fault does not undo what was found.
    """
    if new is None:
        return False
    if old is None:
        return True
    if new.cause in _INCONCLUSIVE and old.cause not in _INCONCLUSIVE:
        return False
    return (old.cause, old.party, _answers(old)) != (new.cause, new.party, _answers(new))


def _answers(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """What people's answers have added to it."""
    return tuple((it.fact, it.value) for it in verdict.evidence if it.source == SOURCE)
