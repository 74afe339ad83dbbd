"""Many numbers from a seed: the same seed gives the same numbers, on every machine."""

import random
from collections.abc import Iterator

from agent.simulator.entities import Binding, Number
from agent.simulator.plan import Generate
from agent.states import BindingState, NetworkState, NumberState

_COMPANIES = tuple(
    f"{city}{trade}有限公司"
    for city in ("北京", "天津", "上海", "广州", "成都", "武汉", "西安", "杭州")
    for trade in ("安平商贸", "和信物流", "明达科技", "百川医疗", "长青教育")
)
_CARRIERS = {
    **dict.fromkeys(("4000", "4006"), "unicom"),
    **dict.fromkeys(("4008", "4009"), "telecom"),
    **dict.fromkeys(("4001", "4007"), "mobile"),
}
_BAD_NUMBERS = (
    NumberState.SUSPENDED_ARREARS,
    NumberState.SUSPENDED_VIOLATION,
    NumberState.SUSPENDED_REQUESTED,
    NumberState.FROZEN,
    NumberState.EXPIRED,
)
_BAD_BINDINGS = (
    BindingState.ARREARS,
    BindingState.OFF,
    BindingState.NO_ANSWER,
    BindingState.OUT_OF_AREA,
    BindingState.NONEXISTENT,
    BindingState.BARRED,
)


def carrier_of(number: str) -> str:
    """The base carrier of a 400 number by its prefix; empty for other prefixes.

    See docs/reference/domain.md §1.
    """
    return _CARRIERS.get(number[:4], "")


def generate(plan: Generate, seed: str) -> Iterator[Number]:
    """The numbers of ``plan``, in order; a share of them has a bad number or binding.

    A plan with a smaller count gives the first of the same numbers.
    """
    rng = random.Random(seed)  # noqa: S311 - a world, not a secret
    plus = "+" if plan.first.startswith("+") else ""
    digits = plan.first.lstrip("+")
    first, length = int(digits), len(digits)
    carrier = carrier_of(plan.first)
    for index in range(plan.count):
        number = Number(
            number=f"{plus}{first + index:0{length}d}",
            company=plan.company or _COMPANIES[index % len(_COMPANIES)],
            grade=plan.grade,
            carrier=carrier,
            bindings=_bindings(index, plan.bindings),
            calls=plan.calls,
        )
        number.generated = True
        if rng.random() < plan.unhealthy:
            _add_fault(number, rng)
        yield number


_IDS = tuple(f"b{index}" for index in range(1, 21))


def _bindings(index: int, count: int) -> tuple[Binding, ...]:
    first = index * count
    return tuple(
        Binding(_IDS[order], f"139{(first + order) % 10**8:08d}", position=order + 1)
        for order in range(count)
    )


def _add_fault(number: Number, rng: random.Random) -> None:
    """Gives the number one random fault that it can have."""
    kind = rng.randrange(3 if number.bindings else 2)
    if kind == 0:
        number.state = rng.choice(_BAD_NUMBERS)
    elif kind == 1:
        number.network_state = NetworkState.DEACTIVATED
    else:
        rng.choice(number.bindings).state = rng.choice(_BAD_BINDINGS)
