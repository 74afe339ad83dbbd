"""The section of an account whose provider pushes: how its messages are proven, how long they hold.

What the messages look like, and where their proof is, the profile says.
"""

from typing import Annotated

from pydantic import Field

from agent.config.secret import Token
from agent.config.section import Section
from agent.yamlfile.values import Duration


class Pushes(Section):
    """What the provider posts to ``/hooks/providers/{provider}/{account}``."""

    secret: Token | None = None
    """The token or key by which the provider proves its messages; without one the hook is closed
    for the account."""
    former_secret: Token | None = None
    """A second one that is still accepted while the first is being changed."""
    user: str = ""
    """The user name, where the provider sends one with the secret."""
    max_body: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = 1024 * 1024
    """Bytes; a larger body is refused with 413."""
    max_silence: Annotated[Duration, Field(ge=60, le=31 * 86_400)] | None = None
    """Where call records are pushed and not polled: how long after the last one they still count as
    complete; without it nothing is concluded from calls that are missing."""
