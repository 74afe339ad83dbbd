"""The child process that renders templates; it imports nothing of the agent, to stay small.

Run as a script. Messages on standard input and output are four bytes of length and JSON: templates
and values come in, texts and errors go out. The parent bounds the time; memory and sizes are
bounded here.
"""

import json
import resource
import struct
import sys
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_MEMORY = 384 * 1024 * 1024
"""Bytes of address space; an empty interpreter with jinja2 takes about 50 MiB of it."""
MAX_LENGTH = 1024 * 1024
"""Characters of one rendered template."""


def main() -> None:
    """Render templates until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # The texts are JSON, paths and headers, in which HTML's escapes would be wrong.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    _write({"ready": True})
    while (request := _read()) is not None:
        _write(_answer(environment, request))


def _answer(environment: ImmutableSandboxedEnvironment, request: Mapping[str, Any]) -> Any:
    texts: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, source in request["templates"].items():
        try:
            texts[name] = _render(environment.from_string(source), request["values"])
        except MemoryError:
            errors[name] = "takes too much memory"
        except Exception as error:  # noqa: BLE001 - a template may raise anything
            errors[name] = f"{type(error).__name__}: {error}"[:300]
    return {"texts": texts, "errors": errors}


def _render(template: Template, values: Mapping[str, Any]) -> str:
    parts: list[str] = []
    length = 0
    for part in template.generate(values):
        length += len(part)
        if length > MAX_LENGTH:
            raise ValueError("is too long when rendered")
        parts.append(part)
    return "".join(parts)


def _read() -> Any:
    head = sys.stdin.buffer.read(4)
    if len(head) < 4:  # noqa: PLR2004 - the bytes of a length
        return None
    (length,) = struct.unpack(">I", head)
    return json.loads(sys.stdin.buffer.read(length))


def _write(answer: object) -> None:
    body = json.dumps(answer).encode()
    sys.stdout.buffer.write(struct.pack(">I", len(body)) + body)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
