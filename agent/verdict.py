"""A verdict: why something is broken, whose job that is, and what it rests on."""

import msgspec


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """One fact a verdict rests on."""

    fact: str
    value: str
    source: str
    """The source, for example ``north/hq numbers``."""
    age_seconds: float | None = None


class Considered(msgspec.Struct, frozen=True, gc=False, rename={"for_": "for"}):
    """A cause that was considered, with the facts for and against it."""

    cause: str
    for_: tuple[str, ...] = ()
    against: tuple[str, ...] = ()


class VerdictTexts(msgspec.Struct, frozen=True, gc=False):
    """What a verdict says to people, in one language."""

    locale: str
    findings: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """A diagnosis: cause, responsible party and next steps (docs/reference/domain.md §2)."""

    number: str
    cause: str
    party: str
    contact: str
    confidence: float
    since: float | None
    evidence: tuple[Evidence, ...] = ()
    findings: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    considered: tuple[Considered, ...] = ()
    translations: tuple[VerdictTexts, ...] = ()
    """Findings, steps and questions in every language; empty in a verdict of an older version."""
