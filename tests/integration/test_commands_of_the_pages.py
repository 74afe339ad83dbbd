"""Every command of the README and of getting started is run as it stands.

The Chinese pages have the same commands, which is compared, so each is run once. What waits
(``simulate``, ``run``) runs on beside the commands after it, as in a second terminal. ``make``
targets take minutes and have tests of their own: here make must know them.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.forks import numwatch_done, running_numwatch
from tests.integration.processes import free_port, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

ROOT = Path(__file__).parents[2]
ENVIRON = {**os.environ, "PYTHONPATH": str(ROOT)}
PAGES = {
    "README.md": "README.zh-CN.md",
    "docs/getting-started.md": "docs/getting-started.zh.md",
}
"""Each page, and the same in Chinese."""
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\S+\.yaml)\n")
ALLOWED = {"diagnose": {0, 1}, "lint": {0, 1}}
"""The statuses that say what was found; every other command ends with 0."""
WAITING = {"simulate", "run", "demo"}
WORLD = re.search(
    r"```yaml\n# world\.yaml\n(.*?)```",
    (ROOT / "docs/getting-started.md").read_text(),
    re.DOTALL,
)


SHELL = {"", "sh", "bash", "shell", "console"}
"""What a block of commands may call its language."""


def commands(page: str) -> list[str]:
    """The commands in the blocks of a page that are a shell's, without their remarks."""
    found = BLOCK.findall((ROOT / page).read_text())
    blocks = [
        re.sub(r"^\$ ", "", text, flags=re.MULTILINE)
        for language, text in found
        if language in SHELL
    ]
    lines = [line for text in blocks for line in text.replace("\\\n", " ").splitlines()]
    return [
        shlex.join(shlex.split(line, comments=True))
        for line in lines
        if re.match(r"(make|numwatch|cp) ", line)
    ]


class Terminal:
    """A folder in which the commands of one page run, and what of them goes on running."""

    def __init__(self, folder: Path, waiting: ExitStack) -> None:
        self.folder, self.waiting = folder, waiting
        self.simulator, self.agent = free_port(), free_port()

    def run(self, command: str) -> None:
        """Run a command as its page has it, but for the ports, which must be free here.

        Raises:
            AssertionError: when it does not end, or begin to wait, as it should.
        """
        words = shlex.split(command.replace("127.0.0.1:10490", f"127.0.0.1:{self.simulator}"))
        if words[0] == "make":
            subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, check=True, capture_output=True)
        elif words[0] == "cp":
            shutil.copy(ROOT / words[1], self.folder / words[2])
            self.use_the_world()
        elif words[1] in WAITING:
            self.start(words[1:])
        else:
            self.finish(words[1:])

    def use_the_world(self) -> None:
        """Let the copied configuration ask a simulated provider instead of those it names."""
        assert WORLD is not None
        (self.folder / "world.yaml").write_text(WORLD[1])
        self.start(
            shlex.split(
                f"simulate --world world.yaml --listen 127.0.0.1:{self.simulator}"
                " --write-config config.yaml"
            )
        )

    def start(self, arguments: list[str]) -> None:
        """Start a command that waits, and go on once it is ready."""
        config = self.folder / "config.yaml"
        if arguments[0] == "simulate":
            config.unlink(missing_ok=True)
        else:
            arguments = [*arguments, "--listen", f"127.0.0.1:{self.agent}"]
        log = self.folder / f"{arguments[0]}.log"
        process = self.waiting.enter_context(
            running_numwatch(*arguments, log=log, folder=self.folder, environ=ENVIRON)
        )
        if arguments[0] == "simulate":
            wait_until(config.is_file, 60, "the configuration is written")
        else:
            wait_until(lambda: '"listening"' in log.read_text(), 60, "the agent listens")
        assert process.poll() is None

    def finish(self, arguments: list[str]) -> None:
        """Run a command that ends; what asks a running agent asks the one started here."""
        if arguments[0] in {"query", "tickets"}:
            arguments = [*arguments, "--url", f"http://127.0.0.1:{self.agent}"]
        done = numwatch_done(*arguments, environ=ENVIRON, folder=self.folder)
        assert done.returncode in ALLOWED.get(arguments[0], {0}), (arguments, done.stderr)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    with ExitStack() as waiting:
        yield Terminal(tmp_path, waiting)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_works(page: str, terminal: Terminal) -> None:
    for text in (text for _, text in BLOCK.findall((ROOT / page).read_text())):
        if name := NAMED.match(text):
            (terminal.folder / name[1]).write_text(text)
    found = commands(page)
    assert len(found) > 4
    for command in found:
        terminal.run(command)


RUN_NOWHERE = {f"docs/{name}.md": f"docs/{name}.zh.md" for name in ("deployment", "operating")}
"""Further pages with commands, of machines and clusters, and the same in Chinese."""


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_commands(page: str) -> None:
    assert commands(page) == commands(PAGES[page])


def shell(page: str) -> list[str]:
    """The blocks of a page that are a shell's, as they stand."""
    return [
        text for language, text in BLOCK.findall((ROOT / page).read_text()) if language in SHELL
    ]


@pytest.mark.parametrize("page", RUN_NOWHERE)
def test_the_commands_of_an_operator_are_the_same_in_both_languages(page: str) -> None:
    assert shell(page) == shell(RUN_NOWHERE[page])


@pytest.mark.parametrize("page", [*PAGES, *PAGES.values()])
def test_no_line_of_a_shells_block_goes_unread(page: str) -> None:
    """What ``commands`` passes over is neither run nor compared: a picture, and nothing else."""
    lines = "\n".join(shell(page)).replace("\\\n", " ").splitlines()
    other = [line for line in lines if line.strip() and not re.match(r"(make|numwatch|cp) ", line)]
    assert [line for line in other if not re.search(r"[│─└▶]", line)] == []


def test_a_command_that_fails_is_noticed(terminal: Terminal) -> None:
    with pytest.raises(AssertionError):
        terminal.run("numwatch check-config missing.yaml")
    with pytest.raises(subprocess.CalledProcessError):
        terminal.run("make no-such-target")
