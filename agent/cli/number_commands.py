"""The arguments of the commands about numbers: poll, diagnose, lint, route, query, baseline."""

from typing import Annotated

import typer

from agent.cli.arguments import AsJson, AtAccount, Caller, Config, HotlineNumber, Url, add, group
from agent.cli.config_path import configuration
from agent.i18n import N_


def add_number_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    add(app, "poll", poll, N_("Poll once and print what was seen."))
    add(
        app,
        "diagnose",
        diagnose,
        N_("Say why a number cannot be reached, whose job it is, and what to do."),
    )
    add(
        app,
        "lint",
        lint,
        N_("Print what is wrong with the numbers' configurations; 1 if any error."),
    )
    add(
        app,
        "route",
        route,
        N_("Show where a call goes, which phones ring when, and which hours of the week ring."),
    )
    add(app, "query", query, N_("Evaluate an expression at a running agent, as of now."))
    baselines = group(N_("The approved configuration of a number, and the drift from it."))
    add(baselines, "show", baseline_show, N_("Show the approved configuration of a number."))
    add(
        baselines,
        "diff",
        baseline_diff,
        N_("Show what differs from the approved configuration; 1 when something does."),
    )
    add(
        baselines, "approve", baseline_approve, N_("Approve a number's configuration as it is now.")
    )
    app.add_typer(baselines, name="baseline")


def poll(
    config: Config = None,
    account: Annotated[
        str | None, typer.Option("--account", metavar="P/A", help=N_("Only this account."))
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Poll once and print what was seen."""
    from agent.cli.poll import poll as run_poll  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run_poll(configuration(config), account, as_json=as_json))


def diagnose(
    number: HotlineNumber,
    config: Config = None,
    caller: Caller = "",
    answer: Annotated[
        list[str] | None,
        typer.Option(
            "--answer", metavar="QUESTION=ANSWER", help=N_("An answer to a question; repeatable.")
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help=N_("Ask the open questions one after the other."))
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say why a number cannot be reached, whose job it is, and what to do."""
    from agent.cli.diagnose import DiagnoseOptions, diagnose_number  # noqa: PLC0415 - a fast --help

    options = DiagnoseOptions(number, caller, tuple(answer or ()), ask)
    raise typer.Exit(diagnose_number(configuration(config), options, as_json=as_json))


def lint(config: Config = None, as_json: AsJson = False) -> None:
    """Print what is wrong with the numbers' configurations; 1 if any error."""
    from agent.cli.lint import lint as run_lint  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run_lint(configuration(config), as_json=as_json))


def route(
    number: HotlineNumber,
    config: Config = None,
    caller: Caller = "",
    area: Annotated[
        str, typer.Option("--area", metavar="CODE", help=N_("The caller's area code."))
    ] = "",
    at: Annotated[
        str,
        typer.Option(
            "--at", metavar="TIME", help=N_("Local time, 2026-10-01T09:30; now by default.")
        ),
    ] = "",
    keys: Annotated[
        str, typer.Option("--keys", metavar="KEYS", help=N_("Keys pressed in the voice menu."))
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show where a call goes, which phones ring when, and which hours of the week ring."""
    from agent.cli.route import RouteOptions  # noqa: PLC0415 - a fast --help
    from agent.cli.route import route as show  # noqa: PLC0415

    raise typer.Exit(
        show(configuration(config), RouteOptions(number, caller, area, at, keys), as_json=as_json)
    )


def query(
    expression: Annotated[str, typer.Argument(metavar="EXPR", help=N_("An expression of PromQL."))],
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate an expression at a running agent, as of now."""
    from agent.cli.query import query as run_query  # noqa: PLC0415 - a fast --help

    raise typer.Exit(run_query(expression, url, as_json=as_json))


def baseline_show(
    number: HotlineNumber, config: Config = None, account: AtAccount = "", as_json: AsJson = False
) -> None:
    """Show the approved configuration of a number."""
    from agent.cli.baseline import show  # noqa: PLC0415 - a fast --help
    from agent.cli.client import NumberKey  # noqa: PLC0415

    raise typer.Exit(show(configuration(config), NumberKey.parse(number, account), as_json=as_json))


def baseline_diff(
    number: HotlineNumber, config: Config = None, account: AtAccount = "", as_json: AsJson = False
) -> None:
    """Show what differs from the approved configuration; 1 when something does."""
    from agent.cli.baseline import diff  # noqa: PLC0415 - a fast --help
    from agent.cli.client import NumberKey  # noqa: PLC0415

    raise typer.Exit(diff(configuration(config), NumberKey.parse(number, account), as_json=as_json))


def baseline_approve(
    number: HotlineNumber,
    config: Config = None,
    account: AtAccount = "",
    by: Annotated[str, typer.Option("--by", help=N_("Who approves; you by default."))] = "",
    note: Annotated[str, typer.Option("--note", help=N_("Why."))] = "",
    as_json: AsJson = False,
) -> None:
    """Approve a number's configuration as it is now."""
    from agent.cli.baseline import approve  # noqa: PLC0415 - a fast --help
    from agent.cli.client import NumberKey  # noqa: PLC0415

    raise typer.Exit(
        approve(configuration(config), NumberKey.parse(number, account), by, note, as_json=as_json)
    )
