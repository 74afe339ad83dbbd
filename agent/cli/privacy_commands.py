"""The arguments of the commands about data of people: check, export, delete."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import AsJson, Config, add, group
from agent.cli.config_path import configuration
from agent.i18n import N_

Phone = Annotated[
    str,
    typer.Option("--phone", metavar="PHONE", help=N_("The person's phone, in any spelling.")),
]
Reporter = Annotated[
    str,
    typer.Option("--reporter", metavar="ID", help=N_("The id in the address of their complaints.")),
]
Reason = Annotated[
    str,
    typer.Option("--reason", metavar="TEXT", help=N_("Who asked for it, and when.")),
]
_ANYWHERE = N_("Works on a running agent and, while none runs, on its store.")


def add_privacy_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    privacy = group(N_("Data about people: how long it is kept, and one person's."))
    add(
        privacy,
        "check",
        check,
        N_("Say what is older than it is kept for; 1 when something is."),
        N_("Reads the store, so only while no agent runs; a running one has it at /privacy."),
    )
    add(
        privacy,
        "export",
        export,
        N_("Write everything that is stored about one person, each place named, as JSON."),
        _ANYWHERE,
    )
    add(
        privacy,
        "delete",
        delete,
        N_("Delete one person's data; 1 when something has to stay, which is listed."),
        _ANYWHERE,
    )
    app.add_typer(privacy, name="privacy")


def check(config: Config = None, as_json: AsJson = False) -> None:
    """Say what is older than it is kept for; 1 when something is."""
    from agent.cli.privacy import check as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(configuration(config), as_json=as_json))


def export(
    reason: Reason,
    phone: Phone = "",
    reporter: Reporter = "",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help=N_("A new file, for you alone."))
    ] = None,
    config: Config = None,
) -> None:
    """Write everything that is stored about one person, each place named, as JSON."""
    from agent.cli.privacy import Person  # noqa: PLC0415 - a fast --help
    from agent.cli.privacy import export as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(configuration(config), Person(phone, reporter, reason), out))


def delete(
    reason: Reason,
    phone: Phone = "",
    reporter: Reporter = "",
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Delete one person's data; 1 when something has to stay, which is listed."""
    from agent.cli.privacy import Person  # noqa: PLC0415 - a fast --help
    from agent.cli.privacy import delete as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(configuration(config), Person(phone, reporter, reason), as_json=as_json))
