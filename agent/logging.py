"""Logging: structlog on standard error, one line per event whatever a provider sends."""

import io
import logging
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
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
    target = cast("TextIO", _ForgivingStream(stream or sys.stderr))
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
