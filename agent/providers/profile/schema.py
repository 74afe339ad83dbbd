"""The schema of a profile's YAML: the description of one provider's read API.

Paths are dotted (``data.items``); names in braces are filled in: ``{key}`` a credential or
option, ``{number}`` the requested number, ``{since}`` the start of a window of calls, ``{page}``
the page of a listing;
``{name|filter}`` passes the value through a filter.
"""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from agent.config.section import Section
from agent.providers.profile.field_schema import Conditions, NestedRecords, RecordList, Rule, Word
from agent.providers.profile.push_schema import PushSection
from agent.providers.profile.request_schema import Address, Body, Paging, RateLimitSection, Window
from agent.providers.signing.section import Signing, SigningText
from agent.states import BindingState
from agent.yamlfile.values import Duration

_DAY: Final = 86_400.0


class Envelope(Section):
    """How an answer reports an error, with HTTP 200 or in the body of an error status."""

    code: str
    """The path of the code."""
    ok: list[Word] = Field(default_factory=list)
    """Codes of success."""
    absent_is_ok: bool = False
    """Whether an answer without a code is a success."""
    message: str | None = None
    """The path of the provider's message; it is shown without credentials and phones."""
    errors: dict[str, Literal["auth", "throttle", "not_found", "fatal"]] = Field(
        default_factory=dict
    )
    """The meaning of codes, on every HTTP status; one that is not listed is ``fatal`` on 200. A
    code that ends in ``*`` is the beginning of codes (``Throttling*``)."""
    not_found_message: str | None = None
    """A regular expression (RE2) in messages that say that the number does not exist."""


class Operation(Section):
    """One read of the API and the fields of its records."""

    path: str
    base_url: Address | None = None
    """The host of this operation where it is another one than the profile's."""
    method: Literal["GET", "POST"] = "GET"
    read: bool = False
    """Confirms that a POST only reads; without it a POST is refused."""
    query: dict[str, Word] = Field(default_factory=dict)
    headers: dict[str, SigningText] = Field(default_factory=dict)
    """Sent beside the profile's headers, or in place of those of the same name."""
    body: Body | None = None
    """Sent as JSON (POST only): texts are templates, other values are sent as they are written."""
    form: dict[str, Word] | None = None
    """Sent as a form (POST only)."""
    signing: Signing | None = None
    """Its keys replace those of the profile's section; with ``replace: true`` the whole of it."""
    not_found_status: list[int] = Field(default_factory=list)
    """HTTP statuses that mean that the number does not exist."""
    envelope: Envelope | None = None
    """Overrides the profile's."""
    paging: Paging = Paging()
    rate_limit: RateLimitSection | None = None
    """The provider's limit for this operation, beside the profile's for all."""
    cost: Annotated[float, Field(gt=0, le=1_000_000)] | None = None
    """What one request costs, where it is asked once per phone: the account's ``daily_budget``
    decides how many are sent."""
    every: Duration | None = None
    """The least time between two requests about the same phone; a day where they cost money."""
    max_age: Duration | None = None
    """How long an answer about a phone holds; twice ``every`` without it."""
    only_mobiles: bool = False
    """Asks for mobile phones only."""
    absent_state: BindingState | None = None
    """In reachability: the state of a phone that the provider does not know; with ``extensions``
    that of an extension of the inventory which a whole listing lacks."""
    extensions: bool = False
    """In reachability: the records are extensions that do not say whose they are. They give states
    to the inventory's phones; a number without phones there is one whose phones are not known."""
    window: Window | None = None
    """In calls: the stretches of time that are asked for; a duration is the largest of them."""
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
    merge: Annotated[list["MergedOperation"], Field(max_length=5)] = Field(default_factory=list)
    """Further operations whose fields are laid over these, record by record."""

    @property
    def asked_every(self) -> float:
        """The least seconds between two requests about the same phone."""
        if self.every is not None:
            return self.every
        return _DAY if self.cost else 0.0

    @property
    def answer_max_age(self) -> float:
        """Seconds for which an answer about a phone holds."""
        if self.max_age is not None:
            return self.max_age
        return 2 * self.asked_every or _DAY


class MergedOperation(Operation):
    """A read whose fields complete the facts of another; where it fails, only these are unknown."""

    by: list[str] | None = None
    """The fields that say which records belong together; the number without it, and for phones the
    id too."""


class Login(Section):
    """A request that gets a token, which the ``signing`` section places as ``{token}``.

    It is sent before the first request, shortly before the token ends, and once after a request
    was refused; a profile whose ``signing`` places nothing sends the token as ``Bearer``.
    """

    path: str
    method: Literal["GET", "POST"] = "POST"
    base_url: Address | None = None
    """The host of the login where it is another one than the profile's."""
    query: dict[str, SigningText] = Field(default_factory=dict)
    headers: dict[str, SigningText] = Field(default_factory=dict)
    body: Body | None = None
    """Sent as JSON (POST only)."""
    form: dict[str, SigningText] | None = None
    """Sent as a form (POST only)."""
    signing: Signing = Signing()
    """How the login itself is authenticated; the profile's section does not hold for it."""
    envelope: Envelope | None = None
    """How its answer reports an error with HTTP 200; without it the profile's."""
    token: str | None = None
    """The path of the token in the answer."""
    token_header: str | None = None
    """The header of the answer that holds the token."""
    expires_in: str | None = None
    """The path of the token's lifetime in seconds."""
    expires_at: str | None = None
    """The path of the time at which it ends: ISO 8601, or seconds or milliseconds since 1970."""
    lifetime: Annotated[int, Field(ge=1, le=31_536_000)] = 3600
    """Seconds; the lifetime where the answer has none."""


class Profile(Section):
    """The description of one provider's API."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    title: str
    base_url: Address | None = None
    """The base URL of the API; where it is missing, the configuration must have it."""
    credentials: list[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]] = Field(
        default_factory=list
    )
    """The names of the credentials that an account must have."""
    options: dict[str, str] = Field(default_factory=dict)
    """Further names for templates, with their defaults."""
    headers: dict[str, SigningText] = Field(default_factory=dict)
    """Sent with every request but the login."""
    rate_limit: RateLimitSection | None = None
    """The provider's limit for all requests of one account, logins included."""
    signing: Signing = Signing()
    login: Login | None = None
    """Gets a token before the other requests."""
    envelope: Envelope | None = None
    account: Operation | None = None
    """The state of the account as a whole."""
    numbers: Operation | None = None
    routing: Operation | None = None
    phones: Operation | None = None
    """The bound phones, where ``reachability`` is asked once for each of them."""
    reachability: Operation | None = None
    balance: Operation | None = None
    calls: Operation | None = None
    pushes: PushSection | None = None
    """What the provider posts to the agent."""


def operations_of(profile: Profile) -> Iterator[tuple[tuple[str | int, ...], Operation]]:
    """Every operation with its key, those that are merged into another after it."""
    for name in type(profile).model_fields:
        operation = getattr(profile, name)
        if isinstance(operation, Operation):
            yield (name,), operation
            yield from (
                ((name, "merge", index), merged) for index, merged in enumerate(operation.merge)
            )
