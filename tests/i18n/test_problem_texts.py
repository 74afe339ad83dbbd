"""The mistakes of a configuration in Chinese: every one that a broken example shows is said."""

import re

import pytest

from agent.cli.language import choose
from agent.cli.runner import fail
from agent.config.load import ConfigError
from agent.i18n.problem_forms import FORMS, VALUES
from agent.i18n.problem_texts import LONGEST, problem_line, problem_text
from agent.plan import PlanError
from agent.yamlfile.problems import LocatedProblem
from tests.integration.processes import ROOT

BROKEN = ROOT / "tests" / "config" / "broken"
LINES = [
    line
    for file in sorted(BROKEN.glob("*.expected"))
    for line in file.read_text(encoding="utf-8").splitlines()
]


def test_every_mistake_of_the_broken_examples_reads_in_chinese():
    assert len(LINES) > 100
    assert [line for line in LINES if problem_line(line, "zh-CN") == line] == []
    assert [line for line in LINES if problem_line(line, "en") != line] == []
    kept = [problem_line(line, "zh-CN").startswith(line[: line.index(": ")]) for line in LINES]
    assert all(kept)


@pytest.mark.parametrize("form", [*FORMS, *VALUES])
def test_every_form_is_found_again(form):
    text = re.sub(r"\{\w+\}", "7", form.replace("{{", "<").replace("}}", ">"))
    text = text.replace("<", "{").replace(">", "}")
    assert problem_text(text, "en") == text
    assert problem_text(text, "zh-CN") != text or form.startswith("{problem}"), form


@pytest.mark.parametrize(
    "text",
    [
        "has been eaten by a dog, expected a dog",
        "is missing, expected whatever you like best",
        "is missing " * LONGEST,
        "",
        "是空的",
    ],
)
def test_what_has_no_form_stays_english_as_a_whole(text):
    assert problem_text(text, "zh-CN") == text
    assert problem_line(f"a.yaml:3: key: {text}", "zh-CN") == f"a.yaml:3: key: {text}"


def test_the_commands_say_it_in_the_readers_language(capsys):
    located = LocatedProblem("a.yaml", 3, "providers[0].name", "is empty, expected text")
    error = ConfigError([located])
    choose("zh")
    try:
        for reason in (error, PlanError(str(error))):
            fail(reason)
            assert capsys.readouterr().err == "a.yaml:3: providers[0].name: 为空，应为文本\n"
    finally:
        choose("")
    assert str(error) == "a.yaml:3: providers[0].name: is empty, expected text"
