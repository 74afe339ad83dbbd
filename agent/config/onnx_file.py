"""What an ONNX file says about itself, read without loading the model.

Only the outermost fields of the file are looked at (protobuf's ``ModelProto`` of onnx.proto): the
weights, hundreds of megabytes of them, are skipped.
"""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Final

_GRAPH: Final = 7
_METADATA: Final = 14
_KEY, _VALUE = 1, 2
_VARINT, _BYTES = 0, 2
_FIXED: Final[Mapping[int, int]] = {1: 8, 5: 4}
"""The bytes of fields of a fixed length, by their wire type."""
_LONGEST_VARINT: Final = 10
_CONTINUES: Final = 0x80
_LONGEST: Final = 65_536
"""Bytes of a field that is read; longer ones are skipped."""
_MOST_FIELDS: Final = 10_000


class NotOnnxError(ValueError):
    """The file is no ONNX model, or only the beginning of one."""


def metadata_of(path: Path) -> Mapping[str, str]:
    """The metadata of the model at ``path``, such as its ``model_type``.

    Raises:
        NotOnnxError: when the file is no ONNX model, or only the beginning of one.
        OSError: when it cannot be read.
    """
    with path.open("rb") as file:
        fields = list(_fields(file, path.stat().st_size))
    if _GRAPH not in {number for number, _ in fields}:
        raise NotOnnxError
    return dict(_entry(content) for number, content in fields if number == _METADATA)


def _entry(content: bytes) -> tuple[str, str]:
    parts = dict(_fields(BytesIO(content), len(content)))
    key, value = (parts.get(number, b"").decode("utf-8", "replace") for number in (_KEY, _VALUE))
    return key, value


def _fields(file: IO[bytes], size: int) -> Iterator[tuple[int, bytes]]:
    """The number of each field and its content; empty for numbers and for what is long."""
    for _ in range(_MOST_FIELDS):
        if file.tell() == size:
            return
        number, wire = divmod(_varint(file), 8)
        length = _varint(file) if wire in {_VARINT, _BYTES} else _FIXED.get(wire)
        if wire == _VARINT:
            length = 0
        if length is None or file.tell() + length > size:
            raise NotOnnxError
        if length <= _LONGEST:
            yield number, file.read(length)
        else:
            file.seek(length, 1)
            yield number, b""
    raise NotOnnxError


def _varint(file: IO[bytes]) -> int:
    value = 0
    for place in range(_LONGEST_VARINT):
        byte = file.read(1)
        if not byte:
            raise NotOnnxError
        value |= (byte[0] & ~_CONTINUES) << 7 * place
        if byte[0] < _CONTINUES:
            return value
    raise NotOnnxError
