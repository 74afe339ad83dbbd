"""``numwatch dial``: test calls of a simulated world's numbers, as a user makes them."""

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.cli.dial_ledger import pages_of
from agent.cli.language import choose
from agent.cli.main import main
from agent.config.load import load
from agent.probing.book import CallBook
from agent.simulator.agent_config import build_config, dial_section, write_config
from agent.simulator.server import start
from agent.simulator.telephony.call import CallLog
from agent.simulator.telephony.endpoint import SipEndpoint, open_endpoint
from agent.simulator.telephony.world import answering
from agent.simulator.world import World
from tests.integration.processes import wait_until
from tests.probing.test_engine import WITHIN
from tests.probing.tiny_model import write_model

pytestmark = pytest.mark.timeout(120)
WORLD = """
seed: 3
providers:
  - name: north
    dialect: generic
    accounts:
      - id: hq
        credentials: {key: demo, secret: CANARY-secret}
        numbers:
          - {number: "4006220001", bindings: [{id: a, phone: "01088880001"}]}
          - {number: "4006220002", test_call: busy_tone, bindings: [{id: a, phone: "01088880002"}]}
          - number: "4006220003"
            test_call: suspended_prompt
            bindings: [{id: a, phone: "01088880003"}]
          - {number: "4006220004", test_call: congested, bindings: [{id: a, phone: "01088880004"}]}
          - number: "4006220005"
            routing: {schedule: [{days: mon-sun, from: "00:00", to: "00:01"}]}
            bindings: [{id: a, phone: "01088880005"}]
"""


@dataclass
class Scene:
    """A world whose numbers can be called, served in a thread of its own."""

    folder: Path
    endpoint: SipEndpoint
    config: dict[str, Any]
    count: int = field(default=0)

    def write(self, **dial: Any) -> Path:
        """A configuration with its own ledger; ``dial`` replaces keys of its section."""
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        path = folder / "config.yaml"
        write_config(path, {**self.config, "dial": {**self.config["dial"], **dial}})
        return path

    def caller(self, **changed: Any) -> dict[str, Any]:
        return {**self.config["dial"]["callers"][0], **changed}

    def calls_of(self, number: str) -> int:
        return sum(call.number == number for call in self.endpoint.calls)


@pytest.fixture(autouse=True)
def language() -> Iterator[None]:
    yield
    choose("")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    ready, ended = threading.Event(), threading.Event()
    made: list[Scene] = []

    async def serve() -> None:
        world = World.parse(WORLD)
        async with await start(world) as running:
            endpoint = await open_endpoint(answering(world))
            config = build_config(world, running.url)
            config["dial"] = dial_section("{}:{}".format(*endpoint.address)) | {"listen": 1.0}
            made.append(Scene(tmp_path_factory.mktemp("dial"), endpoint, config))
            ready.set()
            await asyncio.to_thread(ended.wait)
            endpoint.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(30)
        yield made[0]
    finally:
        ended.set()
        thread.join(30)


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    returncode: int
    stdout: str
    stderr: str


def numwatch(*args: str | Path, lang: str = "en") -> Done:
    """Run a command in this process: the imports are paid for once."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        sys.argv = ["numwatch", "--lang", lang, "dial", *map(str, args)]
        try:
            main()
        except SystemExit as ended:
            return Done(int(ended.code or 0), out.getvalue(), errors.getvalue())
    return Done(0, out.getvalue(), errors.getvalue())


def test_a_number_that_answers(scene: Scene) -> None:
    done = numwatch("4006220001", "--config", scene.write(), "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["outcome"]) == (0, "answered"), done.stderr
    assert document["confidence"] > 0.8
    assert document["sip_status"] == 200
    assert document["calls_left_today"] == 999
    assert document["line_at_fault"] is False
    assert "0108888" not in done.stdout


def test_an_announcement_is_recorded_enrolled_and_recognized(scene: Scene) -> None:
    config = scene.write()
    heard = config.parent / "heard.wav"
    call = ("4006220003", "--config", config)
    first = numwatch(*call, "--record", heard)
    assert first.returncode == 3, first.stdout + first.stderr
    assert numwatch("enrol", "suspended", heard, "--config", config).returncode == 0
    again = numwatch("enrol", "other", heard, "--config", config)
    assert again.returncode == 1
    assert "sounds like suspended" in again.stderr
    second = numwatch(*call, lang="zh-CN")
    assert second.returncode == 1, second.stdout + second.stderr
    assert "网络播放了已登记的提示音" in second.stdout
    assert "停机" in second.stdout


@pytest.mark.skipif(find_spec("sherpa_onnx") is None, reason="sherpa-onnx is not installed")
def test_what_nobody_enrolled_is_written_down_by_a_machine(scene: Scene, tmp_path: Path) -> None:
    folder = write_model(tmp_path, "您拨打的用户已停机")
    config = scene.write(speech={"model": str(folder), "kind": "zipformer_ctc"})
    done = numwatch("4006220003", "--config", config, "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["outcome"]) == (1, "announcement"), done.stderr
    assert "您拨打的用户已停机" in document["words"]
    assert document["words_failure"] is None
    assert (document["announcement"], document["announcement_confidence"]) == ("suspended", 0.8)
    assert document["evidence"][0] == "speech"
    shown = numwatch("4006220003", "--config", config, lang="zh-CN")
    assert "听到的话（机器转写）" in shown.stdout
    assert "您拨打的用户已停机" in shown.stdout


def test_without_speech_recognition_it_says_what_to_install(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_model(tmp_path / "model", "停机")
    (tmp_path / "sherpa_onnx.py").write_text("raise ModuleNotFoundError")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    config = scene.write(speech={"model": str(folder), "kind": "zipformer_ctc"})
    done = numwatch("4006220003", "--config", config)
    assert done.returncode == 3
    assert "pip install 'numwatch[speech]'" in " ".join(done.stdout.split())


def test_the_budget_holds_over_commands_and_an_unused_one_is_kept(scene: Scene) -> None:
    config = scene.write(callers=[scene.caller(daily_budget=1)])
    assert numwatch("4006220004", "--config", config).returncode == 1
    before = scene.calls_of("4006220004")
    refused = numwatch("4006220004", "--config", config)
    assert refused.returncode == 1
    assert "no call left today" in refused.stderr
    assert scene.calls_of("4006220004") == before


def test_a_failing_control_number_puts_the_blame_on_the_line(scene: Scene) -> None:
    config = scene.write(control_number="4006220002")
    done = numwatch("4006220004", "--config", config)
    assert done.returncode == 3, done.stderr
    assert "the line simulated is at fault" in done.stdout
    assert "had no way" not in done.stdout


REFUSED: dict[str, tuple[str, Callable[[Scene], dict[str, Any]], str]] = {
    "a stranger": ("4001234567", lambda _: {}, "strangers are not called"),
    "outside the number's hours": ("4006220005", lambda _: {}, "--any-time"),
    "outside the configured hours": (
        "4006220001",
        lambda _: {"number_hours": [{"number": "4006220001", "hours": ["00:00-00:01"]}]},
        "--any-time",
    ),
    "outside the caller's hours": (
        "4006220001",
        lambda it: {"callers": [it.caller(hours=["00:00-00:01"])]},
        "may not call at this hour",
    ),
    "no caller": ("4006220001", lambda _: {"callers": []}, "no caller is configured"),
}


@pytest.mark.parametrize(("number", "dial", "why"), REFUSED.values(), ids=REFUSED)
def test_calls_that_are_refused(
    scene: Scene, number: str, dial: Callable[[Scene], dict[str, Any]], why: str
) -> None:
    before = scene.calls_of(number)
    done = numwatch(number, "--config", scene.write(**dial(scene)))
    assert done.returncode in {1, 2}
    assert why in done.stderr
    assert scene.calls_of(number) == before


def test_outside_its_hours_a_number_is_called_when_asked(scene: Scene) -> None:
    done = numwatch("4006220005", "--config", scene.write(), "--any-time", "--json")
    assert scene.calls_of("4006220005") == 1, done.stderr


def test_without_the_engine_it_says_what_to_install_and_charges_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = scene.write()
    before = scene.calls_of("4006220001")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    done = numwatch("4006220001", "--config", config)
    assert done.returncode == 1
    assert "pip install 'numwatch[dial]'" in done.stderr
    assert scene.calls_of("4006220001") == before
    assert not list(config.parent.glob("data/*/*.db*"))


def test_while_another_process_holds_the_ledger_nothing_is_called(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.cli.dial_ledger._ATTEMPTS", 2)
    config = scene.write()
    folder = (config.parent / yaml.safe_load(config.read_text())["data_dir"]).resolve()
    before = scene.calls_of("4006220001")
    with held_by_another(folder):
        done = numwatch("4006220001", "--config", config)
    assert done.returncode == 1
    assert "what is not charged is not called" in done.stderr
    assert scene.calls_of("4006220001") == before


@contextlib.contextmanager
def calling(*args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", "dial", *map(str, args)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


def answered_call(scene: Scene, number: str) -> CallLog:
    """The call of ``number``, once somebody talks."""

    def lasting() -> CallLog | None:
        found = [it for it in scene.endpoint.calls if it.number == number and it.acknowledged]
        return next((it for it in found if it.ended is None), None)

    return wait_until(lasting, 60.0, "a call that was answered")


def engine_of(process: subprocess.Popen[str]) -> int:
    """The process of the engine that ``process`` has."""
    for tasks in Path(f"/proc/{process.pid}/task").iterdir():
        for pid in (tasks / "children").read_text().split():
            if b"engine.process" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return int(pid)
    raise AssertionError("no engine")


def remaining(config: Path) -> int:
    """The calls that are left today, by what the ledger has."""
    settings = load(config)
    book = CallBook(pages_of(settings), 60.0, settings.timezone)
    return asyncio.run(book.remaining(settings.dial.callers[0]))


def test_a_command_that_is_killed_ends_its_call_and_has_paid_for_it(scene: Scene) -> None:
    config = scene.write(callers=[scene.caller(daily_budget=1)], listen=60.0, longest=90.0)
    with calling("4006220001", "--config", config) as command:
        log = answered_call(scene, "4006220001")
        killed = time.monotonic()
        command.kill()
        wait_until(lambda: log.ended, 30.0, "the end of the call")
    assert log.ended is not None
    assert log.ended - killed < WITHIN
    refused = numwatch("4006220001", "--config", config)
    assert refused.returncode == 1
    # For all that is known the call lasts; and nothing is left of the budget.
    assert "is in a call" in refused.stderr
    assert remaining(config) == 0


def test_a_call_whose_engine_is_killed_is_ended_and_says_nothing_of_the_number(
    scene: Scene,
) -> None:
    config = scene.write(listen=60.0, longest=90.0)
    with calling("4006220001", "--config", config, "--json") as command:
        log = answered_call(scene, "4006220001")
        killed = time.monotonic()
        os.kill(engine_of(command), signal.SIGKILL)
        wait_until(lambda: log.ended, 30.0, "the end of the call")
        out, errors = command.communicate(timeout=60)
    assert log.ended is not None
    assert log.ended - killed < WITHIN
    document = json.loads(out)
    assert (command.returncode, document["outcome"]) == (3, "unknown"), errors
    assert document["engine_failure"]
    assert document["calls_left_today"] == remaining(config) == 999


HOLDER = """
import asyncio, sys
from pathlib import Path
from agent.store.database import Database
async def hold():
    database = await Database.open(Path(sys.argv[1]))
    print("held", file=sys.stderr, flush=True)
    sys.stdin.read()
    await database.close()
asyncio.run(hold())
"""


@contextlib.contextmanager
def held_by_another(folder: Path) -> Iterator[None]:
    """The ledger while another process holds it, which is no running agent."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        # The log goes there too.
        assert any(line == "held\n" for line in process.stderr)
        yield
    finally:
        process.kill()
        process.communicate(timeout=30)


def test_the_command_line_loads_nothing_of_test_calls() -> None:
    code = (
        "import sys, agent.cli.main\n"
        "print([it for it in sys.modules if 'baresip' in it or it.startswith('agent.probing')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
