"""Errors while rendering: a part that raises is left out of the page and counted."""

from collections.abc import Callable
from typing import TypeVar

import structlog

log = structlog.get_logger(__name__)

Part = TypeVar("Part")


class Guard:
    """Renders parts of a page; logs when a part starts to fail and when it recovers.

    Args:
        on_error: Called for every part that was left out.
    """

    def __init__(self, on_error: Callable[[], None]) -> None:
        self._on_error = on_error
        self._broken: set[str] = set()

    def run(self, part: str, render: Callable[[], Part]) -> Part | None:
        """Return ``render()``, or ``None`` when it raised."""
        try:
            rendered = render()
        except Exception as error:  # noqa: BLE001 - one part must not cost the whole page
            self._failed(part, error)
            return None
        self.succeeded(part)
        return rendered

    def succeeded(self, part: str) -> None:
        """Log that a part is there again, if it was left out before."""
        if part in self._broken:
            self._broken.discard(part)
            log.info("metrics_part_recovered", part=part)

    def _failed(self, part: str, error: Exception) -> None:
        self._on_error()
        if part not in self._broken:
            self._broken.add(part)
            log.error("metrics_part_left_out", part=part, error=repr(error))
