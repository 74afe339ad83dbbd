"""The arguments of the commands about the ledger's file: backup, restore, doctor."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import AsJson, Config, add
from agent.cli.config_path import configuration
from agent.i18n import N_

WithoutHistory = Annotated[
    bool, typer.Option("--no-history", help=N_("Only the ledger, without the history."))
]


def add_ledger_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    add(
        app, "backup", backup, N_("Copy the ledger and the history, checked, while the agent runs.")
    )
    add(
        app,
        "restore",
        restore,
        N_("Put a backup in the ledger's place, checked; the former ledger is kept aside."),
    )
    add(
        app,
        "doctor",
        doctor,
        N_("Say what is wrong with this installation and what to do; 1 when something is."),
        N_(
            "Ends with 0 when all is well, 1 when something is not, and 2 when the configuration "
            "is wrong."
        ),
    )


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=N_("The copy; it must not exist yet."))
    ],
    no_history: WithoutHistory = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Copy the ledger and the history, checked, while the agent runs."""
    from agent.cli.backup import backup as run  # noqa: PLC0415 - a fast --help

    path = configuration(config)
    raise typer.Exit(run(file, path, with_history=not no_history, as_json=as_json))


def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help=N_("A file made by numwatch backup."))
    ],
    no_history: WithoutHistory = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup in the ledger's place, checked; the former ledger is kept aside."""
    from agent.cli.restore import restore as run  # noqa: PLC0415 - a fast --help

    path = configuration(config)
    raise typer.Exit(run(file, path, with_history=not no_history, as_json=as_json))


def doctor(
    config: Config = None,
    repair: Annotated[
        bool, typer.Option("--repair", help=N_("Repair what can be; only while no agent runs."))
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help=N_("Send nothing to the providers' addresses."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with this installation and what to do; 1 when something is."""
    from agent.cli.doctor import doctor as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(
        run(configuration(config), is_repair=repair, is_offline=offline, as_json=as_json)
    )
