"""The current state of the world, as ``GET /world`` shows it; phones of people are masked."""

from typing import Any

from agent.simulator.account import Account
from agent.simulator.dialects import name_of
from agent.simulator.entities import Number
from agent.simulator.events import mask
from agent.simulator.faults import ActiveFault
from agent.simulator.world import Provider, World
from agent.simulator.world_time import iso
from agent.states import NetworkState, NumberState

_SHOWN = 1000
"""Numbers shown per account: those of the file, then the generated ones with a fault."""


def world_view(world: World, *, everything: bool = False) -> dict[str, Any]:
    """The state of the whole world; ``everything`` includes generated numbers without a fault."""
    now = world.event_queue.now
    return {
        "time": iso(world.clock.wall_at(now)),
        "elapsed_seconds": round(now, 3),
        "speed": world.clock.speed,
        "providers": [_provider(provider, everything) for provider in world.providers.values()],
        "faults": [_fault(fault) for fault in world.faults.active],
        "complaints": world.complaints,
        "desk": {"tickets": len(world.desk.tickets())},
        "redirects_followed": world.redirects_followed,
    }


def _provider(provider: Provider, everything: bool) -> dict[str, Any]:  # noqa: FBT001 - passed on
    return {
        "name": provider.name,
        "dialect": name_of(type(provider.dialect)),
        "accounts": [_account(account, everything) for account in provider.accounts],
    }


def _account(account: Account, everything: bool) -> dict[str, Any]:  # noqa: FBT001 - passed on
    shown = [number for number in account.numbers if everything or _notable(number)]
    return {
        "id": account.id,
        "balance": round(account.balance, 2),
        "currency": account.currency,
        "notice": account.notice,
        "stop": account.stop,
        "daily_spend": account.daily_spend,
        "month_spend": round(account.month_spend, 2),
        "states": account.states(),
        "calls": len(account.calls),
        "numbers": [_number(number) for number in (shown if everything else shown[:_SHOWN])],
    }


def _notable(number: Number) -> bool:
    active = number.state == NumberState.ACTIVE and number.network_state == NetworkState.ACTIVE
    return not (number.generated and active and all(b.state == "ok" for b in number.bindings))


def _number(number: Number) -> dict[str, Any]:
    return {
        "number": number.number,
        "state": number.state,
        "network_state": number.network_state,
        "listed": number.listed,
        "wait_seconds": number.routing.wait_seconds,
        "bindings": [
            {"id": binding.id, "phone": mask(binding.phone), "state": binding.state}
            for binding in number.bindings
        ],
    }


def _fault(fault: ActiveFault) -> dict[str, Any]:
    plan = fault.plan
    return {
        "provider": plan.provider,
        "kind": plan.kind,
        "share": plan.share,
        "account": plan.account,
        "capability": plan.capability,
        "began": fault.began,
        "ends": fault.ends,
    }
