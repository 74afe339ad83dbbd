"""Why an action on a ticket is refused: in English with codes, and in words in either language."""

from collections.abc import Mapping

from agent.i18n import ENGLISH, Message, Text


class RefusalError(Exception):
    """A refusal of what somebody asked for.

    ``str()`` of it is English and names codes, as programs and logs read it; :meth:`text` is for
    people.

    Args:
        problem: What is wrong, and what is expected.
        field: The field that is wrong; empty where it is none.
        words: Values of ``problem`` for people, where its own are codes.
    """

    def __init__(
        self, problem: Message, field: str = "", words: Mapping[str, Text | str] | None = None
    ) -> None:
        self.field = field
        self._problem = problem.with_values(**(words or {}))
        english = problem.text(ENGLISH)
        super().__init__(f"{field}: {english}" if field else english)

    def text(self, locale: str) -> str:
        """What is wrong, in words, after the name of the field."""
        text = self.problem(locale)
        return f"{self.field}: {text}" if self.field else text

    def problem(self, locale: str) -> str:
        """What is wrong, in words, without the name of the field."""
        return self._problem.text(locale)
