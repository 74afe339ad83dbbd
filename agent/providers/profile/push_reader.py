"""Reads the messages that a provider pushes into facts, as its profile describes them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent.net.exchange import ProviderError
from agent.providers.profile.conditions import Conditions, UnfitError
from agent.providers.profile.mapping import MappedPage, RecordMapper
from agent.providers.profile.misfits import keys_at
from agent.providers.profile.push_schema import PushKind, PushSection, fact_of
from agent.providers.profile.push_targets import PUSH_TARGETS
from agent.providers.profile.record_lists import NoRecordsError, RecordFinder
from agent.providers.profile.schema import Operation
from agent.providers.pushed import PushedCall, PushedFact, PushedKind
from agent.states import PollFailure

MOST_RECORDS = 5000
"""Records in one message; they are mapped on the event loop's worker thread."""


# No repr: it would put every number, and people's phones, into a traceback or a log line.
@dataclass(frozen=True, repr=False)
class PushRead:
    """What one message has."""

    kind: str
    """The kind's name in the profile."""
    fact: PushedKind
    page: MappedPage

    @property
    def facts(self) -> list[PushedFact]:
        """The facts, in the order of the message."""
        return self.page.facts

    @property
    def tell_apart(self) -> bool:
        """Whether each fact tells itself from a later one that looks the same."""
        return all(isinstance(it, PushedCall) or it.at is not None for it in self.facts)


@dataclass(frozen=True)
class _Kind:
    name: str
    fact: PushedKind
    conditions: Conditions
    finder: RecordFinder
    mapper: RecordMapper


class PushReader:
    """Reads the messages of one profile; for use in one thread at a time.

    Args:
        section: The profile's section.
        clock: Epoch seconds.
    """

    def __init__(self, section: PushSection, clock: Callable[[], float]) -> None:
        self._kinds = [_compiled(name, kind, clock) for name, kind in section.kinds.items()]

    def read(self, tree: Any) -> PushRead | None:
        """The facts in a decoded message; ``None`` where no kind of the profile describes it.

        Raises:
            ProviderError: when the message is of a kind and has not what the kind needs.
        """
        kind = next((it for it in self._kinds if _is_of(it, tree)), None)
        if kind is None:
            return None
        try:
            records = kind.finder.records(tree)
        except NoRecordsError as missing:
            where = ".".join(missing.path) or "the top"
            text = f"{kind.name}: no records at {where}; {keys_at(tree, missing.path)}"
            raise ProviderError(PollFailure.SCHEMA, text) from None
        if len(records) > MOST_RECORDS:
            text = f"{kind.name}: more than {MOST_RECORDS} records in one message"
            raise ProviderError(PollFailure.TOO_MANY, text)
        return PushRead(kind.name, kind.fact, kind.mapper.map_page(records))


def as_operation(kind: PushKind) -> Operation:
    """The records and fields of a kind as those of an operation, which are described alike."""
    return Operation(
        path="/",
        records=kind.records,
        each=kind.each,
        keep=kind.keep,
        skip=kind.skip,
        skip_without=kind.skip_without,
        fields=kind.fields,
    )


def _compiled(name: str, kind: PushKind, clock: Callable[[], float]) -> _Kind:
    operation, fact = as_operation(kind), fact_of(name, kind)
    mapper = RecordMapper(PUSH_TARGETS[fact], operation, clock)
    return _Kind(name, fact, Conditions(kind.when, clock), RecordFinder(operation), mapper)


def _is_of(kind: _Kind, tree: Any) -> bool:
    if not kind.conditions:
        return True
    try:
        return kind.conditions.all_hold(tree) is True
    except (UnfitError, ProviderError):
        return False
