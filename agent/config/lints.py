"""The configuration of the lints: their parameters, their levels, and what is waived."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from agent.config.section import DateText, Section
from agent.yamlfile.values import Duration

LINT_COUNT = 44
"""The lints of docs/reference/domain.md §4 are L01 to L44."""


def lint_id(value: str) -> str:
    """Returns ``value`` if it names a lint.

    Raises:
        ValueError: when it does not.
    """
    if value not in {f"L{number:02d}" for number in range(1, LINT_COUNT + 1)}:
        raise ValueError(f"is not a lint, L01 to L{LINT_COUNT}")
    return value


LintId = Annotated[str, AfterValidator(lint_id)]
Share = Annotated[float, Field(ge=0, le=1)]


class HolidayCalendar(Section):
    """Holidays and adjusted workdays, which take precedence over the national calendar."""

    holidays: list[DateText] = Field(default=[])
    """Days off, each as 2027-10-01."""
    workdays: list[DateText] = Field(default=[])
    """Saturdays and Sundays that are worked, each as 2027-10-09."""


class LintParameters(Section):
    """The parameters of the lints; the defaults are those of docs/reference/domain.md §4."""

    wait_single: Duration = 50.0
    """L05: the shortest useful wait with a single bound phone."""
    wait_several: Duration = 15.0
    """L06: the shortest useful wait with several bound phones."""
    wait_chain: Duration = 90.0
    """L07: the longest chain of waits that a platform holds a call for."""
    refused_destinations: list[str] = Field(default=["170", "171", "400"])
    """L10: leading digits of phones that a provider refuses as bound phones."""
    whitelist_small: Annotated[int, Field(ge=0)] = 5
    """L24: a white list with fewer entries blocks nearly everyone."""
    key_callers: list[str] = Field(default=[])
    """L25: telephone numbers of test callers and key customers, who must always get through."""
    broad_digits: Annotated[int, Field(ge=1, le=11)] = 3
    """L26: a black list entry of at most this many digits blocks many callers."""
    free_lines: Annotated[int, Field(ge=0)] = 10
    """L28: calls at once that a switchboard takes without paying for more."""
    trunk_share: Share = 0.8
    """L29: the share of a trunk's capacity from which its peak is worth a warning."""
    runway: Duration = 7 * 86400.0
    """L31: how long the balance must last."""
    expiry: Duration = 30 * 86400.0
    """L32: how long before the end of a contract, licence or ID to warn."""
    cap_share: Share = 0.9
    """L33: the share of the spend cap that the month's forecast may reach."""
    menu_depth: Annotated[int, Field(ge=1, le=100)] = 5
    """L35: the deepest voice menu."""
    evidence_days: Annotated[float, Field(ge=0)] = 30.0
    """L37: for how many days recordings are needed as evidence."""
    extension_minimum: float | None = None
    """L39: the least balance of an extension for which the provider reports none."""


class LintWaiver(Section):
    """An accepted finding, which is not counted."""

    lint: LintId
    """The lint, L01 to L42."""
    numbers: list[str] = Field(default=[])
    """The numbers it applies to; empty means all."""
    reason: Annotated[str, Field(min_length=1)]
    """Why the finding is accepted."""
    until: DateText | None = None
    """The last day it applies, as 2027-03-01; afterwards the finding counts again and says so."""


class Lints(Section):
    """Lints: known mistakes in the configuration of numbers."""

    enabled: bool = True
    """Whether the agent lints at all; ``numwatch lint`` always does."""
    parameters: LintParameters = LintParameters()
    """The parameters of the lints."""
    levels: dict[LintId, Literal["error", "warning", "info", "off"]] = Field(default={})
    """Levels other than the usual ones, by lint; ``"off"``, in quotes, leaves a lint out."""
    waivers: list[LintWaiver] = Field(default=[])
    """Accepted findings, which are not counted."""
