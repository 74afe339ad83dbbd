"""The ``signing`` section of a profile and of its operations: how requests are authenticated.

Texts are templates. Beside the account's credentials and the profile's options they may use
``{timestamp}``, ``{date}``, ``{date_compact}`` and ``{nonce}``, the request's ``{method}``,
``{host}``, ``{path}``, ``{query}``, ``{parameters}`` and ``{body}``, digests that were named
before, and ``{token}`` where the profile has a ``login``.
"""

from typing import Annotated, Literal

from pydantic import Field

from agent.config.section import Section
from agent.yamlfile.schema import ValueType

Algorithm = Literal["md5", "sha1", "sha256", "sha384", "sha512", "none"]
Encoding = Literal["hex", "hex_upper", "base64", "base64url", "raw"]
Stamp = Literal["seconds", "milliseconds", "iso", "iso_compact", "compact", "text", "http"]
Nonce = Literal["hex", "digits", "uuid"]
SignerName = Literal["none", "acs3", "tc3", "volc4", "huawei_sdk_hmac", "wsse"]

SigningText = Annotated[str, ValueType("text", "text, digits in quotes", private=True)]
"""Text that may contain a credential, so that no error repeats it."""

_CredentialName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Digest(Section):
    """A digest that later templates may use by its name."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")] = "signature"
    algorithm: Algorithm = "sha256"
    """``none`` only encodes the message."""
    key: SigningText | None = None
    """Makes it an HMAC under this key; without a key it is a plain hash."""
    message: SigningText
    encoding: Encoding = "hex"
    """``raw`` gives bytes, for the key or the message of a later digest."""


class Basic(Section):
    """HTTP Basic credentials."""

    user: SigningText
    password: SigningText


class Parameters(Section):
    """How ``{parameters}`` joins the request's parameters into one text."""

    source: Literal["all", "query", "body"] = "all"
    """Where they are taken from; of a JSON body its members."""
    order: Literal["name", "sent"] = "name"
    """Sorted by name, then value, or in the order in which they are sent."""
    pair: str = "="
    """Between a name and its value."""
    join: str = "&"
    """Between two parameters."""
    encode: Literal["none", "url", "form"] = "none"
    """How names and values are encoded, as the filters of these names do."""
    skip: list[str] = Field(default_factory=list)
    """Names that are left out."""
    skip_empty: bool = False
    """Leaves out parameters without a value."""


class Signing(Section):
    """How a request is authenticated: with a named signer, or with templates."""

    replace: bool = False
    """In an operation: the profile's section counts for nothing; without it each key given here
    replaces the profile's."""
    signer: SignerName = "none"
    """A provider's own signature, made as its SDK makes it."""
    action: str | None = None
    """The name of the operation (acs3, tc3, volc4)."""
    version: str | None = None
    """The version of the API (acs3, tc3, volc4)."""
    service: str | None = None
    """The name of the service that is signed (tc3, volc4)."""
    region: str | None = None
    """The region (tc3, volc4)."""
    key_credential: _CredentialName = "key"
    """The credential that holds the key's id, which is sent; for named signers."""
    secret_credential: _CredentialName = "secret"
    """The credential that holds the secret, which only signs; for named signers."""
    token_credential: _CredentialName | None = None
    """The credential that holds a temporary security token (acs3, tc3, volc4)."""
    timestamp: Stamp = "seconds"
    zone: str | None = None
    """The offset of times and dates that have none, for example ``"+08:00"``; UTC without it."""
    nonce: Nonce = "hex"
    nonce_length: Annotated[int, Field(ge=4, le=64)] = 32
    parameters: Parameters = Parameters()
    digests: list[Digest] = Field(default_factory=list)
    basic: Basic | None = None
    bearer: SigningText | None = None
    headers: dict[str, SigningText] = Field(default_factory=dict)
    query: dict[str, SigningText] = Field(default_factory=dict)
    body: dict[str, SigningText] = Field(default_factory=dict)
    """Members that are added to a JSON object, or fields that are added to a form."""

    def overlaid(self, other: "Signing | None") -> "Signing":
        """This section with the keys that an operation's ``other`` gives in place of its own."""
        if other is None:
            return self
        if other.replace:
            return other
        return self.model_copy(update={key: getattr(other, key) for key in other.model_fields_set})
