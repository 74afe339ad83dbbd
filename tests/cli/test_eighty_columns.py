"""Every command at 80 columns, in a pseudo-terminal and in a pipe, in both languages.

No line is wider, but for a single word that cannot be broken; no number, ticket or account of the
JSON form is cut; a pipe gets no colours and no box art.
"""

import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from fcntl import ioctl
from pathlib import Path

import pytest
from rich.cells import cell_len

from agent.web.labels import LABELS
from tests.agent_process import TOKEN, AgentProcess, agent_process, small_world
from tests.chinese_prose import english_in
from tests.forks import numwatch_done
from tests.integration.processes import ROOT, wait_until

NUMBER = "4006220001"
NAMES = frozenset(
    {"north", "hq", "desk", "check-config", "calendar", "zh-CN", "utf-8", "top", " en "}
)
COMMAND = re.compile(r"^  [a-z-]+ |\[OPTIONS\] COMMAND \[ARGS\]|numwatch tickets")
"""Names of the world's account and of its sink."""
DRIVER = Path(__file__).with_name("commands_in_turn.py")
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
IDS = re.compile(r"(?<![\d*])400\d{7}(?!\d)|NW-[0-9A-Z]+-[0-9A-Z]+-\d+|north/hq|numwatch_[a-z_]+")
SENTENCE = re.compile(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}")
"""Three English words in a row."""


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    world = small_world()
    world["providers"][0]["accounts"][0]["numbers"][0]["grade"] = "AAA"
    with agent_process(tmp_path_factory.mktemp("world"), world) as running:
        wait_until(lambda: running.json("/api/tickets")["items"], 60, "a ticket is open")
        yield running


def ticket_of(agent: AgentProcess) -> str:
    return str(agent.json("/api/tickets")["items"][0]["id"])


def command_lines(agent: AgentProcess, *, as_json: bool = False) -> dict[str, list[str]]:
    config, url = ["--config", str(agent.config)], ["--url", agent.url]
    backup = str(agent.config.with_name(f"backup-{os.urandom(4).hex()}.db"))
    both = {
        "poll": ["poll", *config],
        "lint": ["lint", *config],
        "diagnose": ["diagnose", NUMBER, *config],
        "route": ["route", NUMBER, *config],
        "baseline show": ["baseline", "show", NUMBER, *config],
        "baseline diff": ["baseline", "diff", NUMBER, *config],
        "tickets list": ["tickets", "list", *url],
        "tickets show": ["tickets", "show", ticket_of(agent), *url],
        "query": ["query", "numwatch_number_state", *url],
        "doctor": ["doctor", *config],
        "backup": ["backup", backup, *config],
    }
    if as_json:
        return {name: [*line, "--json"] for name, line in both.items()}
    helps = {"help": ["--help"], "tickets help": ["tickets", "--help"]}
    return {**both, "top": ["top", *url], **helps}


def environment(lines: Sequence[list[str]], language: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "80",
        "TERM": "xterm-256color",
        "NUMWATCH_LANG": language,
        "NUMWATCH_TOKEN": TOKEN,
        "COMMANDS": json.dumps(lines),
    }


def in_a_pipe(agent: AgentProcess, language: str, *, as_json: bool = False) -> dict[str, str]:
    named = command_lines(agent, as_json=as_json)
    environ = environment(list(named.values()), language)
    done = numwatch_done(code=DRIVER.read_text(), environ=environ, within=120)
    assert done.returncode == 0, done.stderr
    return dict(zip(named, done.stdout.split("\0\n")[1:], strict=True))


def in_a_terminal(agent: AgentProcess) -> dict[str, str]:
    # At a terminal `top` goes on until somebody ends it; its frame is that of the pipe.
    named = {name: line for name, line in command_lines(agent).items() if name != "top"}
    master, slave = pty.openpty()
    ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    process = subprocess.Popen(
        [sys.executable, DRIVER],
        env=environment(list(named.values()), "en"),
        stdin=slave,
        stdout=slave,
        stderr=subprocess.DEVNULL,
    )
    os.close(slave)
    content = b""
    while chunk := _read(master):
        content += chunk
    assert process.wait(60) == 0
    os.close(master)
    parts = ANSI.sub("", content.decode()).replace("\r\n", "\n").split("\0\n")[1:]
    return dict(zip(named, parts, strict=True))


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def too_wide(text: str) -> list[str]:
    """Lines of more than 80 cells that have more than one word."""
    return [line for line in text.splitlines() if cell_len(line) > 80 and " " in line.strip()]


@pytest.fixture(scope="module")
def piped(agent: AgentProcess) -> dict[str, str]:
    return in_a_pipe(agent, "en")


@pytest.fixture(scope="module")
def chinese(agent: AgentProcess) -> dict[str, str]:
    return in_a_pipe(agent, "zh-CN")


def test_in_a_pipe_every_line_fits_and_is_plain(piped: dict[str, str]) -> None:
    for name, text in piped.items():
        assert text.strip(), name
        assert too_wide(text) == [], name
        assert not re.search(r"[\x1b\u2500-\u257f]|…|-\d+\.\d+ s", text), name


def test_in_a_terminal_every_line_fits(agent: AgentProcess) -> None:
    shown = in_a_terminal(agent)
    for name, text in shown.items():
        assert text.strip(), name
        assert too_wide(text) == [], name


def test_no_id_of_the_json_form_is_cut(agent: AgentProcess, piped: dict[str, str]) -> None:
    for name, document in in_a_pipe(agent, "en", as_json=True).items():
        json.loads(document)
        ids = set(IDS.findall(document))
        assert [it for it in ids if it not in piped[name]] == [], name


@pytest.mark.parametrize("name", ["poll", "lint", "route", "baseline diff", "tickets list", "help"])
def test_chinese_has_no_english_sentence(chinese: dict[str, str], name: str) -> None:
    text = chinese[name]
    assert too_wide(text) == []
    assert re.search(r"[\u4e00-\u9fff]", text)
    mixed = [
        line
        for line in text.splitlines()
        if re.search(r"[\u4e00-\u9fff]", line) and SENTENCE.search(line)
    ]
    assert mixed == []


def test_what_is_printed_in_chinese_has_no_english_prose(chinese: dict[str, str]) -> None:
    left = [
        f"{name}: {line}"
        for name, text in chinese.items()
        for line in text.splitlines()
        # A line of help begins with the name of a command; labels of metrics are names as well.
        if english_in(COMMAND.sub("", line) if "help" in name else line, NAMES) and name != "query"
    ]
    assert not left, "\n".join(left)


def test_times_are_said_as_people_say_them(piped: dict[str, str]) -> None:
    text = piped["tickets show"]
    assert re.search(r"due in \d+ (?:d|h|min)", text)
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d\d:\d\d", text)
    assert "T" not in re.findall(r"\d{4}-\d\d-\d\d(.)", text)


def test_the_words_of_the_test_would_notice() -> None:
    assert too_wide("a " * 50)
    assert not too_wide("a" * 90)
    assert SENTENCE.search("号码 is out of service")
    assert LABELS["active"].text("zh-CN") != "active"
