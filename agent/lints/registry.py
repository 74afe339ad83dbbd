"""The table of lints. Each lint is one small function, entered by :func:`lint`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from agent.i18n import Message, Text
from agent.lints.facts import AccountFacts, NumberFacts
from agent.lints.finding import Level

Values = dict[str, object]
Result = Values | Text | None
"""``None`` where nothing is wrong; else the values of the lint's text, or a text of its own."""
NumberCheck = Callable[[NumberFacts], Result]
AccountCheck = Callable[[AccountFacts], Result]


@dataclass(frozen=True)
class Lint:
    """One rule of docs/reference/domain.md §4."""

    id: str
    level: Level
    title: Message
    """What is wrong, in a few words."""
    template: Message
    """The text about one case; its placeholders are the values that the check returns."""
    needs: int
    """Members of ``Needs``; a plain number, because it is compared very often."""
    check: Callable[[Any], Result]
    of_account: bool

    @property
    def bit(self) -> int:
        """The bit that stands for this lint in a number's findings."""
        return 1 << int(self.id[1:])

    def message(self, result: Values | Text) -> Text:
        """The text about the case that the check returned ``result`` for."""
        return self.template.with_values(**result) if isinstance(result, dict) else result


_TABLE: Final[dict[str, Lint]] = {}


def lint(
    name: str, level: Level, title: Message, template: Message | None = None, needs: int = 0
) -> Callable[[NumberCheck], NumberCheck]:
    """Enter a check of numbers into the table; without ``template`` the check returns the text."""

    def enter(check: NumberCheck) -> NumberCheck:
        _add(Lint(name, level, title, template or title, int(needs), check, of_account=False))
        return check

    return enter


def account_lint(
    name: str, level: Level, title: Message, template: Message | None = None
) -> Callable[[AccountCheck], AccountCheck]:
    """Enter a check of accounts into the table; without ``template`` the check returns the text."""

    def enter(check: AccountCheck) -> AccountCheck:
        _add(Lint(name, level, title, template or title, 0, check, of_account=True))
        return check

    return enter


def _add(entry: Lint) -> None:
    if entry.id in _TABLE:
        raise ValueError(f"there are two lints {entry.id}")
    _TABLE[entry.id] = entry


LINTS: Final = _TABLE
"""Every lint by its id."""
