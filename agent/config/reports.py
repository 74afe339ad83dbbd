"""The configuration of reports: repetitions, the weights of scores, contracts for claims."""

from typing import Annotated, Final, Literal

from pydantic import Field

from agent.config.section import Section
from agent.yamlfile.values import Duration, Name

_DAY: Final = 86_400
_MOST_MONEY: Final = 1_000_000_000
Weight = Annotated[float, Field(ge=0, le=100)]
Money = Annotated[float, Field(ge=0, le=_MOST_MONEY)]


class ScoreWeights(Section):
    """How much each part of the handling counts in a ticket's score.

    Only their proportions matter. A part of which nothing is known counts in no score.
    """

    contact: Weight = 15.0
    """The first contact within the promised time."""
    arrival: Weight = 15.0
    """The arrival on site within the promised time."""
    restoration: Weight = 30.0
    """The restoration within the promised time."""
    reopenings: Weight = 15.0
    """That it was not opened again: the first time costs half, the second all."""
    survey: Weight = 10.0
    """The answers of callers to the survey."""
    quality: Weight = 15.0
    """The quality check: passed at once, or after how many rejections."""


class Contract(Section):
    """What a provider owes by contract where a promised time is broken."""

    recipient: str = ""
    """To whom a claim is addressed: a company, a department; lines are separated by line breaks."""
    sender: str = ""
    """Who claims: your company; ``evidence.issuing_unit`` where nothing is set."""
    reference: str = ""
    """The contract's number or name."""
    currency: Annotated[str, Field(max_length=10)] = "CNY"
    """The currency of the amounts."""
    per_breach: Money = 0.0
    """What is owed for each promised time that was broken."""
    per_hour: Money = 0.0
    """What is owed for each hour, begun hours in proportion, beyond the promised time."""
    most_a_month: Money | None = None
    """The most that is owed for one month."""


class ScheduledReport(Section):
    """A report that the agent sends by itself once its period has ended."""

    kind: Literal["statistics", "scores", "claim"]
    """Which report."""
    every: Literal["month", "quarter"] = "month"
    """How long its period is."""
    provider: Name | None = None
    """Only what is at this provider; a claim needs one."""
    sinks: Annotated[list[Name], Field(min_length=1, max_length=10)]
    """Where it is sent: a webhook is sent the report's document, a group bot its figures and a
    link to its page."""
    language: Literal["en", "zh-CN"] | None = None
    """The language of its words; ``locale`` where nothing is set."""
    hour: Annotated[int, Field(ge=0, le=23)] = 8
    """The hour of the first day after the period from which on it is sent, in ``timezone``."""


class Reports(Section):
    """Fault statistics, handling scores and claims, by month or quarter."""

    repeat_within: Annotated[Duration, Field(ge=_DAY, le=366 * _DAY)] = 30.0 * _DAY
    """A fault of the same number and category within this time counts as repeated."""
    weights: ScoreWeights = ScoreWeights()
    """How much each part of the handling counts in a ticket's score."""
    schedule: Annotated[list[ScheduledReport], Field(max_length=50)] = Field(default=[])
    """The reports that the agent sends by itself."""
    contracts: dict[str, Contract] = Field(default={})
    """The contracts with providers, by the provider's name, for claims."""
