"""Every command that a page names is one of numwatch's, and so is each option it is given."""

import re
import shlex
from collections.abc import Iterator

import pytest
import typer.main

from agent.cli.main import app
from tests.docs.pages import PAGES, name_of

INLINE = re.compile(r"(?<!`)`(numwatch [^`]+)`(?!`)")
BLOCK = re.compile(r"^```(?:|sh|bash|console|shell)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^(?:[$#] )?(?:sudo )?(?:\.venv/bin/)?(numwatch .*)$", re.MULTILINE)
ROOT_COMMAND = typer.main.get_command(app)
ELSEWHERE = {"CHANGELOG.md", "interface.md"}
READ = [page for page in PAGES if page.name not in ELSEWHERE and "adr" not in page.parts]
"""The changelog and the decisions tell of what once was, the interface of what is to come, too."""


def named(text: str) -> Iterator[str]:
    """The commands that a page has in its text and in its blocks."""
    for block in BLOCK.findall(text):
        yield from LINE.findall(block.replace("\\\n", " "))
    for words in INLINE.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        yield " ".join(words.replace("\\|", "|").split())


def unknown(command: str) -> str | None:
    """What of a command numwatch does not have; ``None`` where it has everything."""
    words = [
        word for word in shlex.split(re.sub(r"[\[\]]", "", command), comments=True) if word != "…"
    ][1:]
    found = [ROOT_COMMAND]
    for word in words:
        if word.startswith("-") or word == "COMMAND":
            break
        if not hasattr(found[0], "commands"):
            break
        commands = found[0].commands
        if "number" in commands and (word == "NUMBER" or word.isdecimal()):
            # `numwatch dial 4006220001` calls it, without a word between.
            found = [commands["number"]]
            break
        inner = [commands.get(one) for one in word.split("|") if one != "…"]
        if None in inner:
            return word
        found = [one for one in inner if one is not None]
    options = {name for one in (*found, ROOT_COMMAND) for it in one.params for name in it.opts}
    options |= {name for one in found for it in one.params for name in it.secondary_opts}
    given = [word.split("=")[0] for word in words if re.match(r"--?[a-z]", word)]
    return next((one for one in given if one not in {*options, "--help"}), None)


@pytest.mark.parametrize("page", READ, ids=name_of)
def test_numwatch_has_every_command_that_the_page_names(page) -> None:
    commands = set(named(page.read_text(encoding="utf-8")))
    assert {one: what for one in commands if (what := unknown(one))} == {}


def test_a_command_and_an_option_that_are_not_there_are_noticed() -> None:
    assert unknown("numwatch watch --config FILE") == "watch"
    assert unknown("numwatch tickets lost") == "lost"
    assert unknown("numwatch tickets 4006220001") == "4006220001"
    assert unknown("numwatch dial 4006220001 --lost") == "--lost"
    assert unknown("numwatch tickets list|lost") == "list|lost"
    assert unknown("numwatch poll --confg FILE") == "--confg"
    assert unknown("numwatch poll --config FILE") is None


def test_the_pages_name_commands() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in READ)
    assert len(set(named(text))) > 60
