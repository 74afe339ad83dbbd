"""One question under diagnosis, and what the deciders note on the way to a verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from agent.checks.result import CheckResult
from agent.diagnosis.contacts import Concern, contact_for
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.words import Words
from agent.masking import mask_phone
from agent.model import Considered, Evidence, Number, Snapshot, Verdict
from agent.states import PARTY_OF_CAUSE, Capability, Cause, Party

STALE_TRUST = 0.6
"""What is left of the confidence in a verdict that rests on facts too old to stand for now."""
MINUTE = 60.0


@dataclass
class Case:
    """A number asked about, with notes: causes weighed and warnings found so far."""

    context: DiagnosisContext
    checked: CheckResult
    number: str
    caller: str = ""
    """The caller's number without separators; empty when the question is about anyone."""
    symptom: str = ""
    """The family of the alert that asks; empty when a person asks."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """What people have found out, by question."""
    considered: list[Considered] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)

    @property
    def snapshot(self) -> Snapshot:
        """The facts of the number's account."""
        return self.checked.snapshot

    @property
    def words(self) -> Words:
        """The texts of the configured locale."""
        return Words(self.context.settings.locale)

    def listed(self) -> Number | None:
        """The number as its listing tells it."""
        row = self.checked.number_row(self.number)
        return None if row is None else self.checked.numbers[row]

    def polled(self, capability: Capability) -> bool:
        """Whether the account is asked for ``capability`` at all."""
        return capability in self.snapshot.polls

    def fresh(self, capability: Capability) -> bool:
        """Whether the facts of ``capability`` stand for now."""
        return self.snapshot.is_fresh(capability, self.context.now)

    def trust(self, capability: Capability) -> float:
        """How far the facts of ``capability`` stand for now: 1 while they are fresh."""
        return 1.0 if self.fresh(capability) else STALE_TRUST

    def note_age(self, capability: Capability) -> None:
        """Warn that a verdict rests on old facts of ``capability``."""
        status = self.snapshot.polls.get(capability)
        if status is None or status.last_success is None or self.fresh(capability):
            return
        age = f"{(self.context.now - status.last_success) / MINUTE:.0f}"
        self.warn("stale", facts=capability.value, minutes=age)

    def fact(self, name: str, value: object, capability: Capability) -> Evidence:
        """One fact, with where and how long ago it was seen."""
        return evidence(self.snapshot, name, value, capability, self.context.now)

    def concern(self, carrier: str = "") -> Concern:
        """What a call to anyone would be about; the carrier is the number's unless given."""
        row = self.checked.number_row(self.number)
        own = "" if row is None else self.checked.columns.carriers[row]
        place = self.snapshot.provider, self.snapshot.account
        return Concern(*place, self.number, carrier or own)

    def weigh(self, cause: Cause, pro: Sequence[str] = (), contra: Sequence[str] = ()) -> None:
        """Note a cause that was weighed, with the facts for and against it."""
        self.considered.append(Considered(cause.value, tuple(pro), tuple(contra)))

    def warn(self, finding: str, **facts: str) -> None:
        """Note something that is wrong but is not why calls fail."""
        self.findings.append(self.words.finding(finding, **facts))

    def conclude(
        self,
        cause: Cause,
        confidence: float,
        seen: Sequence[Evidence] = (),
        *,
        since: float | None = None,
        party: Party | None = None,
        facts: Mapping[str, str] | None = None,
        carrier: str = "",
    ) -> Verdict:
        """The verdict that ``cause`` is why, with the words and the contact that go with it."""
        owner = party or PARTY_OF_CAUSE[cause]
        contact = contact_for(self.context.settings, owner, self.concern(carrier))
        known = {
            "number": self.number,
            "provider": self.snapshot.provider,
            "account": self.snapshot.key,
            "contact": contact or owner.value,
            "caller": mask_phone(self.caller) or "-",
            **(facts or {}),
        }
        return Verdict(
            number=self.number,
            cause=cause.value,
            party=owner.value,
            contact=contact,
            confidence=confidence,
            since=since,
            evidence=tuple(seen),
            next_steps=self.words.steps(cause, known),
            questions=self.words.questions(cause, known),
        )

    def close(self, verdict: Verdict) -> Verdict:
        """``verdict`` with everything that was noted on the way."""
        others = tuple(each for each in self.considered if each.cause != verdict.cause)
        return msgspec.structs.replace(
            verdict, findings=tuple(dict.fromkeys(self.findings)), considered=others
        )


def evidence(
    snapshot: Snapshot, name: str, value: object, capability: Capability, now: float
) -> Evidence:
    """One fact of ``snapshot``, with where and how long ago it was seen."""
    status = snapshot.polls.get(capability)
    seen = status.last_success if status else None
    age = None if seen is None else round(max(0.0, now - seen), 3)
    return Evidence(name, str(value), f"{snapshot.key} {capability.value}", age)
