"""The arguments of the commands about tickets: list, show, export, replay, and every action."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.arguments import AsJson, Ledger, TicketId, Url, add, group
from agent.i18n import N_
from agent.tickets.actions.action import ACTION_DESCRIPTIONS, TicketAction


def add_ticket_commands(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    tickets = group(N_("The ledger of tickets."))
    add(tickets, "list", list_newest, N_("List the newest tickets."))
    add(tickets, "show", show, N_("Show one ticket with its diagnosis, members and timeline."))
    add(
        tickets,
        "export",
        export,
        N_("Write a ticket's evidence bundle to a folder and print the folder."),
    )
    add(
        tickets,
        "replay",
        replay,
        N_("Queue dead letters for delivery again, with their ids unchanged."),
    )
    for action in TicketAction:
        _add_action(tickets, action)
    app.add_typer(tickets, name="tickets")


def list_newest(
    url: Url = None,
    config: Ledger = None,
    is_open: Annotated[
        bool | None, typer.Option("--open/--closed", help=N_("Only these; all by default."))
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1000, help=N_("The most tickets to list."))
    ] = 100,
    as_json: AsJson = False,
) -> None:
    """List the newest tickets."""
    from agent.cli.tickets import list_tickets  # noqa: PLC0415 - a fast --help

    raise typer.Exit(
        list_tickets(url=url, config=config, is_open=is_open, limit=limit, as_json=as_json)
    )


def show(
    ticket: TicketId,
    url: Url = None,
    config: Ledger = None,
    as_json: AsJson = False,
) -> None:
    """Show one ticket with its diagnosis, members and timeline."""
    from agent.cli.tickets import show_ticket  # noqa: PLC0415 - a fast --help

    raise typer.Exit(show_ticket(ticket, url=url, config=config, as_json=as_json))


def export(
    ticket: TicketId,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help=N_("Write below this folder."))
    ] = Path(),
    url: Url = None,
    config: Ledger = None,
) -> None:
    """Write a ticket's evidence bundle to a folder and print the folder."""
    from agent.cli.tickets import export as write  # noqa: PLC0415 - a fast --help

    raise typer.Exit(write(ticket, out, url=url, config=config))


def replay(
    ticket: Annotated[
        str | None, typer.Argument(metavar="ID", help=N_("Only this ticket's; all by default."))
    ] = None,
    url: Url = None,
    config: Ledger = None,
    as_json: AsJson = False,
) -> None:
    """Queue dead letters for delivery again, with their ids unchanged."""
    from agent.cli.tickets import replay as queue  # noqa: PLC0415 - a fast --help

    raise typer.Exit(queue(ticket, url=url, config=config, as_json=as_json))


def _add_action(tickets: typer.Typer, action: TicketAction) -> None:
    def run(
        ticket: TicketId,
        reason: Annotated[
            str, typer.Option("--reason", "-r", help=N_("Why; it is in the timeline."))
        ],
        by: Annotated[
            str, typer.Option("--by", envvar="USER", metavar="NAME", help=N_("Who acts."))
        ] = "",
        fields: Annotated[
            list[str] | None,
            typer.Option(
                "--set", metavar="NAME=VALUE", help=N_("A field of the action; repeatable.")
            ),
        ] = None,
        url: Url = None,
        config: Ledger = None,
        as_json: AsJson = False,
    ) -> None:
        from agent.cli.ticket_action import (  # noqa: PLC0415 - a fast --help
            ActionArguments,
            act_on_ticket,
        )

        arguments = ActionArguments(action, ticket, reason, by, tuple(fields or ()))
        raise typer.Exit(act_on_ticket(arguments, url=url, config=config, as_json=as_json))

    add(tickets, action.value.replace("_", "-"), run, ACTION_DESCRIPTIONS[action])
