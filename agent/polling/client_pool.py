"""The doors in use: accounts of one provider with the same limits share one."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from agent.net.http_client import HttpClient, HttpClientLimits
from agent.polling.plan import Plan

DoorKey = tuple[str, tuple[str, ...], str | None, HttpClientLimits]


def door_key(plan: Plan) -> DoorKey:
    """What decides which door an account's requests go through."""
    provider = plan.provider
    # Each account's own budget bounds its connections: one that hangs must not use up
    # the connections of the others.
    limits = replace(HttpClientLimits.of(plan.polling), connections=0)
    return provider.name, tuple(provider.egress_allow), provider.ca_file, limits


class HttpClientPool:
    """Opens doors when they are first needed and closes them when no longer used."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[DoorKey, HttpClient] = {}

    def of(self, plan: Plan) -> HttpClient:
        """The door for ``plan``.

        Raises:
            ValueError: when ``egress_allow`` has something that is not a network.
            OSError: when ``ca_file`` cannot be read.
        """
        key = door_key(plan)
        if key not in self._open:
            _, egress_allow, ca_file, limits = key
            self._open[key] = HttpClient(
                limits, egress_allow=egress_allow, ca_file=ca_file, clock=self._clock
            )
        return self._open[key]

    async def close_all_but(self, plans: Iterable[Plan]) -> None:
        """Close the doors that none of ``plans`` uses."""
        used = {door_key(plan) for plan in plans}
        for key in [key for key in self._open if key not in used]:
            await self._open.pop(key).close()
