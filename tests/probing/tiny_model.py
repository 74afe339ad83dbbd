"""A tiny speech model of kind zipformer_ctc, made by hand: it says its one token at loud sound.

The log of a frame's mean energy is compared with a threshold; there is nothing to learn. Written
as protobuf (onnx.proto), byte by byte, so that no tool for models is needed.
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

FLOAT, INT64 = 1, 7
THRESHOLD = -8.0
"""The mean of a loud frame's log energies lies above it, that of a quiet one below."""
NETWORK = ((0.0, 0.0), (1.0, -THRESHOLD))
"""For each token, blank first, by what the mean is multiplied and what is added."""


def varint(value: int) -> bytes:
    head, rest = value & 0x7F, value >> 7
    return bytes([head | 0x80]) + varint(rest) if rest else bytes([head])


def part(number: int, content: int | str | bytes) -> bytes:
    """A field of a message."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    raw = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def parts(number: int, contents: Sequence[int | str | bytes]) -> bytes:
    return b"".join(part(number, content) for content in contents)


def tensor(name: str, shape: Sequence[int], values: Sequence[float]) -> bytes:
    raw = struct.pack(f"<{len(values)}f", *values)
    return parts(1, shape) + part(2, FLOAT) + part(8, name) + part(9, raw)


def port(name: str, kind: int, shape: Sequence[int | str]) -> bytes:
    sizes = [part(2 if isinstance(size, str) else 1, size) for size in shape]
    return part(1, name) + part(2, part(1, part(1, kind) + part(2, parts(1, sizes))))


def node(operation: str, inputs: Sequence[str], output: str, *attributes: bytes) -> bytes:
    return parts(1, inputs) + part(2, output) + part(4, operation) + parts(5, attributes)


def network(metadata: Mapping[str, str]) -> bytes:
    """The model's file."""
    size = len(NETWORK)
    axes = part(1, "axes") + part(8, 2) + part(20, 7)
    kept = part(1, "keepdims") + part(3, 1) + part(20, 2)
    nodes = (
        node("ReduceMean", ["x"], "mean", axes, kept),
        node("MatMul", ["mean", "slopes"], "scaled"),
        node("Add", ["scaled", "offsets"], "log_probs"),
        node("Identity", ["x_lens"], "log_probs_len"),
    )
    weights = (
        tensor("slopes", [1, size], [slope for slope, _ in NETWORK]),
        tensor("offsets", [size], [offset for _, offset in NETWORK]),
    )
    inputs = port("x", FLOAT, ["N", "T", 80]), port("x_lens", INT64, ["N"])
    outputs = port("log_probs", FLOAT, ["N", "T", size]), port("log_probs_len", INT64, ["N"])
    graph = parts(1, nodes) + part(2, "tiny") + parts(5, weights)
    graph += parts(11, inputs) + parts(12, outputs)
    entries = [part(1, key) + part(2, value) for key, value in metadata.items()]
    return part(1, 8) + part(7, graph) + part(8, part(2, 13)) + parts(14, entries)


def write_model(
    folder: Path, says: str, model_type: str = "zipformer2_ctc", name: str = "model.onnx"
) -> Path:
    """A folder with a model that says ``says`` whenever it becomes loud."""
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {"model_type": model_type} if model_type else {}
    (folder / name).write_bytes(network(metadata))
    (folder / "tokens.txt").write_text(f"<blk> 0\n{says} 1\n", encoding="utf-8")
    return folder
