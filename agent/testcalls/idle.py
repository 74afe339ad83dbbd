"""How long a line could make none of the calls that plans ask of it; pure, on a steady clock."""

from typing import Final

from agent.probing.book import Refusal

_AS_CONFIGURED: Final = frozenset(
    {Refusal.CALLER_HOURS, Refusal.NUMBER_HOURS, Refusal.CONCURRENCY, Refusal.PHONE_BUSY}
)
"""Refusals that are as they should be: it is night, or another call is under way."""


class IdleLines:
    """Since when each caller has made no planned call, though it might have."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def placed(self, caller: str) -> None:
        """A planned call was made."""
        self._since.pop(caller, None)

    def refused(self, caller: str, now: float, refusal: Refusal | None) -> None:
        """A planned call that was due was not made; ``None`` where none can be made at all.

        At the end of the caller's own hours the time is forgotten; where only the number is
        closed, another number's refusal goes on counting.
        """
        if refusal is Refusal.CALLER_HOURS:
            self._since.pop(caller, None)
        elif refusal not in _AS_CONFIGURED:
            self._since.setdefault(caller, now)

    def lasting(self, callers: frozenset[str], now: float) -> dict[str, float]:
        """For how many seconds, of those ``callers`` that are idle; others are forgotten."""
        self._since = {it: at for it, at in self._since.items() if it in callers}
        return {it: now - at for it, at in self._since.items()}
