"""Many numbers from a seed: the same seed gives the same numbers, on every machine."""

import random
from collections.abc import Iterator

from agent.simulator.entities import Binding, Number
from agent.simulator.plan import Generate
from agent.states import BindingState, NetworkState, NumberState

_COMPANIES = tuple(
    f"{place}{trade}有限公司"
    for place in ("北京", "天津", "上海", "广州", "成都", "武汉", "西安", "杭州")
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
    """The base carrier a 400 number's prefix tells, empty where it tells none (domain.md §1)."""
    return _CARRIERS.get(number[:4], "")


def generate(plan: Generate, seed: str) -> Iterator[Number]:
    """The numbers of ``plan``, in order; a share of them has a bad number or binding.

    A plan with a smaller count gives the first of the same numbers.
    """
    coin = random.Random(seed)  # noqa: S311 - a world, not a secret
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
        if coin.random() < plan.unhealthy:
            _spoil(number, coin)
        yield number


_IDS = tuple(f"b{place}" for place in range(1, 21))


def _bindings(index: int, count: int) -> tuple[Binding, ...]:
    first = index * count
    return tuple(
        Binding(_IDS[place], f"139{(first + place) % 10**8:08d}", position=place + 1)
        for place in range(count)
    )


def _spoil(number: Number, coin: random.Random) -> None:
    """Gives the number one random fault that it can have."""
    kind = coin.randrange(3 if number.bindings else 2)
    if kind == 0:
        number.state = coin.choice(_BAD_NUMBERS)
    elif kind == 1:
        number.network_state = NetworkState.DEACTIVATED
    else:
        coin.choice(number.bindings).state = coin.choice(_BAD_BINDINGS)
