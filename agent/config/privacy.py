"""How long data about people is kept, by kind.

Evidence, the audit log and the history have their own keys: ``evidence.keep``, ``web.audit_keep``
and ``history.keep``.
"""

from typing import Annotated, Final

from pydantic import Field

from agent.config.section import Section
from agent.yamlfile.values import Duration

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_MOST: Final = 3660 * _DAY
"""Seconds: ten years."""


class Privacy(Section):
    """How long data about people is kept; what is older is purged every hour, in small steps."""

    callers: Annotated[Duration, Field(ge=_DAY, le=_MOST)] = 180.0 * _DAY
    """How long the numbers of callers are kept in full after the ticket of their complaint is
    closed; disputes about charges reach the regulator within five months."""
    complaints: Annotated[Duration, Field(ge=30 * _DAY, le=_MOST)] = 730.0 * _DAY
    """How long after that it is kept who complained and what was written about it; other disputes
    reach the regulator within two years. What, when and with which outcome stays for statistics."""
    tickets: Annotated[Duration, Field(ge=30 * _DAY, le=_MOST)] = 1095.0 * _DAY
    """How long names, contacts and words of people are kept in a ticket after it is closed, and
    what sinks could never be sent of it. The fault, its times and its clocks stay."""
    deliveries: Annotated[Duration, Field(ge=_DAY, le=30 * _DAY)] = 30.0 * _DAY
    """How long what sinks were sent is kept, and who was notified by phone, mail or message."""
    call_records: Annotated[Duration, Field(ge=_HOUR, le=2 * _DAY)] = 2.0 * _DAY
    """How long pushed call records are kept; an older record is counted no more."""
    pushed_states: Annotated[Duration, Field(ge=30 * _DAY, le=400 * _DAY)] = 400.0 * _DAY
    """How long pushed states of numbers and their phones are kept; some providers tell states by
    pushes alone."""
