"""A page's voice: words, durations and amounts in one language."""

from dataclasses import dataclass

from agent.web.language import Language
from agent.web.views import Finding, MoneyView
from agent.web.words import WORDS

_COLUMN = {"en": 0, "zh": 1}
_STEPS = ((86400.0 * 2, 86400.0, "days"), (3600.0 * 2, 3600.0, "hours"), (120.0, 60.0, "minutes"))
_STATE_FINDINGS = frozenset({"state", "network_state", "drift"})


@dataclass(frozen=True)
class Speech:
    """Speaks one language; every text it gives still has to be escaped."""

    language: Language

    def say(self, key: str, **values: object) -> str:
        """The words for ``key``; a key without words is its own word."""
        words = WORDS.get(key)
        if words is None:
            return key
        text = words[_COLUMN[self.language]]
        return text.format(**values) if values else text

    def duration(self, seconds: float | None) -> str:
        """A length of time in its largest fitting unit; ``None`` is never."""
        if seconds is None:
            return self.say("never")
        for least, unit, word in _STEPS:
            if seconds >= least:
                return self.say(word, n=int(seconds // unit))
        return self.say("seconds", n=int(max(0.0, seconds)))

    def ago(self, seconds: float | None) -> str:
        """How long ago something was."""
        return self.say("never") if seconds is None else self.say("ago", age=self.duration(seconds))

    def finding(self, finding: Finding) -> str:
        """What is wrong, in a few words."""
        if finding.code == "state":
            return self.say(finding.detail)
        told = self.say(f"finding.{finding.code}")
        if not finding.detail:
            return told
        return f"{told}: {self._detail(finding)}"

    def _detail(self, finding: Finding) -> str:
        if finding.code == "binding":
            label, _, state = finding.detail.rpartition(" ")
            return f"{label} {self.say(state)}"
        return self.say(finding.detail) if finding.code in _STATE_FINDINGS else finding.detail

    def amount(self, money: MoneyView) -> str:
        """A balance with its currency."""
        return f"{money.amount:,.2f} {money.currency}"

    def count(self, value: int) -> str:
        """A number of things."""
        return f"{value:,}"
