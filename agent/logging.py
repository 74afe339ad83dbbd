"""Logging: structlog on standard error, one line per event whatever a provider sends."""

import atexit
import io
import json
import logging
import os
import re
import sys
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from threading import Condition, Thread
from typing import Any, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from agent.config.settings import Log

_LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DEPTH = 4


def configure(settings: Log, stream: TextIO | None = None) -> None:
    """Log to ``stream`` (standard error by default) at the level and in the format of ``settings``.

    Libraries that log through the standard library are included, from ``warning`` on.
    """
    target = cast("TextIO", _unblocking(sys.stderr) if stream is None else _ForgivingStream(stream))
    level = _LEVELS[settings.level]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = _renderers(settings, target)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=target),
        cache_logger_on_first_use=False,
    )
    _configure_standard_library(shared, last, target, level)


class _ForgivingStream(io.TextIOBase):
    """Ignores failures of the stream (a closed pipe, a full disk), which must not stop work."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str, /) -> int:
        """Write ``text``; the length is returned even when that fails."""
        with suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush the stream."""
        with suppress(OSError, ValueError):
            self._stream.flush()

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return self._stream.isatty()


MAX_QUEUED = 4 * 1024 * 1024
"""Characters that wait while nobody reads standard error; lines beyond are dropped and counted."""
_FLUSH_SECONDS = 2.0
"""How long the end of the process waits for a reader of what is queued."""


class QueuedStream(io.TextIOBase):
    """Writes to a file descriptor in a thread of its own: a pipe nobody reads blocks nothing else.

    What does not fit into the queue is dropped; once there is room again a line says how much.
    """

    def __init__(self, descriptor: int, limit: int = MAX_QUEUED) -> None:
        self.dropped = 0
        """Lines dropped since the start."""
        self._descriptor = descriptor
        self._limit = limit
        self._lines: deque[str] = deque()
        self._size = 0
        self._unreported = 0
        self._writing = False
        self._changed = Condition()
        self._thread: Thread | None = None

    def write(self, text: str, /) -> int:
        """Queue ``text`` and return its length at once."""
        with self._changed:
            if self._size + len(text) > self._limit:
                self.dropped += 1
                self._unreported += 1
                return len(text)
            self._lines.append(text)
            self._size += len(text)
            if self._thread is None:
                # A daemon: a process whose log nobody reads must still be able to end.
                self._thread = Thread(target=self._work, name="log", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return len(text)

    def flush(self) -> None:
        """Do nothing: waiting for a reader is what this stream is for."""

    def drain(self, seconds: float = _FLUSH_SECONDS) -> None:
        """Wait until all is written, for at most ``seconds``."""
        with self._changed:
            self._changed.wait_for(lambda: not self._lines and not self._writing, seconds)

    def isatty(self) -> bool:
        """Whether the descriptor is a terminal."""
        return os.isatty(self._descriptor)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._writing = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._lines)
                text = self._lines.popleft()
                self._size -= len(text)
                self._writing = True
                report, self._unreported = self._unreported, 0
            if report:
                text += _dropped_line(report)
            # Past sys.stderr, whose lock would still be held when the interpreter ends.
            with suppress(OSError):
                _write_all(self._descriptor, text.encode("utf-8", "backslashreplace"))


def _write_all(descriptor: int, content: bytes) -> None:
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except BlockingIOError:
            # Whoever shares the descriptor may have made it non-blocking.
            time.sleep(0.05)


def _dropped_line(count: int) -> str:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = {"event": "log_lines_dropped", "lines": count, "level": "warning", "timestamp": at}
    return json.dumps(line) + "\n"


_queued: dict[int, QueuedStream] = {}


def _unblocking(stream: TextIO) -> io.TextIOBase:
    """``stream`` behind a queue where it is a file of the system, else (tests) as it is."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError, AttributeError):
        return _ForgivingStream(stream)
    if descriptor not in _queued:
        _queued[descriptor] = QueuedStream(descriptor)
        atexit.register(_queued[descriptor].drain)
    return _queued[descriptor]


def dropped_lines() -> int:
    """Log lines dropped since the start because nobody read them."""
    return sum(stream.dropped for stream in _queued.values())


def _renderers(settings: Log, target: TextIO) -> list[Processor]:
    """The processors that render an event; escaping comes after the traceback became a value."""
    if settings.format == "json":
        return [
            structlog.processors.format_exc_info,
            escape_control,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    colors = target.isatty()
    return [
        structlog.processors.format_exc_info,
        _keep_in_line,
        escape_control,
        structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0),
    ]


def _configure_standard_library(
    shared: list[Processor], last: list[Processor], target: TextIO, level: int
) -> None:
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(level, logging.WARNING))
    # Python's warnings (numpy's divisions by zero) would go to standard error as they are.
    logging.captureWarnings(capture=True)


def _keep_in_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Rename the traceback, so that the console renderer prints it within the line."""
    if "exception" in event:
        event["traceback"] = event.pop("exception")
    return event


def escape_control(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Escape line breaks, terminal sequences, bidi controls and lone surrogates everywhere."""
    return {_escape(key): _escape_value(value, _DEPTH) for key, value in event.items()}


def _escape_value(value: Any, depth: int) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    if depth and isinstance(value, Mapping):
        return {_escape(str(key)): _escape_value(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, list | tuple | set | frozenset):
        return [_escape_value(item, depth - 1) for item in value]
    return _escape(value if type(value) is str else str(value))


def _escape(text: str) -> str:
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
