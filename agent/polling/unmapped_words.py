"""The provider's words that a profile does not map, of the newest poll of each capability."""

from collections.abc import Mapping
from typing import Final

from agent.net.word_counts import add_bounded
from agent.states import Capability

_MOST_FIELDS: Final = 32
_OF_NUMBERS: Final = "account."
"""Fields of the account are read with its numbers."""

Words = Mapping[str, Mapping[str, int]]
"""How often each word came, by field (``numbers.state``)."""


class UnmappedWords:
    """Collects the words of one account; bounded, as adapters bound the words of a field."""

    def __init__(self) -> None:
        self._words: dict[Capability, dict[str, dict[str, int]]] = {}

    def begin(self, capability: Capability) -> None:
        """Forget the words of the last poll of ``capability``."""
        self._words.pop(capability, None)

    def add(self, field: str, words: Mapping[str, int]) -> None:
        """Count ``words`` of ``field``, which begins with its capability."""
        name = "numbers" if field.startswith(_OF_NUMBERS) else field.partition(".")[0]
        fields = self._words.setdefault(Capability(name), {})
        if field not in fields and len(fields) >= _MOST_FIELDS:
            return
        counts = fields.setdefault(field, {})
        for word, count in words.items():
            add_bounded(counts, word, count)

    def of(self, capability: Capability) -> Words:
        """The words of the newest poll of ``capability``."""
        return {field: dict(counts) for field, counts in self._words.get(capability, {}).items()}
