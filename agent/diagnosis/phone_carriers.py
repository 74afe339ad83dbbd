"""Bound phones that fail together, grouped by their own carrier.

A carrier whose network fails takes its phones out of reach whoever holds them, behind whatever
number (docs/reference/domain.md §2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from agent.checks.result import CheckResult
from agent.diagnosis.failure_groups import TOGETHER, Group
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.masking import mask_phone
from agent.model import Binding
from agent.states import REACHABLE_STATES, BindingState, Capability

FAILING_STATES: Final = frozenset(
    {
        BindingState.OFF,
        BindingState.OUT_OF_AREA,
        BindingState.NO_ANSWER,
        BindingState.BARRED,
        BindingState.NONEXISTENT,
    }
)
"""States that a fault of the phone's carrier may cause; others are the holder's own doing."""
MANY: Final = 3
"""Phones failing together that show a common root (docs/reference/domain.md §2)."""
SHARE: Final = 0.5
"""The least share of the carrier's phones that fails."""
SHARE_UNCONTRASTED: Final = 0.8
"""The same where no phone of another carrier is known to work."""
CONTRARY_SHARE: Final = 0.2
"""The most of the other carriers' phones that fails."""
SAMPLE_SIZE: Final = 2000
"""Numbers of an account whose phones are examined, evenly spread over a large account."""


@dataclass(frozen=True)
class _Phone:
    phone: str
    """Personal: masked wherever it is shown."""
    carrier: str
    fails: bool
    since: float | None


def group_of_carrier(
    diagnosis: NumberDiagnosis, label: str, phone: Binding
) -> tuple[Group, Group] | None:
    """The phones of the carrier of ``phone`` and those of others, if that carrier is the root."""
    if not phone.carrier or phone.state not in FAILING_STATES:
        return None
    since = diagnosis.result.binding_since.get((diagnosis.number, label))
    own: dict[str, bool] = {}
    others: dict[str, bool] = {}
    for result in diagnosis.context.select():
        if result.is_fresh(Capability.REACHABILITY, diagnosis.context.now):
            for it in _phones_of(result):
                fails = it.fails and _is_together(it.since, since)
                (own if it.carrier == phone.carrier else others)[it.phone] = fails
    same, rest = _group(phone.carrier, own), _group("others", others)
    least = SHARE if rest.working else SHARE_UNCONTRASTED
    is_root = len(same.failing) >= MANY and same.share >= least
    return (same, rest) if is_root and rest.share <= CONTRARY_SHARE else None


def _is_together(at: float | None, since: float | None) -> bool:
    """Whether two changes are no more than half an hour apart, or one was not observed."""
    return at is None or since is None or abs(at - since) <= TOGETHER


def _group(name: str, phones: Mapping[str, bool]) -> Group:
    failing = [mask_phone(phone) for phone, fails in phones.items() if fails]
    working = [mask_phone(phone) for phone, fails in phones.items() if not fails]
    return Group("phones of carrier", name, failing, working)


# A check result never changes, so its phones are gathered once for all numbers that fail.
_CACHE: Final[WeakKeyDictionary[CheckResult, Sequence[_Phone]]] = WeakKeyDictionary()


def _phones_of(result: CheckResult) -> Sequence[_Phone]:
    """The phones whose carrier and state are known, each number's once."""
    if result not in _CACHE:
        step = max(1, len(result.names) // SAMPLE_SIZE)
        _CACHE[result] = [
            _Phone(
                phone.phone,
                phone.carrier,
                phone.state in FAILING_STATES,
                result.binding_since.get((number, label)),
            )
            for number in result.names[::step]
            for label, phone in (result.bindings(number) or {}).items()
            if phone.carrier and (phone.state in FAILING_STATES or phone.state in REACHABLE_STATES)
        ]
    return _CACHE[result]
