"""The arguments of the commands about the ledger's file: backup, restore, doctor."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import AsJson, Config


def add_ledger_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command("backup")(backup)
    app.command("restore")(restore)
    app.command("doctor")(doctor)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; it must not exist yet.")],
    config: Config,
    as_json: AsJson = False,
) -> None:
    """Copy the ledger, checked and whole, while the agent runs."""
    from agent.cli.backup import backup as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(file, config, as_json=as_json))


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file made by numwatch backup.")],
    config: Config,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the ledger's place, checked; the former ledger is kept aside."""
    from agent.cli.restore import restore as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(file, config, as_json=as_json))


def doctor(
    config: Config,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair what can be; only while no agent runs.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with the data folder and the ledger; 1 when something is."""
    from agent.cli.doctor import doctor as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(config, is_repair=repair, as_json=as_json))
