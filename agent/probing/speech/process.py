"""The recognizer's process: ``python -m agent.probing.speech.process`` writes one recording down.

It runs a model that somebody published on sound that anybody may have sent, so it is bounded in
memory, in time and in what it may write, and imports nothing of the agent but the protocol. The
library ends the process where it does not like a model.
"""

import os
import resource
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from agent.probing.speech.protocol import (
    LONGEST_ANSWER,
    MISSING,
    Answer,
    Order,
    decode_order,
    encode,
)

_RATE: Final = 8000
_FULL_SCALE: Final = 32768.0
_MOST_WORDS: Final = LONGEST_ANSWER // 16
"""Characters of an answer: each takes at most six bytes as JSON."""
_CONSTRUCTORS: Final[Mapping[str, str]] = {
    "sense_voice": "from_sense_voice",
    "paraformer": "from_paraformer",
    "telespeech_ctc": "from_telespeech_ctc",
    "zipformer_ctc": "from_zipformer_ctc",
    "zipformer_transducer": "from_transducer",
    "whisper": "from_whisper",
}
_LANGUAGES: Final[Mapping[str, Callable[[str], str]]] = {
    "sense_voice": lambda language: language,
    "whisper": lambda language: "" if language == "auto" else language,
}
"""How each kind that takes a language is told it."""


def _restrict(order: Order) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (order.memory, order.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (order.seconds, order.seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _transcribe(order: Order) -> str:
    # Optional, and slow to load; the limits hold for it too.
    import numpy as np  # noqa: PLC0415 - see above
    from sherpa_onnx import OfflineRecognizer  # noqa: PLC0415 - see above

    options: dict[str, Any] = {**order.files, "num_threads": 1}
    if order.kind in _LANGUAGES:
        options["language"] = _LANGUAGES[order.kind](order.language)
    recognizer = getattr(OfflineRecognizer, _CONSTRUCTORS[order.kind])(**options)
    stream = recognizer.create_stream()
    samples = np.frombuffer(order.pcm, "<i2").astype(np.float32) / _FULL_SCALE
    stream.accept_waveform(_RATE, samples)
    recognizer.decode_stream(stream)
    return str(stream.result.text)


def _answer(line: bytes) -> Answer:
    try:
        order = decode_order(line)
        _restrict(order)
        return Answer(_transcribe(order)[:_MOST_WORDS])
    except ImportError:
        return Answer(failure=MISSING)
    except MemoryError:
        return Answer(failure="the model needs more memory than it is given")
    except Exception as error:  # noqa: BLE001 - whatever it was, the agent is told
        return Answer(failure=f"{type(error).__name__}: {error}"[:_MOST_WORDS])


def _end_with_the_agent() -> None:
    """Wait until nobody listens any more, and end; the library computes without Python's lock."""
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Write down the recording that standard input orders."""
    # What the library prints goes to standard error, and nothing comes between the answer.
    out = os.dup(1)
    os.dup2(2, 1)
    with suppress(OSError):
        os.nice(10)
    line = sys.stdin.buffer.readline()
    threading.Thread(target=_end_with_the_agent, daemon=True).start()
    answer = encode(_answer(line)) + b"\n"
    with suppress(OSError):
        while answer:
            answer = answer[os.write(out, answer) :]
    # Without the library's farewell, which takes long and may fail.
    os._exit(0)


if __name__ == "__main__":
    main()
