"""The recognizer in its process: the real library with a tiny model, and everything that fails."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from agent.config.speech import Speech
from agent.probing.hearing.sound import RATE
from agent.probing.speech.client import COMMAND, Transcript, transcribe
from agent.probing.texts import SPEECH_MISSING
from tests.probing.tiny_model import write_model

pytestmark = pytest.mark.timeout(90)
SAYS = "您拨打的用户已停机"
with_the_library = pytest.mark.skipif(
    find_spec("sherpa_onnx") is None, reason="sherpa-onnx is not installed (numwatch[speech])"
)


def sound(*levels: float) -> bytes:
    """Half a second of noise at each level."""
    noise = np.random.default_rng(7).normal(0, 1, RATE // 2)
    samples = np.concatenate([noise * level for level in levels])
    return (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


LOUD = sound(0, 0.2, 0, 0.2, 0)


def children() -> list[bytes]:
    """The command lines of this process's children, but for what other tests have begun."""
    text = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text()
    names = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in text.split()]
    own = [name for name in names if name.startswith(sys.executable.encode())]
    return [name for name in own if b"\0tests.fork_server\0" not in name]


def speech(folder: Path, says: str = SAYS, **changed: object) -> Speech:
    model = write_model(folder / "model", says)
    return Speech(model=str(model), kind="zipformer_ctc").model_copy(update=changed)


# --- the real library


@with_the_library
async def test_the_model_writes_down_what_is_loud(tmp_path: Path) -> None:
    assert await transcribe(LOUD, speech(tmp_path)) == Transcript(SAYS * 2)
    assert await transcribe(sound(0, 0, 0), speech(tmp_path)) == Transcript("")
    assert await transcribe(b"", speech(tmp_path)) == Transcript("")


@with_the_library
async def test_what_a_model_says_is_somebody_elses_text(tmp_path: Path) -> None:
    hostile = speech(tmp_path, "\x1b[31m13800000001\u202e" + "很长" * 200)
    words = (await transcribe(LOUD, hostile)).words
    assert words.isprintable()
    assert len(words) <= 500
    assert "138****0001" in words


@with_the_library
async def test_a_model_that_the_library_refuses_ends_its_process_alone(tmp_path: Path) -> None:
    other = speech(tmp_path)
    write_model(Path(other.model), SAYS, model_type="")
    refused = await transcribe(LOUD, other.model_copy(update={"kind": "paraformer"}))
    assert refused.words == ""
    assert "vocab_size" in refused.failure
    assert "status 255" in refused.failure


@with_the_library
async def test_the_memory_of_a_recognizer_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.probing.speech.client._BASE_MEMORY", 40 * 1024**2)
    assert (await transcribe(LOUD, speech(tmp_path))).failure


async def test_several_are_written_down_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(tmp_path, monkeypatch, "import os; text = str(os.getpid())")
    asked = asyncio.gather(*(transcribe(LOUD, speech(tmp_path)) for _ in range(3)))
    most = 0
    while not asked.done():
        most = max(most, sum(b"speech.process" in name for name in children()))
        await asyncio.sleep(0.01)
    assert len({it.words for it in await asked}) == 3
    assert most == 1


# --- a library that does what it likes


LIBRARY = """
class OfflineRecognizer:
    @classmethod
    def from_zipformer_ctc(cls, **options):
        self = cls()
        self.options = options
        return self
    def create_stream(self, *primed):
        assert not primed
        return self
    def accept_waveform(self, rate, samples):
        self.samples = samples
    def decode_stream(self, stream):
        options, rate = self.options, len(self.samples)
        {body}
        self.result = type("Result", (), dict(text=text))
"""


def library(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A library of the same name that does ``body``, which sets ``text``."""
    written = LIBRARY.format(body=body.replace("\n", "\n        "))
    (folder / "sherpa_onnx.py").write_text(written, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", f"{folder}:{os.environ.get('PYTHONPATH', '')}")


async def test_a_model_is_never_primed_with_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(tmp_path, monkeypatch, "text = ' '.join(sorted(options))")
    assert (await transcribe(LOUD, speech(tmp_path))).words == "model num_threads tokens"


async def test_what_the_library_prints_is_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = "import os; print('{}', flush=True); os.write(1, b'{}\\n' * 9); text = 'heard'"
    library(tmp_path, monkeypatch, body)
    assert await transcribe(LOUD, speech(tmp_path)) == Transcript("heard")


async def test_credentials_are_not_given_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUNK_PASSWORD", "CANARY")
    library(tmp_path, monkeypatch, "import os; text = os.environ.get('TRUNK_PASSWORD', 'none')")
    assert (await transcribe(LOUD, speech(tmp_path))).words == "none"


BROKEN: dict[str, tuple[str, str]] = {
    "takes memory": ("text = 'x' * 8_000_000_000", "more memory than it is given"),
    "computes for ever": ("while True: pass", "took longer|ended with status -"),
    "sleeps": ("import time; time.sleep(600)", "took longer"),
    "crashes": ("import os; os.abort()", "ended with status -6"),
    "leaves": ("import os; os._exit(0)", "ended with status 0"),
    "raises": ("raise ValueError('no such tensor')", "ValueError: no such tensor"),
    "writes files": ("import pathlib; pathlib.Path('planted').write_text('x')", "File too large"),
}


@pytest.mark.parametrize(("body", "why"), BROKEN.values(), ids=BROKEN)
async def test_whatever_the_library_does_costs_the_words_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, why: str
) -> None:
    library(tmp_path, monkeypatch, body.replace("planted", str(tmp_path / "planted")))
    seconds = 2.0 if "took longer" in why else 60.0
    transcript = await transcribe(LOUD, speech(tmp_path, timeout=seconds))
    assert transcript.words == ""
    assert re.search(why, transcript.failure), transcript.failure
    assert not (tmp_path / "planted").exists() or not (tmp_path / "planted").stat().st_size
    assert not children()


# --- a recognizer that does what it likes


IMPOSTORS: dict[str, tuple[str, str]] = {
    "hangs": ("import time; time.sleep(600)", "took longer"),
    "closes its output and hangs": (
        "import os, time; os.close(1); time.sleep(600)",
        "took longer",
    ),
    "crashes": ("import os; os.abort()", "ended with status -6"),
    "a line of ten megabytes": (
        "print('{\"words\": \"' + 'x' * 10_000_000 + '\"}', flush=True)",
        "cannot be read",
    ),
    "a flood of lines": ("while True: print('{', flush=True)", "cannot be read"),
    "a flood of bytes without a line": (
        "import os\nwhile True: os.write(1, b'x' * 65536)",
        "cannot be read",
    ),
    "a flood of complaints": (
        "import os\nfor _ in range(2000): os.write(2, b'y' * 65536)\nos.write(2, b'\\nsorry')",
        "status 0: sorry",
    ),
    "an endless complaint": ("import os\nwhile True: os.write(2, b'y' * 9)", "took longer"),
    "no JSON": ("print('您好', flush=True)", "cannot be read"),
    "other JSON": ("print('{\"words\": [1]}', flush=True)", "cannot be read"),
    "JSON without a bottom": ("print('{\"x\":' + '[' * 60_000, flush=True)", "cannot be read"),
    "a hostile reason": (
        "print('{\"failure\": \"' + '\\\\u202e\\\\u001b[2J' + 'z' * 9000 + '\"}', flush=True)",
        "^\\[2Jz+…$",
    ),
}


@pytest.mark.parametrize(("code", "why"), IMPOSTORS.values(), ids=IMPOSTORS)
async def test_whatever_the_recognizer_does_costs_the_words_alone(
    tmp_path: Path, code: str, why: str
) -> None:
    seconds = 2.0 if why == "took longer" else 60.0
    command = (sys.executable, "-c", code)
    transcript = await transcribe(LOUD, speech(tmp_path, timeout=seconds), command)
    assert transcript.words == ""
    assert re.search(why, transcript.failure), transcript.failure
    assert len(transcript.failure) <= 200
    assert not children()


async def test_a_recognizer_that_cannot_be_started(tmp_path: Path) -> None:
    transcript = await transcribe(LOUD, speech(tmp_path), (str(tmp_path / "nothing"),))
    assert transcript.failure == "the recognizer could not be started: No such file or directory"


async def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sherpa_onnx.py").write_text("raise ModuleNotFoundError('sherpa_onnx')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    transcript = await transcribe(LOUD, speech(tmp_path))
    assert transcript == Transcript(failure=SPEECH_MISSING.msgid)


async def test_a_folder_that_has_changed_since_is_said(tmp_path: Path) -> None:
    asked = speech(tmp_path)
    (Path(asked.model) / "model.onnx").unlink()
    transcript = await transcribe(LOUD, asked)
    assert transcript.failure == (
        "the model's folder has no file *.onnx, which kind zipformer_ctc needs"
    )


async def test_one_that_is_cancelled_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library(tmp_path, monkeypatch, "import time; time.sleep(600)")
    asked = asyncio.create_task(transcribe(LOUD, speech(tmp_path)))
    await until(children)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert not children()


AGENT = """
import asyncio, sys
from agent.config.speech import Speech
from agent.probing.speech.client import transcribe
asyncio.run(transcribe(bytes(16000), Speech(model=sys.argv[1], kind="zipformer_ctc")))
"""


async def test_a_recognizer_ends_with_its_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = tmp_path / "pid"
    code = "import os, time; os.symlink(str(os.getpid()), {!r}); time.sleep(600)"
    library(tmp_path, monkeypatch, code.format(str(mark)))
    folder = speech(tmp_path).model
    agent = await asyncio.create_subprocess_exec(sys.executable, "-c", AGENT, folder)
    await until(mark.is_symlink)
    agent.send_signal(signal.SIGKILL)
    await agent.wait()
    recognizer = Path("/proc") / mark.readlink()
    await until(lambda: not recognizer.exists())


def test_the_command_is_the_process_of_this_package() -> None:
    assert COMMAND[1:] == ("-m", "agent.probing.speech.process")


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - the world is looked at
            await asyncio.sleep(0.02)
