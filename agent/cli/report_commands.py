"""The arguments of the commands that print reports: statistics, scores, claim."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import Ledger, Url, add, group
from agent.i18n import N_

PeriodOption = Annotated[
    str,
    typer.Option(
        "--period",
        metavar="PERIOD",
        help=N_("A month such as 2026-10 or a quarter such as 2026-Q4; this month by default."),
    ),
]
ProviderOption = Annotated[
    str, typer.Option("--provider", metavar="NAME", help=N_("Only this provider's tickets."))
]
FormatOption = Annotated[
    str, typer.Option("--format", metavar="FORMAT", help=N_("text, csv, html, pdf or json."))
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help=N_("Write to this file instead of printing.")),
]


def add_report_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    reports = group(N_("Reports of a month or a quarter."))
    add(reports, "statistics", statistics, N_("Faults by category, provider, carrier and grade."))
    add(reports, "scores", scores, N_("How well tickets were handled, by provider and person."))
    add(reports, "claim", claim, N_("What a provider owes for promised times it broke."))
    app.add_typer(reports, name="report")


def statistics(
    period: PeriodOption = "",
    provider: ProviderOption = "",
    form: FormatOption = "text",
    out: OutOption = None,
    url: Url = None,
    config: Ledger = None,
) -> None:
    """Faults by category, provider, carrier and grade, and how available numbers were."""
    _print("statistics", period, provider, form, out, url, config)


def scores(
    period: PeriodOption = "",
    provider: ProviderOption = "",
    form: FormatOption = "text",
    out: OutOption = None,
    url: Url = None,
    config: Ledger = None,
) -> None:
    """How well tickets were handled, by provider, responsible party and person."""
    _print("scores", period, provider, form, out, url, config)


def claim(
    provider: Annotated[
        str, typer.Option("--provider", metavar="NAME", help=N_("The provider that owes it."))
    ],
    period: PeriodOption = "",
    form: FormatOption = "text",
    out: OutOption = None,
    url: Url = None,
    config: Ledger = None,
) -> None:
    """What a provider owes for promised times it broke, as a letter."""
    _print("claim", period, provider, form, out, url, config)


def _print(
    kind: str,
    period: str,
    provider: str,
    form: str,
    out: Path | None,
    url: str | None,
    config: Path | None,
) -> None:
    from agent.cli.report import print_report  # noqa: PLC0415 - a fast --help

    raise typer.Exit(print_report(kind, period, provider, form, out, url=url, config=config))
