"""The diagnosis of one number in progress: its facts, and what deciders note about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from agent.checks.result import CheckResult
from agent.diagnosis import words
from agent.diagnosis.contacts import ContactSubject, contact_for
from agent.diagnosis.context import DiagnosisContext
from agent.diagnosis.texts import with_texts
from agent.i18n import Message
from agent.i18n.words import word
from agent.masking import mask_phone
from agent.model import Binding, Number, Routing, Snapshot
from agent.states import PARTY_OF_CAUSE, Capability, Cause, Party
from agent.verdict import Considered, Evidence, Verdict

STALE_FACTOR: Final = 0.6
"""The factor by which stale facts lower the confidence in a verdict."""
MINUTE: Final = 60.0
_MINUTES_FROM: Final = 120.0
_ANY_NUMBER: Final = Message("one of its numbers")
"""What is dialled where the diagnosis is of an account or a provider."""


@dataclass
class NumberDiagnosis:
    """The facts about one number, with the causes considered and the findings so far."""

    context: DiagnosisContext
    result: CheckResult
    """The check result of the number's account."""
    number: str
    caller: str = ""
    """The caller's number without separators; empty if the diagnosis is about any caller."""
    symptom: str = ""
    """The symptom of the alert that is diagnosed; empty when a person requests the diagnosis."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """The answers that people gave, by the name of the question."""
    considered: list[Considered] = field(default_factory=list)
    findings: list[Message] = field(default_factory=list)

    @property
    def snapshot(self) -> Snapshot:
        """The facts of the number's account."""
        return self.result.snapshot

    @property
    def locale(self) -> str:
        """The configured language."""
        return self.context.settings.locale

    @property
    def listed_number(self) -> Number | None:
        """The number as the provider lists it; ``None`` if the account does not have it."""
        row = self.result.number_row(self.number)
        return None if row is None else self.result.numbers[row]

    @property
    def carrier(self) -> str:
        """The number's base carrier; empty if the account does not have the number."""
        row = self.result.number_row(self.number)
        return "" if row is None else self.result.columns.carriers[row]

    @property
    def routing(self) -> Routing | None:
        """The number's routing as last reported, however old."""
        return self.snapshot.routings.get(self.number)

    @property
    def unlisted_phones(self) -> Mapping[str, int]:
        """How many phones are under each number that neither listing nor inventory has."""
        snapshot = self.snapshot
        inventory = self.context.settings.inventory_of(snapshot.provider, snapshot.account)
        unlisted = snapshot.unlisted_bindings.keys() - inventory.numbers_of_others
        return {number: len(snapshot.unlisted_bindings[number]) for number in sorted(unlisted)}

    @property
    def bound_phones(self) -> Mapping[str, Binding]:
        """The number's bound phones by label, however old; empty if they are unknown."""
        return self.result.bindings(self.number) or {}

    def polls(self, capability: Capability) -> bool:
        """Whether the account is polled for ``capability`` at all."""
        return capability in self.snapshot.polls

    def is_fresh(self, capability: Capability) -> bool:
        """Whether the facts of ``capability`` are recent enough to be current."""
        return self.snapshot.is_fresh(capability, self.context.now)

    def freshness_factor(self, capability: Capability) -> float:
        """The factor for the confidence in a verdict on facts of ``capability``: 1 if fresh."""
        return 1.0 if self.is_fresh(capability) else STALE_FACTOR

    def warn_if_stale(self, capability: Capability) -> None:
        """Note as a finding that the verdict rests on stale facts of ``capability``."""
        status = self.snapshot.polls.get(capability)
        if status is None or status.last_success is None or self.is_fresh(capability):
            return
        age = _age(self.context.now - status.last_success)
        self.warn("stale", facts=word(capability.value), age=age)

    def fact(self, name: str, value: object, capability: Capability) -> Evidence:
        """Returns one fact as evidence, with its source and age."""
        return make_evidence(self.snapshot, name, value, capability, self.context.now)

    def phone_fact(self, label: str, phone: Binding, value: str) -> Evidence:
        """Returns the state of a phone as evidence, with the account that reported it."""
        provider, _, account = phone.source.partition("/")
        other = self.context.accounts.get((provider, account))
        snapshot = self.snapshot if other is None else other.snapshot
        name, capability = f"binding {label}", Capability.REACHABILITY
        evidence = make_evidence(snapshot, name, value, capability, self.context.now)
        if phone.state_at is None:
            return evidence
        age = round(max(0.0, self.context.now - phone.state_at), 3)
        return msgspec.structs.replace(evidence, age_seconds=age)

    def contact_subject(self, carrier: str = "") -> ContactSubject:
        """The subject whose contacts are looked up; ``carrier`` defaults to the number's."""
        snapshot = self.snapshot
        return ContactSubject(
            snapshot.provider, snapshot.account, self.number, carrier or self.carrier
        )

    def consider(self, cause: Cause, pro: Sequence[str] = (), contra: Sequence[str] = ()) -> None:
        """Note a cause that was considered, with the facts for and against it."""
        self.considered.append(Considered(cause.value, tuple(pro), tuple(contra)))

    def warn(self, finding: str, **facts: object) -> None:
        """Note a defect that does not make calls fail; ``finding`` names its text."""
        self.findings.append(words.finding(finding, **facts))

    def conclude(
        self,
        cause: Cause,
        confidence: float,
        evidence: Sequence[Evidence] = (),
        *,
        since: float | None = None,
        party: Party | None = None,
        facts: Mapping[str, object] | None = None,
        carrier: str = "",
    ) -> Verdict:
        """Returns the verdict for ``cause``, with its texts and contact.

        Args:
            cause: Why calls fail, or that they do not.
            confidence: 0 to 1.
            evidence: The facts the verdict rests on.
            since: Epoch seconds of the beginning, if it was observed.
            party: Whose responsibility it is, if not the party usual for the cause.
            facts: Values for the placeholders of the texts.
            carrier: The carrier whose contact is shown, if not the number's.
        """
        owner = party or PARTY_OF_CAUSE[cause]
        contact = contact_for(self.context.settings, owner, self.contact_subject(carrier))
        values = {
            "number": self.number or _ANY_NUMBER,
            "provider": self.snapshot.provider,
            "account": self.snapshot.key,
            "contact": contact or words.party_word(owner),
            "caller": mask_phone(self.caller) or "-",
            **(facts or {}),
        }
        verdict = Verdict(
            number=self.number,
            cause=cause.value,
            party=owner.value,
            contact=contact,
            confidence=confidence,
            since=since,
            evidence=tuple(evidence),
        )
        return with_texts(
            verdict,
            self.locale,
            next_steps=words.steps(cause, values),
            questions=words.questions(cause, values),
        )

    def with_notes(self, verdict: Verdict) -> Verdict:
        """``verdict`` with the findings and the other causes that were considered."""
        others = tuple(other for other in self.considered if other.cause != verdict.cause)
        verdict = msgspec.structs.replace(verdict, considered=others)
        return with_texts(verdict, self.locale, findings=self.findings)


def _age(seconds: float) -> Message:
    """Seconds below two minutes: facts that are read often are stale within one."""
    if seconds < _MINUTES_FROM:
        return Message("{n} s", {"n": round(seconds)})
    return Message("{n} min", {"n": round(seconds / MINUTE)})


def make_evidence(
    snapshot: Snapshot, name: str, value: object, capability: Capability, now: float
) -> Evidence:
    """Returns one fact of ``snapshot`` as evidence, with its source and its age at ``now``."""
    status = snapshot.polls.get(capability)
    confirmed = status.last_success if status else None
    age = None if confirmed is None else round(max(0.0, now - confirmed), 3)
    return Evidence(name, str(value), f"{snapshot.key} {capability.value}", age)
