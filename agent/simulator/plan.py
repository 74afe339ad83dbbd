"""Providers and accounts as a world file describes them, before the world begins."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, TypeAdapter

from agent.simulator.entities import FilePart, Number, Traffic
from agent.simulator.value_types import Phone, WebhookSecret
from agent.states import Grade
from agent.yamlfile.values import Amount, Duration, Name, Whole, mistake

Money = Annotated[Amount, Field(ge=-1e9, le=1e12)]
Spend = Annotated[Amount, Field(ge=0, le=1e12)]


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
