"""The kinds of sinks, one for each folder of this package, and how sinks are built.

Every folder ``agent/sinks/KIND/`` has a ``config.py`` with its part of the configuration and a
``sink.py`` with one :class:`SinkKind` named ``KIND``. Every folder with
both is a kind, so a new kind needs no change outside its folder and its tests.
"""

import importlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from agent.config.sink_configuration import SinkConfiguration
from agent.config.sinks import SINK_CONFIGURATIONS
from agent.config.sinks import Sink as SinkSettings
from agent.sinks.base import Sink
from agent.sinks.callback import CallbackFormat
from agent.sinks.customer_letter import FindContact, nobody
from agent.sinks.links import Links
from agent.sinks.text import Writer
from agent.tickets.customers.directory import CustomerBook
from exporters.telemetry import Telemetry


def _ignore(_sink: str, _detail: str) -> None:
    return None


@dataclass(frozen=True)
class SinkContext:
    """The parts of the agent that sinks are built with, besides their own section."""

    links: Links | None = None
    """The ledger of links; a ticket system cannot do without."""
    writer: Writer = field(default_factory=Writer)
    """Writes tickets as text, in the language of the configuration."""
    clock: Callable[[], float] = time.time
    """Epoch seconds."""
    step_refused: Callable[[str, str], None] = _ignore
    """Counts a step that a system refused, by the sink's name and the step."""
    template_failed: Callable[[str, str], None] = _ignore
    """Counts a part of a template that produced nothing valid, by the sink's name and the part."""
    notified: Callable[[str, str], None] = _ignore
    """Counts a message to a person, by the sink's name and the state it has come to."""
    find_contact: FindContact = nobody
    """Finds a customer's contact, whose phone no delivery has."""

    @classmethod
    def of(
        cls,
        links: Links,
        writer: Writer,
        clock: Callable[[], float],
        telemetry: Telemetry,
        customers: CustomerBook | None = None,
    ) -> "SinkContext":
        """The context of a running agent, which counts refusals in ``telemetry``."""
        refused, failed = telemetry.sink_steps_refused, telemetry.sink_template_errors
        return cls(
            links,
            writer,
            clock,
            step_refused=lambda sink, step: refused.labels(sink, step).inc(),
            template_failed=lambda sink, part: failed.labels(sink, part).inc(),
            notified=lambda sink, state: telemetry.notifications.labels(sink, state).inc(),
            find_contact=nobody if customers is None else customers.contact,
        )


@dataclass(frozen=True)
class SinkKind:
    """One kind of sink."""

    configuration: SinkConfiguration
    """Its name, its section of the configuration with the key, and its checks."""
    build: Callable[[SinkSettings, SinkContext], Sink]
    """Makes a sink; raises ValueError for malformed settings, OSError for unreadable files."""
    callback: CallbackFormat | None = None
    """How its systems report what people do there; ``None`` if they cannot."""


@cache
def sink_kinds() -> Mapping[str, SinkKind]:
    """Every kind by name; imports the sinks on the first call."""
    kinds: dict[str, SinkKind] = {}
    for name in SINK_CONFIGURATIONS:
        kinds[name] = importlib.import_module(f"agent.sinks.{name}.sink").KIND
    return kinds


def build_sinks(
    settings: Iterable[SinkSettings],
    clock: Callable[[], float] = time.time,
    context: SinkContext | None = None,
) -> list[Sink]:
    """A sink for each section. Call it inside a running event loop.

    Raises:
        ValueError: when a secret or a network of a section is malformed, or a ticket system gets
            no ledger.
        OSError: when a file of certificate authorities cannot be read.
    """
    context = context or SinkContext(clock=clock)
    return [sink_kinds()[section.kind].build(section, context) for section in settings]
