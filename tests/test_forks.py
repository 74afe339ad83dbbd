"""A fork answers as a command that was started by itself."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forks import numwatch_done, numwatch_ended
from tests.integration.processes import ROOT, numwatch, wait_until


@pytest.mark.parametrize(
    ("arguments", "language"),
    [(("--version",), "en"), (("check-config", "no.yaml"), "zh-CN"), (("wach",), "en")],
)
def test_status_and_words_are_the_same(
    tmp_path: Path, arguments: tuple[str, ...], language: str
) -> None:
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "NUMWATCH_LANG": language}
    forked = numwatch_done(*arguments, environ=environ, folder=tmp_path)
    started = subprocess.run(
        numwatch(*arguments),
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert forked.returncode == started.returncode
    assert (forked.stdout, forked.stderr) == (started.stdout, started.stderr)


async def test_what_is_typed_and_a_code_are_taken() -> None:
    code = "import sys\nprint(sys.argv[1], input())\nsys.exit(7)"
    assert await numwatch_ended("one", code=code, typed="two\n") == (7, "one two\n", "")


def test_a_signal_that_ends_it_is_told() -> None:
    code = f"import os\nos.kill(os.getpid(), {int(signal.SIGKILL)})"
    assert numwatch_done(code=code).returncode == -signal.SIGKILL


def test_one_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "id"
    code = f"import os, signal\nopen({str(note)!r}, 'w').write(str(os.getpid()))\nsignal.pause()"
    with pytest.raises(subprocess.TimeoutExpired):
        numwatch_done(code=code, within=3.0)
    assert not Path(f"/proc/{note.read_text()}").exists()


def test_nothing_outlasts_what_forks() -> None:
    pause = "'import signal; signal.pause()'"
    code = (
        "import os, signal\nfrom pathlib import Path\nfrom tests.forks import _commands\n"
        "none = Path(os.devnull)\n"
        f"fork = _commands().begin((), none, (none, none), os.environ, Path('/'), {pause})\n"
        "print(_commands().popen.pid, fork.pid, flush=True)\nos.kill(os.getpid(), signal.SIGKILL)"
    )
    command = [sys.executable, "-c", code]
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    both = [Path(f"/proc/{pid.decode()}/stat") for pid in killed.stdout.split()]
    assert len(both) == 2

    def ended() -> bool:
        return not any(it.exists() and ") Z " not in it.read_text() for it in both)

    wait_until(ended, 30, "both have ended")
