"""The configuration of the systems that receive tickets.

The keys that belong to one kind of sink are declared in the folder of that kind, so that a new
kind needs no change here. They are read from ``agent/sinks/KIND/config.py`` when this module is
imported.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import Field, create_model

from agent.config.secret import Secret, Token
from agent.config.section import HttpUrl, Network, Section
from agent.config.sink_configuration import SinkConfiguration
from agent.states import Stage
from agent.yamlfile.values import Duration, Name

SectionT = TypeVar("SectionT", bound=Section)


class Callback(Section):
    """The webhook ``/hooks/tickets/NAME``, by which the system reports work on a ticket."""

    secret: Token
    """Proves that the system posts; see docs/sinks.md for how each system uses it."""
    former_secret: Token | None = None
    """A second secret that is still accepted while the first is being changed."""
    stages: dict[str, Stage] = Field(default={})
    """The stage each state of the system moves a ticket to; others keep the kind's default."""


def _discover() -> Iterator[SinkConfiguration]:
    """Import ``config.py`` of every folder of ``agent.sinks``."""
    # By name instead of by an import statement: agent.config lies below agent.sinks. Nothing
    # of the sinks comes with it, because a folder's config.py may import nothing but what
    # sections are made of (the import-linter contract "A sink's configuration ..." holds
    # that), and the __init__.py of a folder is empty.
    for module in pkgutil.iter_modules(importlib.import_module("agent.sinks").__path__):
        if module.ispkg:
            configuration = importlib.import_module(f"agent.sinks.{module.name}.config")
            yield configuration.CONFIGURATION


def _by_kind(found: Iterable[SinkConfiguration]) -> Mapping[str, SinkConfiguration]:
    ordered = sorted(found, key=lambda item: (item.position, item.kind))
    return {item.kind: item for item in ordered}


SINK_CONFIGURATIONS = _by_kind(_discover())
"""The configuration that each kind of sink declares, by kind."""


class _SinkIdentity(Section):
    """The keys that stand before the sections of the kinds."""

    name: Name
    """Its name in metrics and on the command line; unique."""
    kind: str
    url: HttpUrl | None = Field(default=None, repr=False)
    """The system's address; ``pagerduty`` and the bots know theirs."""
    secret: Secret | None = None
    """Signs every webhook (Standard Webhooks, ``whsec_`` and base64 of 24 bytes or more)."""
    headers: dict[str, Secret] = Field(default={})
    """Headers sent with every request."""


def _fields_of_kinds() -> dict[str, Any]:
    """The key ``kind`` and the sections of all kinds, as ``create_model`` takes fields."""
    about = (
        "``webhook`` is signed JSON by HTTP POST (Standard Webhooks); others have a section below."
    )
    fields: dict[str, Any] = {
        "kind": (Literal[tuple(SINK_CONFIGURATIONS)], Field(description=about))
    }
    for configuration in SINK_CONFIGURATIONS.values():
        kinds = [f"``{kind}``" for kind in kinds_with_key(configuration.key)]
        *first, last = kinds
        names = f"kinds {', '.join(first)} and {last}" if first else f"kind {last}"
        about = configuration.description or f"Asked for by the {names}."
        field = Field(default=None, description=about)
        fields[configuration.key] = (configuration.section | None, field)
    return fields


def kinds_with_key(key: str) -> tuple[str, ...]:
    """The kinds whose own section stands under ``key``."""
    return tuple(kind for kind, item in SINK_CONFIGURATIONS.items() if item.key == key)


if TYPE_CHECKING:
    _SinkSections = _SinkIdentity
else:
    _SinkSections = create_model(
        "_SinkSections", __base__=_SinkIdentity, __module__=__name__, **_fields_of_kinds()
    )


class Sink(_SinkSections):
    """A system that receives tickets."""

    callback: Callback | None = None
    """Lets the system move our stages; not for ``pagerduty`` and the bots."""
    rate: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """Deliveries a minute at most; what the system allows, where it is known."""
    search_lag: Annotated[Duration, Field(le=3600)] = 60.0
    """How long a ticket made there may be missing in the system's search."""
    timeout: Annotated[Duration, Field(gt=0, le=120)] = 15.0
    """The longest one request may take."""
    retry_first: Annotated[Duration, Field(gt=0)] = 5.0
    """The first wait after a failed delivery; each further wait doubles."""
    retry_longest: Annotated[Duration, Field(gt=0)] = 900.0
    """The longest wait between two attempts."""
    give_up_after: Annotated[Duration, Field(gt=0)] = 3 * 86400.0
    """A delivery that failed for this long goes to the dead letters."""
    egress_allow: list[Network] = Field(default=[])
    """Networks in CIDR notation that may be reached although they are private or local."""
    ca_file: str | None = None
    """A PEM file of the authorities to trust for this system instead of the system's."""

    @property
    def address(self) -> str:
        """``url``, or else the one address of the kind; without a slash at its end."""
        return (self.url or SINK_CONFIGURATIONS[self.kind].address or "").rstrip("/")

    def section(self, section: type[SectionT]) -> SectionT:
        """The section of this sink's kind.

        Raises:
            ValueError: when the sink has none of class ``section``.
        """
        own = self.optional_section(section)
        if own is None:
            raise ValueError(f"sink {self.name}: kind {self.kind} has no {section.__name__}")
        return own

    def optional_section(self, section: type[SectionT]) -> SectionT | None:
        """The section of this sink's kind; ``None`` if there is none of class ``section``."""
        own = getattr(self, SINK_CONFIGURATIONS[self.kind].key)
        return own if isinstance(own, section) else None


CALLBACK_KINDS = tuple(
    kind for kind, item in SINK_CONFIGURATIONS.items() if item.callback is not None
)
"""Kinds whose systems can send callbacks."""
CALLBACK_STAGES = (
    *("reported", "accepted", "diagnosing", "carrier_escalated", "dispatched", "on_site"),
    *("restored", "repaired", "closed", "reopened"),
)
"""The stages a ticket system can lead a ticket to."""
