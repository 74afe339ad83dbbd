"""The table of lints. Each is one small function, put into the table by :func:`lint`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from agent.lints.facts import AccountFacts, NumberFacts, Values
from agent.lints.finding import Level, Words

NumberCheck = Callable[[NumberFacts], Values | None]
AccountCheck = Callable[[AccountFacts], Values | None]


@dataclass(frozen=True)
class Lint:
    """One rule of domain.md §4."""

    id: str
    level: Level
    title: Words
    """What is wrong, in a few words."""
    text: Words
    """The same for one case, with names in braces for its values."""
    needs: int
    """Members of ``Needs``; a plain number, because it is compared very often."""
    check: Callable[[Any], Values | None]
    of_account: bool

    @property
    def bit(self) -> int:
        """Its place in a number's findings."""
        return 1 << int(self.id[1:])

    def words(self, values: Values) -> Words:
        """The text for one case."""
        return Words(self.text.en.format(**values), self.text.zh.format(**values))


_TABLE: Final[dict[str, Lint]] = {}


def lint(
    name: str, level: Level, title: Words, text: Words, needs: int = 0
) -> Callable[[NumberCheck], NumberCheck]:
    """Put a check of numbers into the table."""

    def put(check: NumberCheck) -> NumberCheck:
        _add(Lint(name, level, title, text, int(needs), check, of_account=False))
        return check

    return put


def account_lint(
    name: str, level: Level, title: Words, text: Words
) -> Callable[[AccountCheck], AccountCheck]:
    """Put a check of accounts into the table."""

    def put(check: AccountCheck) -> AccountCheck:
        _add(Lint(name, level, title, text, 0, check, of_account=True))
        return check

    return put


def _add(made: Lint) -> None:
    if made.id in _TABLE:
        raise ValueError(f"there are two lints {made.id}")
    _TABLE[made.id] = made


LINTS: Final = _TABLE
"""Every lint by its id."""
