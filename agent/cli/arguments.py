"""Arguments and options that several commands share, and how a command is added."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.help import Command, Group
from agent.i18n import N_

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help=N_(
            "The configuration; NUMWATCH_CONFIG, ./config.yaml or /etc/numwatch/config.yaml where "
            "it is not named."
        ),
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help=N_("One JSON document instead."))]
Ledger = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help=N_("Read the ledger of a stopped agent.")),
]
Url = Annotated[
    str | None,
    typer.Option(
        "--url", metavar="URL", help=N_("The running agent; http://127.0.0.1:10400 by default.")
    ),
]
HotlineNumber = Annotated[str, typer.Argument(metavar="NUMBER", help=N_("The hotline number."))]
Caller = Annotated[
    str, typer.Option("--caller", metavar="PHONE", help=N_("For this caller in particular."))
]
TicketId = Annotated[str, typer.Argument(metavar="ID", help=N_("The ticket's id or key."))]
Speed = Annotated[float, typer.Option("--speed", metavar="X", min=0.001, help=N_("Times as fast."))]
RuleFiles = Annotated[list[Path], typer.Argument(metavar="FILE...", help=N_("The files to read."))]
Generation = Annotated[
    int,
    typer.Option("--semantics", metavar="N", min=2, max=3, help=N_("Prometheus' major version.")),
]
AtAccount = Annotated[
    str,
    typer.Option("--account", metavar="P/A", help=N_("At this account, if several have it.")),
]


def group(about: str, name: str | None = None) -> typer.Typer:
    """An empty group of commands; ``about`` is its help, marked for translation."""
    return typer.Typer(name=name, help=about, cls=Group, no_args_is_help=True)


def add(
    app: typer.Typer, name: str, function: Callable[..., Any], about: str, epilog: str = ""
) -> None:
    """Add a command; ``about`` and ``epilog`` are its help, marked for translation."""
    app.command(name, cls=Command, help=about, epilog=epilog or None)(function)
