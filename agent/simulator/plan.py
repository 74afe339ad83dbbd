"""Providers and accounts as a world file describes them, and the numbers that it generates.

The same seed gives the same numbers, on every machine.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter

from agent.simulator.entities import Binding, FilePart, Number, Phone, Traffic, WebhookSecret
from agent.states import BindingState, Grade, NetworkState, NumberState
from agent.yamlfile.values import Amount, Duration, Name, Whole, mistake

Money = Annotated[Amount, Field(ge=-1e9, le=1e12)]
Spend = Annotated[Amount, Field(ge=0, le=1e12)]

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


@dataclass(frozen=True, slots=True)
class Generate(FilePart):
    """Many numbers of one shape, made from the seed."""

    count: Annotated[Whole, Field(ge=1, le=1_000_000)]
    first: Phone
    bindings: Annotated[Whole, Field(ge=0, le=20)] = 2
    unhealthy: Annotated[Amount, Field(ge=0, le=1)] = 0.0
    company: str = ""
    grade: Grade = Grade.STANDARD
    calls: Traffic | None = None


def _countable(plan: Generate) -> Generate:
    digits = plan.first.lstrip("+")
    if len(str(int(digits) + plan.count - 1)) > len(digits):
        raise mistake("counts past the last number of this length, expected a smaller `count`")
    return plan


_GENERATE: TypeAdapter[Generate] = TypeAdapter(Annotated[Generate, AfterValidator(_countable)])
_GENERATES: TypeAdapter[tuple[Generate, ...]] = TypeAdapter(
    tuple[Annotated[Generate, AfterValidator(_countable)], ...]
)


def _one_or_several(value: Any) -> tuple[Generate, ...]:
    if isinstance(value, dict):
        return (_GENERATE.validate_python(value),)
    return _GENERATES.validate_python(value)


@dataclass(frozen=True, slots=True)
class AccountPlan(FilePart):
    """An account before the world begins; money is in its currency."""

    id: Name
    credentials: dict[str, str]
    balance: Money = 1000.0
    currency: str = "CNY"
    daily_spend: Spend = 0.0
    month_spend: Spend = 0.0
    spend_cap: Spend | None = None
    notice: Money = 35.0
    stop: Money = 15.0
    reclaim_after: Duration = 3 * 86400.0
    price_per_minute: Annotated[Amount, Field(ge=0, le=1e6)] = 0.0
    page_size: Annotated[Whole, Field(ge=1, le=1000)] = 100
    numbers: tuple[Number, ...] = ()
    generate: Annotated[
        tuple[Generate, ...],
        PlainValidator(_one_or_several, json_schema_input_type=Generate | tuple[Generate, ...]),
    ] = ()


def _at_least_one(accounts: tuple[AccountPlan, ...]) -> tuple[AccountPlan, ...]:
    # Not min_length: pydantic counts only the valid items of a tuple, and would report both.
    if not accounts:
        raise mistake("has no accounts, expected at least one")
    return accounts


@dataclass(frozen=True, slots=True)
class ProviderPlan(FilePart):
    """A provider: the dialect its API speaks, and its accounts."""

    name: Name
    dialect: str
    accounts: Annotated[tuple[AccountPlan, ...], AfterValidator(_at_least_one)]


@dataclass(frozen=True, slots=True)
class DeskPlan(FilePart):
    """The ticket desk; with a secret it verifies every delivery."""

    secret: WebhookSecret | None = None


def _carrier_of(number: str) -> str:
    """The base carrier of a 400 number by its prefix; empty for other prefixes.

    See docs/reference/domain.md §1.
    """
    return _CARRIERS.get(number[:4], "")


def generate(plan: Generate, seed: str) -> Iterator[Number]:
    """The numbers of ``plan``, in order; a share of them has a bad number or binding.

    A plan with a smaller count gives the first of the same numbers.
    """
    rng = random.Random(seed)  # nosec B311 # a world, not a secret
    plus = "+" if plan.first.startswith("+") else ""
    digits = plan.first.lstrip("+")
    first, length = int(digits), len(digits)
    carrier = _carrier_of(plan.first)
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
