"""The configuration that a kind of sink declares.

Every folder ``agent/sinks/KIND/`` has a ``config.py`` with one :class:`SinkConfiguration` named
``CONFIGURATION``; ``agent.config.sinks`` builds the section of a sink from all of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Annotated

from pydantic import Field

from agent.config.secret import Secret
from agent.config.section import Section
from agent.yamlfile.paths import KeyPath
from agent.yamlfile.problems import Problem

SectionCheck = Callable[[KeyPath, object], Iterator[Problem]]
"""Yields what is wrong with a section as written, given its path and its plain data."""


class CallbackSignature(Enum):
    """How a system proves that it sent a callback."""

    STANDARD_WEBHOOKS = auto()
    """The headers of Standard Webhooks; the secret is ``whsec_`` and base64."""
    BODY_HMAC = auto()
    """The system's own header with an HMAC of the body; the secret is any text."""


@dataclass(frozen=True)
class SinkConfiguration:
    """The part of a sink's configuration that belongs to one kind."""

    kind: str
    """The value of ``kind``, which is also the name of the folder."""
    position: int
    """Orders the kinds in the reference page, the JSON Schema and error texts, lowest first."""
    key: str
    """The key of the kind's own section; kinds may share a key if they share the class."""
    section: type[Section]
    section_required: bool = True
    """Whether a sink of this kind must have the section."""
    description: str = ""
    """Describes the key; empty says which kinds need it."""
    address: str | None = None
    """The system's address, if it is the same for everyone; otherwise ``url`` is required."""
    callback: CallbackSignature | None = None
    """How the system signs callbacks; ``None`` if it cannot send any."""
    checks: tuple[SectionCheck, ...] = ()
    """Checks of the section beyond the type of each value."""


class Bot(Section):
    """A bot of a Feishu, DingTalk or WeCom group."""

    token: Secret
    """The part of its address after ``hook/`` (Feishu), ``access_token=`` or ``key=``."""
    secret: Secret | None = None
    """Signs messages, where the bot asks for signatures (Feishu, DingTalk)."""
    keyword: str = ""
    """A word the bot asks for in every message; it is added."""
    digest_from: Annotated[int, Field(ge=2, le=1000)] = 5
    """From this many waiting tickets on, one message reports them all."""
