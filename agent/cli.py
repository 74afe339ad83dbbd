"""The front door: one function per command, no logic.

Every command imports its room when it runs, so that ``numwatch --help`` answers at once.
Results go to standard output, logs and errors to standard error.
"""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="numwatch",
    help="Watches hotline numbers at every provider and opens tickets that say what is wrong.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="What can be written in the configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")


def main() -> None:
    """Run the command line; the entry point of ``numwatch``."""
    app()


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - a fast --help

        typer.echo(f"numwatch {version('numwatch')}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Watch hotline numbers at every provider."""


@app.command("check-config")
def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration to check.")],
) -> None:
    """Check a configuration; every error on its own line as FILE:LINE: key: what is wrong."""
    from agent.config.load import ConfigError, load  # noqa: PLC0415 - a fast --help

    try:
        load(file)
    except ConfigError as error:
        typer.echo(str(error))
        raise typer.Exit(1) from None
    typer.echo(f"{file}: ok")


@config_app.command("schema")
def config_schema(
    markdown: Annotated[
        bool, typer.Option("--markdown", help="The reference page instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of the configuration."""
    from agent.config.schema import json_schema  # noqa: PLC0415 - a fast --help

    if markdown:
        from agent.config.reference import page  # noqa: PLC0415 - a fast --help

        sys.stdout.write(page())
    else:
        sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
