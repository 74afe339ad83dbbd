"""Where it is asked whether people have marked a number as a nuisance."""

from typing import Annotated

from pydantic import Field, model_validator

from agent.config.secret import Secret
from agent.config.section import HttpUrl, Section
from agent.yamlfile.values import Duration, mistake


class MarkingSource(Section):
    """The service that knows whether handsets show a number as harassment, advertising or fraud.

    It is Tencent Cloud's ``smpn`` (``DescribeSmpnChp``). Every query costs money.
    """

    secret_id: Secret
    """The id of the key of Tencent Cloud."""
    secret_key: Secret
    """The key that signs."""
    resource_id: str
    """The resource that is charged, as Tencent Cloud's console names it."""
    url: HttpUrl = "https://smpn.tencentcloudapi.com"
    """The address of the service."""
    cost: Annotated[float, Field(gt=0, le=1000)]
    """What one query costs, in yuan."""
    daily_budget: Annotated[float, Field(gt=0, le=100_000)]
    """The most that queries may cost a day, in yuan; a day begins at midnight in China."""
    every: Annotated[Duration, Field(ge=3600)] = 86_400.0
    """The least time between two queries about one number."""
    max_age: Annotated[Duration, Field(ge=3600)] = 3 * 86_400.0
    """How old an answer may be; whether the number is marked is unknown after that."""

    @model_validator(mode="after")
    def _can_pay_a_query(self) -> "MarkingSource":
        if self.daily_budget < self.cost:
            raise mistake(
                f"has a daily_budget of {self.daily_budget:g}, with which no query of "
                f"{self.cost:g} can be paid, expected at least that"
            )
        return self
