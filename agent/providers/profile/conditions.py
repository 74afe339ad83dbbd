"""Conditions of a profile on the values of a record, compiled.

A condition holds, does not hold, or is not decided because there is no value: what is not known
fulfils nothing, so that a key that a provider renames is not taken for a value of another kind.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agent.providers.profile.converters import CONVERTERS
from agent.providers.profile.field_schema import Condition, FieldRule
from agent.providers.profile.json_path import (
    MISSING,
    EmbeddedJsonError,
    Path,
    follow,
    path_of,
    scalar_text,
)
from agent.providers.profile.patterns import searcher

TIME_CONVERTERS: Final = ("compact", "epoch", "epoch_ms", "epoch_s", "iso", "rfc2822")
"""Converters that give a time."""

Clock = Callable[[], float]

_SCALARS: Final = frozenset({str, int, float, bool})
_LONGEST_WORD: Final = 64


class UnfitError(ValueError):
    """The value at ``path`` is not what it must be; ``expected`` says that in words."""

    def __init__(self, path: Path, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.path = path
        self.expected = expected


def read_value(record: Any, path: Path) -> Any:
    """The value at ``path``, or ``MISSING``.

    Raises:
        UnfitError: when a text on the way is not JSON.
    """
    try:
        return follow(record, path)
    except EmbeddedJsonError:
        raise UnfitError(path[: path.index("@json")], "JSON in it") from None


@dataclass(frozen=True)
class _Test:
    """One condition on the value at one path."""

    path: Path
    exists: bool | None
    any_of: frozenset[str] | None
    none_of: frozenset[str]
    matches: Callable[[str], bool] | None
    past: bool | None
    moment: Callable[[Any], float]
    kinds: frozenset[type]
    clock: Clock

    def holds(self, record: Any) -> bool | None:
        """Whether it holds; ``None`` where there is no value to decide on.

        Raises:
            UnfitError: when the value is of a kind that cannot be tested.
        """
        raw = read_value(record, self.path)
        absent = raw is None or raw is MISSING or raw == ""
        if self.exists is not None:
            if self.exists == absent:
                return False
            if absent or not self._has_more:
                return True
        if absent and not (raw == "" and self.any_of is not None and "" in self.any_of):
            return None
        return self._holds_for(raw)

    @property
    def _has_more(self) -> bool:
        return (
            self.any_of is not None
            or bool(self.none_of)
            or self.matches is not None
            or self.past is not None
        )

    def _holds_for(self, raw: Any) -> bool:
        if type(raw) not in _SCALARS:
            raise UnfitError(self.path, "a word")
        word = scalar_text(raw)
        if self.any_of is not None and word not in self.any_of:
            return False
        if word in self.none_of or (self.matches is not None and not self.matches(word)):
            return False
        return self.past is None or self.past == self._is_past(raw)

    def _is_past(self, raw: Any) -> bool:
        try:
            if type(raw) not in self.kinds:
                raise ValueError("not a time")  # noqa: TRY301 - said as what does not convert
            return self.moment(raw) <= self.clock()
        except ValueError:
            raise UnfitError(self.path, "a time") from None


class Conditions:
    """Several conditions on one record."""

    def __init__(self, conditions: Mapping[str, Condition], clock: Clock) -> None:
        self._tests = [_test(path, each, clock) for path, each in conditions.items()]
        self.paths = tuple(test.path for test in self._tests)
        """The paths of the values, in order."""
        self.use_clock = any(test.past is not None for test in self._tests)
        """Whether the same record may give another result later."""

    def __bool__(self) -> bool:
        return bool(self._tests)

    def all_hold(self, record: Any) -> bool | None:
        """Whether all hold; ``None`` where none fails and one is not decided.

        Raises:
            UnfitError: when a value is of a kind that cannot be tested.
        """
        results = [test.holds(record) for test in self._tests]
        if False in results:
            return False
        return None if None in results else True

    def any_holds(self, record: Any) -> bool:
        """Whether one of them holds.

        Raises:
            UnfitError: when a value is of a kind that cannot be tested.
        """
        return any(test.holds(record) for test in self._tests)

    def undecided(self, record: Any) -> Path:
        """The path of the first that has no value."""
        return next((test.path for test in self._tests if test.holds(record) is None), ())

    def words(self, record: Any) -> list[str]:
        """The words that are tested, where there are any; times are not among them."""
        values = (follow(record, test.path) for test in self._tests if test.past is None)
        return [scalar_text(value)[:_LONGEST_WORD] for value in values if type(value) in _SCALARS]

    def has_value(self, record: Any) -> bool:
        """Whether the record has a value at one of the paths."""
        return any(follow(record, path) not in (None, MISSING, "") for path in self.paths)


def _test(path: str, condition: Condition, clock: Clock) -> _Test:
    converter = CONVERTERS[condition.convert or "iso"](FieldRule(zone=condition.zone))
    return _Test(
        path=path_of(path),
        exists=condition.exists,
        any_of=None if condition.any_of is None else frozenset(condition.any_of),
        none_of=frozenset(condition.none_of or ()),
        matches=None if condition.match is None else searcher(condition.match),
        past=condition.past,
        moment=converter.convert,
        kinds=converter.kinds,
        clock=clock,
    )


def join_words(words: Iterable[str]) -> str:
    """Several tested words as one, for counting."""
    return "/".join(words)[:_LONGEST_WORD]
