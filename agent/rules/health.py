"""How each rule's newest evaluation went."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """The newest evaluation of one rule. Times are seconds."""

    file: str
    group: str
    rule: str
    expression: str
    evaluated_at: float
    duration: float
    error: str = ""
    """Why it failed; empty when it went well."""

    @property
    def ok(self) -> bool:
        """Whether the rule could be evaluated."""
        return not self.error
