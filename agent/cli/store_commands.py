"""The arguments of the commands about the store: migrate, check, copy."""

import typer

from agent.cli.arguments import AsJson, Config, add, group
from agent.cli.config_path import configuration
from agent.i18n import N_


def add_store_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    store = group(N_("The store: a file in the data folder, or a database server."))
    add(store, "migrate", migrate, N_("Make the store's tables, or bring them up to date."))
    add(store, "check", check, N_("Say whether the store can be used; 1 when it cannot."))
    add(
        store,
        "copy",
        copy,
        N_("Copy the SQLite ledger into the PostgreSQL of store.url, and compare the two."),
        N_("Only while no agent runs, and only into an empty database; all of it or nothing."),
    )
    app.add_typer(store, name="store")


def migrate(config: Config = None) -> None:
    """Make the store's tables, or bring them up to date."""
    from agent.cli.store import migrate as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(configuration(config)))


def check(config: Config = None, as_json: AsJson = False) -> None:
    """Say whether the store can be used; 1 when it cannot."""
    from agent.cli.store import check as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(configuration(config), as_json=as_json))


def copy(config: Config = None, as_json: AsJson = False) -> None:
    """Copy the SQLite ledger into the PostgreSQL of store.url, and compare the two."""
    from agent.cli.store import copy as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(configuration(config), as_json=as_json))
