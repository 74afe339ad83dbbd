"""The help of commands: wrapped to the terminal, in the reader's language, the same in a pipe."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from rich.text import Text
from typer.core import TyperCommand, TyperGroup, TyperOption

from agent.cli.language import locale
from agent.i18n import N_, Message, translate
from agent.terminal.grid import facts, paragraph
from agent.terminal.output import console, print_lines

_USAGE: Final = Message("Usage:")
_DEFAULT: Final = Message("{text} [default: {value}]")
_REQUIRED: Final = Message("{text} [required]")
_HELP_OPTION: Final = Message("Show this help.")
_SECTIONS: Final = {
    "arguments": Message("Arguments:"),
    "options": Message("Options:"),
    "commands": Message("Commands:"),
}
COMPLETION: Final = {
    "install_completion": N_("Install completion for this shell."),
    "show_completion": N_("Print the completion script of this shell."),
}
"""Texts for the options that typer adds by itself."""


class Command(TyperCommand):
    """A command with our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's interface
        """Print the help."""
        _print_help(self, ctx)


class Group(TyperGroup):
    """A group of commands with our help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 - click's interface
        """Print the help."""
        _print_help(self, ctx)


def _print_help(command: Any, ctx: Any) -> None:
    out = console()
    print_lines(_help_lines(command, ctx, out.width), out)


def _help_lines(command: Any, ctx: Any, width: int) -> Iterator[Text]:
    language = locale()
    usage = " ".join((ctx.command_path, *command.collect_usage_pieces(ctx)))
    yield from paragraph(usage, width, f"{_USAGE.text(language)} ", "  ")
    yield Text()
    yield from paragraph(translate(language, command.help or ""), width)
    options = [it for it in command.get_params(ctx) if not getattr(it, "hidden", False)]
    arguments = [it for it in options if it.param_type_name == "argument"]
    sections = {
        "arguments": [(_metavar(it), _about(it, ctx)) for it in arguments],
        "options": [(_names(it), _about(it, ctx)) for it in options if it not in arguments],
        "commands": list(_commands(command, language)),
    }
    for name, rows in sections.items():
        if rows:
            yield Text()
            yield Text(_SECTIONS[name].text(language), style="bold")
            yield from facts(rows, width, indent=2)
    if command.epilog:
        yield Text()
        yield from paragraph(translate(language, command.epilog), width)


def _commands(command: Any, language: str) -> Iterable[tuple[str, str]]:
    for name, it in sorted(getattr(command, "commands", {}).items()):
        if not it.hidden:
            yield name, translate(language, it.help or "")


def _metavar(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name.upper())


def _names(option: Any) -> str:
    names = "/".join((*option.opts, *option.secondary_opts))
    is_flag = isinstance(option, TyperOption) and option.is_flag
    return names if is_flag else f"{names} {_metavar(option)}"


def _about(parameter: Any, ctx: Any) -> str:
    language = locale()
    text = translate(language, _plain_help(parameter))
    if parameter.required:
        return _REQUIRED.with_values(text=text).text(language)
    default = parameter.get_default(ctx, call=False)
    is_flag = isinstance(parameter, TyperOption) and parameter.is_flag
    if is_flag or default in (None, "", (), []) or callable(default):
        return text
    return _DEFAULT.with_values(text=text, value=default).text(language)


def _plain_help(parameter: Any) -> str:
    if parameter.name == "help":
        return _HELP_OPTION.msgid
    return COMPLETION.get(parameter.name, parameter.help or "")
