"""``numwatch init``: by options and by questions, against a simulated provider over real HTTP."""

import asyncio
import os
import pty
import stat
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import yaml

from agent.plan import make_plan
from agent.simulator.server import start
from agent.simulator.world import World
from tests.cli.test_poll_command import WORLD
from tests.forks import numwatch_ended
from tests.integration.processes import ROOT

SECRETS = {"NORTH_KEY": "demo", "NORTH_SECRET": "demo-secret"}


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with await start(World.parse(WORLD)) as running:
        yield running.base_url("north")


async def numwatch(
    *arguments: str, cwd: Path, typed: str | None = None
) -> tuple[int | None, str, str]:
    """The command; ``typed`` at a pseudo-terminal, without it there is none."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **SECRETS}
    if typed is None:
        return await numwatch_ended("init", *arguments, environ=environ, folder=cwd, within=90)
    master, slave = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent", "init", *arguments),
        stdin=slave,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env=environ,
    )
    os.close(slave)
    os.write(master, typed.encode())
    out, err = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, out.decode(), err.decode()


def options(url: str) -> list[str]:
    return [
        *("--kind", "generic", "--name", "north", "--account", "hq", "--base-url", url),
        *("--credential", "key=env:NORTH_KEY", "--credential", "secret=env:NORTH_SECRET"),
        *("--tickets", "https://desk.example.com/hooks"),
    ]


async def test_options_say_everything(url: str, tmp_path: Path, monkeypatch) -> None:
    status, out, err = await numwatch(*options(url), cwd=tmp_path)
    assert status == 0, err
    file = tmp_path / "config.yaml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for name, value in SECRETS.items():
        assert value not in file.read_text()
        monkeypatch.setenv(name, value)
    assert make_plan(file).settings.providers[0].accounts[0].id == "hq"
    assert yaml.safe_load(file.read_text())["sinks"][0]["url"] == "https://desk.example.com/hooks"
    for text in ("4006220001", "north/hq", "numwatch run --config config.yaml"):
        assert text in out


async def test_nothing_is_overwritten_without_a_word(url: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("mine: 1\n")
    status, _out, err = await numwatch(*options(url), cwd=tmp_path)
    assert status == 2
    assert "--force" in err
    assert (tmp_path / "config.yaml").read_text() == "mine: 1\n"
    status, _out, err = await numwatch(*options(url), "--force", "--no-poll", cwd=tmp_path)
    assert status == 0, err
    assert "north" in (tmp_path / "config.yaml").read_text()


async def test_what_is_missing_is_named_at_once(tmp_path: Path) -> None:
    status, _out, err = await numwatch("--kind", "generic", cwd=tmp_path)
    assert status == 2
    for option in ("--base-url", "--credential key=", "--credential secret="):
        assert option in err
    status, _out, err = await numwatch("--kind", "nobody", cwd=tmp_path)
    assert status == 2
    assert "twilio" in err
    assert list(tmp_path.iterdir()) == []


def plain(url: str) -> list[str]:
    return [it.replace("env:NORTH_SECRET", "demo-secret") for it in options(url)]


def unset(url: str) -> list[str]:
    return [it.replace("env:NORTH_SECRET", "env:NOWHERE") for it in options(url)]


@pytest.mark.parametrize(("change", "said"), [(plain, "never written"), (unset, "NOWHERE")])
async def test_what_would_not_pass_is_not_written(
    tmp_path: Path, change: Callable[[str], list[str]], said: str
) -> None:
    status, _out, err = await numwatch(*change("https://north.example.com"), cwd=tmp_path)
    assert status == 2
    assert said in err
    assert list(tmp_path.iterdir()) == []


async def test_questions_are_asked_one_after_the_other(url: str, tmp_path: Path) -> None:
    typed = f"generic\nnorth\nhq\n{url}\n\n\n\n"
    status, out, err = await numwatch("--no-poll", cwd=tmp_path, typed=typed)
    assert status == 0, err
    written = yaml.safe_load((tmp_path / "config.yaml").read_text())
    (account,) = written["providers"][0]["accounts"]
    assert account["credentials"] == {"key": "${NORTH_KEY}", "secret": "${NORTH_SECRET}"}
    assert "sinks" not in written
    assert "numwatch run" in out
