"""The cause that something heard speaks for, beside what the interface says.

Whether callers report it or a test call heard it, the same words have the same causes.
"""

from collections.abc import Callable, Mapping
from typing import Final

from agent.diagnosis.configuration import OPEN_ROUTING, current_configuration, is_wait_short
from agent.diagnosis.deciders.bound_phones import ringing_phones
from agent.diagnosis.number_diagnosis import NumberDiagnosis
from agent.diagnosis.prompts import Prompt
from agent.model import Routing
from agent.states import IN_SERVICE_STATES, REACHABLE_STATES, Capability, Cause

FEW_LINES: Final = 2
"""With so few lines, what is heard as busy is rather the lines than the phones."""


def cause_of(diagnosis: NumberDiagnosis, prompt: Prompt) -> Cause:
    """The first cause of what was heard that the facts do not exclude, else the last."""
    possible = (cause for cause in prompt.causes if not _is_excluded(diagnosis, cause))
    return next(possible, prompt.causes[-1])


def _is_excluded(diagnosis: NumberDiagnosis, cause: Cause) -> bool:
    """Whether fresh facts speak against ``cause``; causes of phones are never excluded.

    What an interface says of a phone behind the number is weaker than what callers hear there.
    """
    if cause.value.startswith("number_"):
        is_fresh = diagnosis.is_fresh(Capability.NUMBERS)
        return is_fresh and diagnosis.result.number_state(diagnosis.number) in IN_SERVICE_STATES
    if cause is Cause.CONFIG_CHANGED:
        return not diagnosis.result.differences(diagnosis.number)
    if cause is Cause.WAIT_TOO_SHORT:
        configuration = current_configuration(diagnosis)
        return not is_wait_short(configuration.routing or OPEN_ROUTING, configuration.bound)
    possible = _POSSIBLE_BY_ROUTING.get(cause)
    return possible is not None and not possible(diagnosis.routing or OPEN_ROUTING)


_POSSIBLE_BY_ROUTING: Final[Mapping[Cause, Callable[[Routing], object]]] = {
    Cause.CAPACITY_EXCEEDED: lambda it: (
        it.landing_forwarded or (it.concurrency_limit or FEW_LINES + 1) <= FEW_LINES
    ),
    Cause.REGION_BLOCKS_CALLER: lambda it: it.region_allow or it.region_deny,
    Cause.WHITELIST_BLOCKS_CALLER: lambda it: it.whitelist_enabled,
    Cause.LIST_BLOCKS_CALLER: lambda it: it.blacklist,
}
"""What a configuration must have for a cause to be possible."""


def is_contradicted(diagnosis: NumberDiagnosis, cause: Cause) -> bool:
    """Whether the interface says that what ``cause`` is about is in order."""
    if not cause.value.startswith("binding_"):
        return diagnosis.is_fresh(Capability.NUMBERS) and cause is not Cause.VOICE_QUALITY
    phones = ringing_phones(diagnosis)
    fresh = diagnosis.is_fresh(Capability.REACHABILITY)
    return fresh and any(phone.state in REACHABLE_STATES for phone in phones.values())
