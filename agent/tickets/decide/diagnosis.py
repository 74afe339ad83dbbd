"""The diagnosis of a ticket's fault: when it is taken, and when it is worth revising."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from msgspec.structs import replace

from agent.config.settings import Settings
from agent.diagnosis.answers import ANSWER_SOURCE
from agent.fleet import Fleet
from agent.states import Cause, Stage
from agent.tickets.decide.common_cause import NUMBERS
from agent.tickets.decide.decision import Decision, Transition
from agent.tickets.decide.faults import Fault
from agent.tickets.decide.hierarchy import LEAST_NUMBERS
from agent.tickets.text import text_of
from agent.tickets.ticket import Subject, Ticket
from agent.verdict import Verdict

Diagnose = Callable[[Subject, Fleet, float], Verdict | None]
"""Why the subject is broken now; ``None`` where nothing can be said."""

_SAY_LITTLE = frozenset(
    f"{NUMBERS}{symptom}" for symptom in ("answer_rate", "busy_rate", "capacity", "redundancy")
)
"""Common causes of numbers that are merely badly reached: there are many reasons for that."""
_INCONCLUSIVE = frozenset({Cause.UNKNOWN, Cause.MONITORING_BLIND, Cause.HEALTHY})


class FaultDiagnoser:
    """Diagnoses faults when their tickets open and at intervals while these are open."""

    def __init__(self, diagnose: Diagnose) -> None:
        self._diagnose = diagnose
        self._diagnosed_at: dict[str, float] = {}

    def verdict_on(self, fault: Fault, fleet: Fleet, now: float) -> Verdict | None:
        """Why ``fault`` is there; where nothing can be said of it, why its samples are broken."""
        self._diagnosed_at[fault.key] = now
        return verdict_on(
            fault.subject, fault.samples, lambda subject: self._diagnose(subject, fleet, now)
        )

    def clock_was_set(self, step: float) -> None:
        """Restates when diagnoses were made after the wall clock was set by ``step`` seconds."""
        self._diagnosed_at = {key: at + step for key, at in self._diagnosed_at.items()}

    def is_due(self, ticket: Ticket, interval: float, now: float) -> bool:
        """Whether ``interval`` seconds have passed since the ticket was diagnosed.

        A diagnosis that changed nothing is not written, so its time is known in memory alone;
        after a restart the time stored with the ticket counts.
        """
        last = self._diagnosed_at.get(ticket.key, ticket.diagnosed_at)
        return ticket.stage is not Stage.SUPPRESSED and not 0.0 <= now - last < interval

    def revision(
        self, ticket: Ticket, fault: Fault, fleet: Fleet, now: float, settings: Settings
    ) -> Decision | None:
        """The decision to revise the ticket's diagnosis; ``None`` where it says the same."""
        verdict = self.verdict_on(fault, fleet, now)
        if verdict is None or not is_material(ticket.diagnosis, verdict):
            return None
        before = ticket.diagnosis.cause if ticket.diagnosis else "no diagnosis"
        reason = f"{verdict.cause}, for {verdict.party}; before: {before}"
        text = text_of(ticket.subject, fault.alerts[0], verdict, settings.locale, settings.timezone)
        return Decision(Transition.DIAGNOSIS, ticket.key, reason, verdict=verdict, text=text)

    def without_unfounded(
        self, causes: Mapping[str, Fault], tickets: Collection[str], fleet: Fleet, now: float
    ) -> dict[str, Fault]:
        """``causes`` in common but for new ones that turn out to be none.

        All is healthy then, or each of the numbers has a reason of its own.
        ``tickets`` are the keys of open tickets. The numbers speak for themselves then.
        """
        diagnose = lru_cache(maxsize=None)(lambda subject: self._diagnose(subject, fleet, now))
        unfounded = {
            key for key, it in causes.items() if key not in tickets and _is_unfounded(it, diagnose)
        }
        return {key: it for key, it in causes.items() if key not in unfounded}

    def retain(self, keys: Collection[str]) -> None:
        """Forgets everything about faults whose keys are not in ``keys``."""
        self._diagnosed_at = {key: at for key, at in self._diagnosed_at.items() if key in keys}


def _is_unfounded(fault: Fault, diagnose: Callable[[Subject], Verdict | None]) -> bool:
    verdict = verdict_on(fault.subject, fault.samples, diagnose)
    if verdict is not None and verdict.cause is Cause.HEALTHY:
        return True
    if fault.subject.symptom not in _SAY_LITTLE:
        return False
    causes = Counter(it.cause for it in map(diagnose, fault.samples) if it and is_conclusive(it))
    return len(causes) > 1 and causes.most_common(1)[0][1] < LEAST_NUMBERS


def is_conclusive(verdict: Verdict | None) -> bool:
    """Whether a verdict names a cause."""
    return verdict is not None and verdict.cause not in _INCONCLUSIVE


def shared(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The verdict on what several numbers have in common: the most frequent cause among theirs."""
    conclusive = [it for it in verdicts if it is not None and is_conclusive(it)]
    if not conclusive:
        return None
    counted = Counter(verdict.cause for verdict in conclusive)
    cause, _count = counted.most_common(1)[0]
    first = next(verdict for verdict in conclusive if verdict.cause is cause)
    return replace(first, number="")


def verdict_on(
    subject: Subject, samples: Sequence[Subject], diagnose: Callable[[Subject], Verdict | None]
) -> Verdict | None:
    """Why ``subject`` is broken; where that is inconclusive, why its ``samples`` are."""
    verdict = diagnose(subject)
    if not samples or is_conclusive(verdict):
        return verdict
    return shared(map(diagnose, samples)) or verdict


def is_material(old: Verdict | None, new: Verdict | None) -> bool:
    """Whether ``new`` says something that people did not know from ``old``.

    An inconclusive verdict never replaces a conclusive one: a provider that stops answering in
    the middle of a fault does not undo what was established.
    """
    if new is None:
        return False
    if old is None:
        return True
    if new.cause in _INCONCLUSIVE and old.cause not in _INCONCLUSIVE:
        return False
    return (old.cause, old.party, _answers(old)) != (new.cause, new.party, _answers(new))


def _answers(verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """People's answers among the verdict's evidence."""
    return tuple((it.fact, it.value) for it in verdict.evidence if it.source == ANSWER_SOURCE)
