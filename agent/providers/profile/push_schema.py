"""The ``pushes`` section of a profile: what the provider posts to the agent, and how it proves it.

The records and fields of a message are described as those of an answer are.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from agent.config.section import Section
from agent.providers.profile.field_schema import Conditions, NestedRecords, RecordList, Rule
from agent.providers.profile.request_schema import Body
from agent.providers.pushed import PushedKind
from agent.providers.signing.section import Digest, SigningText, Stamp
from agent.yamlfile.values import Duration


class Place(Section):
    """Where a text is in a request: one of these."""

    header: str | None = None
    """The name of a header."""
    query: str | None = None
    """The name of a parameter of the query."""
    field: str | None = None
    """The path of a value in the body."""


class TimeStamp(Place):
    """The time at which the provider made the message, as ``{timestamp}`` covered by a digest."""

    format: Stamp = "seconds"
    """How the time is written."""
    zone: str | None = None
    """The offset of a time that has none, for example ``"+08:00"``."""
    window: Annotated[Duration, Field(ge=1, le=3600)] = 300.0
    """By how much it may differ from the agent's clock."""


class PushAuth(Place):
    """How a message is proven: what the provider sends at this place must be what is expected."""

    basic: bool = False
    """HTTP Basic credentials: the account's ``pushes.user`` and ``pushes.secret``."""
    expected: SigningText = "{secret}"
    """The text that must be there: a template of ``{secret}`` and ``{user}`` of the account's
    section ``pushes``, its credentials, the profile's options, ``{method}``, ``{path}``,
    ``{query}``, ``{body}``, ``{timestamp}``, the ``values`` and the ``digests``."""
    digests: list[Digest] = Field(default_factory=list)
    """As in ``signing``."""
    values: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Place] = Field(
        default_factory=dict
    )
    """Further texts of the request by the name that templates use."""
    timestamp: TimeStamp | None = None
    """Without it an old message is only recognized by its id or content."""


class PushKind(Section):
    """One kind of message: which it is, its records and their fields."""

    fact: PushedKind | None = None
    """What its records are; without it the kind must be named ``numbers``, ``reachability`` or
    ``calls``."""
    when: Conditions = Field(default_factory=dict)
    """Conditions by path of the body; the first kind for which all hold is the message's."""
    records: NestedRecords = RecordList(path="")
    """The path of the records: a list, or one object; or a section that says more."""
    each: NestedRecords | None = None
    """The path of nested records in a record, one fact each; the outer record is then ``^``."""
    keep: Conditions = Field(default_factory=dict)
    """Only records for which all of these conditions hold, by path."""
    skip: Conditions = Field(default_factory=dict)
    """No records for which any of these conditions holds."""
    skip_without: str | None = None
    """A field; records without it are left out and not counted as invalid."""
    fields: dict[str, Rule]


class PushSection(Section):
    """What the provider posts to ``/hooks/providers/{provider}/{account}``."""

    auth: PushAuth
    format: Literal["json", "form"] = "json"
    """What the body is."""
    id: Place | None = None
    """The message's id; without one its content tells a repeat."""
    kinds: Annotated[dict[str, PushKind], Field(min_length=1, max_length=20)]
    """The kinds of messages by name, in the order in which they are tried."""
    reply: Body | None = None
    """The JSON that the provider wants to see as the answer to a message that was taken."""


def fact_of(name: str, kind: PushKind) -> Any:
    """What the records of the kind ``name`` are; ``None`` where neither it nor its name says."""
    return kind.fact or (name if name in {"numbers", "reachability", "calls"} else None)
