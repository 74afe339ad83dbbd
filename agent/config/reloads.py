"""The reloads of the configuration: what is in effect since when, and why the newest one failed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from agent.config.effective import ConfigSource, EffectiveValue, effective_values, values_of
from agent.config.settings import Settings

if TYPE_CHECKING:
    from agent.yamlfile.paths import KeyPath

log = structlog.get_logger(__name__)


class RecordReload(Protocol):
    """Counts a reload in the agent's own metrics."""

    def __call__(self, at: float, *, ok: bool) -> None:
        """Record that a reload at ``at``, epoch seconds, succeeded or failed."""
        ...


@dataclass(frozen=True)
class Reload:
    """One attempt to load the configuration; the start is number 0."""

    number: int
    at: float
    """Epoch seconds."""
    errors: tuple[str, ...] = ()
    """Why it failed, a line each; empty when it succeeded."""


class Reloads:
    """Holds what the newest reloads came to.

    Args:
        record: Counts each of them.
        clock: Epoch seconds.
    """

    def __init__(self, record: RecordReload, clock: Callable[[], float]) -> None:
        self._record = record
        self._clock = clock
        self._next = 0
        self._values: Mapping[KeyPath, Any] = {}
        self._brought_by: Mapping[KeyPath, int] = {}
        self._source = ConfigSource("", {}, frozenset())
        self.in_effect: Reload | None = None
        """The reload whose configuration is in effect; ``None`` before the start is over."""
        self.failed_since: Reload | None = None
        """The newest attempt, where it failed; the former configuration is in effect then."""

    @property
    def file(self) -> str:
        """The path of the configuration file."""
        return self._source.file

    def failed(self, errors: Sequence[str]) -> Sequence[str]:
        """Record an attempt that changed nothing because of ``errors``, and return them."""
        self.failed_since = self._attempt(errors)
        log.error("reload_failed", errors=list(errors))
        return errors

    def applied(self, settings: Settings, source: ConfigSource) -> None:
        """Record that ``settings``, which come from ``source``, are in effect from now on."""
        values = values_of(settings)
        reload = self._attempt(())
        self._brought_by = {
            path: self._brought_by[path]
            if path in self._values and self._values[path] == value
            else reload.number
            for path, value in values.items()
        }
        self._values, self._source = values, source
        self.in_effect, self.failed_since = reload, None
        if reload.number:
            log.info("reloaded")

    def values(self) -> list[EffectiveValue]:
        """Every value in effect, without secrets."""
        return effective_values(self._values, self._brought_by, self._source)

    def _attempt(self, errors: Sequence[str]) -> Reload:
        reload = Reload(self._next, self._clock(), tuple(errors))
        self._next += 1
        self._record(reload.at, ok=not errors)
        return reload
