"""What a change of the configuration does to calls that arrive now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from agent.baselines.baseline import Baseline
from agent.baselines.drift import Difference
from agent.diagnosis.case import Case
from agent.diagnosis.configuration import Configured, present, wait_is_short
from agent.diagnosis.deciders.capacity import over_limit
from agent.diagnosis.outcomes import answered_share, recent
from agent.model import Binding
from agent.states import REACHABLE_STATES, BindingState, Cause, ConfigSection

BLOCKED, NARROWED, UNREACHABLE, HURRIED = 0.9, 0.7, 0.75, 0.65
ANSWERED = 0.5
ANYONE = (
    "13800138000",
    "15900159000",
    "17700177000",
    "18600186000",
    "01088888888",
    "02188888888",
    "02888888888",
    "075588888888",
)
"""Callers of several carriers and areas, to see whom a list or a region rule stops."""


@dataclass(frozen=True)
class Effect:
    """What a change does to calls."""

    cause: Cause
    detail: str
    confidence: float


def effect_of(case: Case, baseline: Baseline, found: Sequence[Difference]) -> Effect | None:
    """Why calls fail now that would have got through as approved; ``None`` if they do not."""
    now, was = present(case), Configured(baseline.routing, baseline.bindings)
    sections = frozenset(difference.section for difference in found)
    effects = (rule(case, now, was, sections) for rule in _RULES)
    return next((effect for effect in effects if effect is not None), None)


_Sections = frozenset[ConfigSection]
_Rule = Callable[[Case, Configured, Configured, _Sections], Effect | None]


def _stopped(case: Case, now: Configured, was: Configured, _sections: _Sections) -> Effect | None:
    """The call asked about is stopped; as approved it was not."""
    path = now.leads(case)
    if path.obstacle is None or was.leads(case).obstacle is not None:
        return None
    return Effect(path.obstacle, path.why, BLOCKED)


def _narrowed(case: Case, now: Configured, was: Configured, sections: _Sections) -> Effect | None:
    """A list or a region rule stops half of all callers that it did not stop."""
    if case.caller or not sections & {ConfigSection.LISTS, ConfigSection.REGION}:
        return None
    paths = [
        (now.leads(anyone), was.leads(anyone))
        for anyone in (replace(case, caller=caller) for caller in ANYONE)
    ]
    stopped = [path for path, before in paths if path.obstacle and not before.obstacle]
    if len(stopped) < len(ANYONE) / 2 or stopped[0].obstacle is None:
        return None
    return Effect(stopped[0].obstacle, stopped[0].why, NARROWED)


def _no_phone(case: Case, now: Configured, was: Configured, _sections: _Sections) -> Effect | None:
    """No phone that is rung now can take a call; one that would be rung as approved might."""
    if now.bound is None or was.bound is None:
        return None
    rung, before = _rung(case, now, now.bound), _rung(case, was, was.bound)
    if not rung or any(_may_take(phone) for phone in rung):
        return None
    states = {phone.phone: phone.state for phone in now.bound}
    could = [it for it in before if states.get(it.phone, BindingState.UNKNOWN) in _MAY_TAKE]
    worst = rung[0].state.value
    gone = [phone for phone in could if phone.phone not in states]
    new = {phone.phone for phone in rung} - {phone.phone for phone in before}
    if not could or not (new or gone or len(rung) < len(before)):
        return None
    told = "the new phone is" if new else "the phone that is left is"
    return Effect(Cause.CONFIG_CHANGED, f"{told} {worst}", UNREACHABLE)


def _fewer_lines(
    case: Case, now: Configured, was: Configured, _sections: _Sections
) -> Effect | None:
    """Calls are turned away over a limit that was higher."""
    if now.routing is None or was.routing is None or over_limit(case) is None:
        return None
    limit, before = now.routing.concurrency_limit, was.routing.concurrency_limit
    if limit is None or before is None or limit >= before:
        return None
    return Effect(Cause.CAPACITY_EXCEEDED, f"at most {limit} calls at once", NARROWED)


def _shorter_wait(
    case: Case, now: Configured, was: Configured, _sections: _Sections
) -> Effect | None:
    """Callers are given up sooner than anyone can answer, and nobody is seen to answer."""
    if now.routing is None or was.routing is None:
        return None
    if not wait_is_short(now.routing, now.bound) or wait_is_short(was.routing, was.bound):
        return None
    share = answered_share(recent(case))
    if share is not None and share >= ANSWERED:
        return None
    detail = f"callers are given up after {now.routing.wait_seconds:g} s"
    return Effect(Cause.WAIT_TOO_SHORT, detail, HURRIED)


_RULES: Sequence[_Rule] = (_stopped, _narrowed, _no_phone, _fewer_lines, _shorter_wait)
_MAY_TAKE = REACHABLE_STATES | {BindingState.UNKNOWN}


def _may_take(phone: Binding) -> bool:
    return phone.state in _MAY_TAKE


def _rung(case: Case, configured: Configured, bound: Sequence[Binding]) -> list[Binding]:
    hours = configured.with_hours(case)
    return [phone for phone in bound if phone.id in hours]
