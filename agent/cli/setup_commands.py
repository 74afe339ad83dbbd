"""The arguments of the commands around an installation: init, top."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import Url, add
from agent.i18n import N_


def add_setup_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    add(
        app,
        "init",
        init,
        N_("Ask a few questions, write a configuration that passes, and poll once."),
        N_("Without a terminal nothing is asked: then options say everything. Ends as poll does."),
    )
    add(
        app,
        "top",
        top,
        N_("Watch a running agent: numbers, tickets with their clocks, accounts."),
        N_("q or Ctrl-C ends it. In a pipe it prints what is there now, and ends."),
    )


def init(  # noqa: PLR0913, PLR0917 - an option each  # nosec B107 # empty: unsigned
    file: Annotated[
        Path, typer.Option("--out", metavar="FILE", help=N_("The file to write."))
    ] = Path("config.yaml"),
    kind: Annotated[
        str,
        typer.Option("--kind", metavar="KIND", help=N_("A bundled profile or native adapter.")),
    ] = "",
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help=N_("Your name for the provider."))
    ] = "",
    account: Annotated[
        str, typer.Option("--account", metavar="NAME", help=N_("Your name for the account."))
    ] = "",
    base_url: Annotated[
        str, typer.Option("--base-url", metavar="URL", help=N_("The address of its API."))
    ] = "",
    credential: Annotated[
        list[str] | None,
        typer.Option(
            "--credential",
            metavar="NAME=WHERE",
            help=N_("Where a secret is, env:VARIABLE or file:PATH; repeatable."),
        ),
    ] = None,
    number: Annotated[
        list[str] | None,
        typer.Option(
            "--number", metavar="NUMBER", help=N_("A number that no API lists; repeatable.")
        ),
    ] = None,
    tickets: Annotated[
        str, typer.Option("--tickets", metavar="URL", help=N_("The webhook that takes tickets."))
    ] = "",
    secret: Annotated[
        str,
        typer.Option("--secret", metavar="WHERE", help=N_("Where the secret that signs them is.")),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help=N_("Overwrite the file if it exists."))
    ] = False,
    no_poll: Annotated[bool, typer.Option("--no-poll", help=N_("Write it and stop."))] = False,
) -> None:
    """Ask a few questions, write a configuration that passes, and poll once."""
    from agent.cli.init import InitOptions  # noqa: PLC0415 - a fast --help
    from agent.cli.init import init as run  # noqa: PLC0415

    options = InitOptions(
        file=file,
        kind=kind,
        name=name,
        account=account,
        base_url=base_url,
        credentials=tuple(credential or ()),
        numbers=tuple(number or ()),
        desk=tickets,
        desk_secret=secret,
        force=force,
        is_polling=not no_poll,
    )
    raise typer.Exit(run(options))


def top(url: Url = None) -> None:
    """Watch a running agent: numbers, tickets with their clocks, accounts."""
    from agent.cli.top import top as run  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run(url))
