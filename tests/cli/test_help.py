"""The help of every command: in both languages, at 80 columns, without box art."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len

from agent.cli.help import COMPLETION
from agent.cli.main import app
from agent.i18n import CHINESE
from agent.i18n.catalogue import translations
from tests.cli.test_command_line import numwatch

ROOT: Any = typer.main.get_command(app)


def commands(
    command: Any = ROOT, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from commands(child, (*path, name))


def texts(command: Any) -> Iterator[str]:
    yield from filter(None, (command.help, command.epilog))
    for parameter in command.params:
        yield COMPLETION.get(parameter.name, parameter.help or "")


ALL = [(" ".join(path) or "numwatch", command) for path, command in commands()]


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
def test_every_text_of_a_command_is_translated(name: str, command: Any) -> None:
    known = translations(CHINESE)
    missing = [text for text in texts(command) if known.gettext(text) == text]
    assert missing == []


def test_every_command_and_option_says_what_it_is() -> None:
    silent = [
        f"{name} {parameter.name}"
        for name, command in ALL
        for parameter in command.params
        if not getattr(parameter, "help", "") and parameter.name not in COMPLETION
    ]
    assert silent == []
    assert [name for name, command in ALL if not command.help] == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("arguments", [(), ("tickets",), ("tickets", "close"), ("diagnose",)])
def test_help_fits_eighty_columns_and_is_plain(arguments: tuple[str, ...], language: str) -> None:
    result = numwatch("--lang", language, *arguments, "--help", environ={"COLUMNS": "80"})
    assert result.returncode == 0
    assert [line for line in result.stdout.splitlines() if cell_len(line) > 80] == []
    assert not re.search(r"[\x1b\u2500-\u257f]", result.stdout)
    assert ("用法：" in result.stdout) is (language == "zh-CN")


def test_a_mistake_says_what_is_wrong_in_the_readers_language() -> None:
    english, chinese = (
        numwatch("poll", "--nope", environ={"NUMWATCH_LANG": it}) for it in ("en", "zh")
    )
    assert (english.returncode, chinese.returncode) == (2, 2)
    assert "--nope" in english.stderr
    assert chinese.stderr.startswith("没有选项 --nope\n")
    assert "numwatch poll --help" in chinese.stderr


def test_a_word_too_many_and_a_wrong_configuration_are_said_in_chinese(tmp_path: Path) -> None:
    chinese = {"NUMWATCH_LANG": "zh"}
    extra = numwatch("doctor", "one.yaml", environ=chinese)
    assert "one.yaml" in extra.stderr.splitlines()[0]
    assert "Got unexpected" not in extra.stderr
    file = tmp_path / "c.yaml"
    file.write_text("locale: fr\n", encoding="utf-8")
    checked = numwatch("check-config", str(file), environ=chinese)
    assert checked.returncode == 1
    assert f"{file}:1: locale: 不是已知的值，现为 fr；应为以下之一：en, zh-CN" in checked.stdout


def test_a_language_that_there_is_not_is_refused() -> None:
    result = numwatch("--lang", "fr", "poll")
    assert result.returncode == 2
    assert "en, zh-CN" in result.stderr


def test_the_shell_completes(tmp_path: Path) -> None:
    completing = {
        "_NUMWATCH_COMPLETE": "complete_bash",
        "COMP_WORDS": "numwatch ti",
        "COMP_CWORD": "1",
    }
    program = f"{Path(sys.executable).parent}/numwatch"
    result = subprocess.run(
        [program], env=completing, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.stdout.split() == ["tickets"]
