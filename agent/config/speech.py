"""Speech recognition of test calls: the user's own model, and what must be in its folder."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from agent.config.onnx_file import NotOnnxError, metadata_of
from agent.config.section import Section
from agent.config.unvalidated import UnvalidatedConfig
from agent.yamlfile.paths import KeyPath, one_line, select
from agent.yamlfile.problems import Problem
from agent.yamlfile.values import Duration

_TOKENS: Final = "*tokens.txt"
_TOKEN: Final = re.compile(r".*\d+\s*")
_FIRST_LINES: Final = 20
_LONGEST_LINE: Final = 1000
_LONGEST_NAME: Final = 60


@dataclass(frozen=True)
class ModelKind:
    """What models of one kind consist of, as they are published for sherpa-onnx."""

    files: Mapping[str, str]
    """The pattern of each file's name, by what sherpa-onnx calls the file."""
    model_type: str
    """A pattern of what the first of these files says that it is; one that says nothing fits."""
    has_language: bool = False
    """Whether it must be told the language, or finds it out itself."""


KINDS: Final[Mapping[str, ModelKind]] = {
    "sense_voice": ModelKind({"model": "*.onnx"}, "sense_voice.*", has_language=True),
    "paraformer": ModelKind({"paraformer": "*.onnx"}, "paraformer"),
    "telespeech_ctc": ModelKind({"model": "*.onnx"}, "telespeech_ctc"),
    "zipformer_ctc": ModelKind({"model": "*.onnx"}, "zipformer2?_ctc"),
    "zipformer_transducer": ModelKind(
        {"encoder": "*encoder*.onnx", "decoder": "*decoder*.onnx", "joiner": "*joiner*.onnx"},
        "zipformer2?|conformer",
    ),
    "whisper": ModelKind(
        {"encoder": "*encoder*.onnx", "decoder": "*decoder*.onnx"}, "whisper.*", has_language=True
    ),
}
"""The kinds of models that know Chinese or English as it is spoken on telephones."""


class Speech(Section):
    """Speech recognition of announcements in test calls, by a model of yours."""

    model: str
    """The folder of the model, with its ``tokens.txt``. None comes with numwatch."""
    kind: Literal[
        "sense_voice",
        "paraformer",
        "telespeech_ctc",
        "zipformer_ctc",
        "zipformer_transducer",
        "whisper",
    ]
    """Which kind of model it is."""
    language: Literal["auto", "zh", "en"] = "auto"
    """The language spoken, for ``sense_voice`` and ``whisper``; others need no such hint."""
    timeout: Annotated[Duration, Field(ge=5, le=300)] = 60.0
    """The longest that one recording may take, reading the model included."""


@dataclass(frozen=True)
class ModelFiles:
    """The files of a model."""

    files: Mapping[str, Path]
    """By what sherpa-onnx calls them, ``tokens`` among them."""
    problems: tuple[str, ...] = ()
    """What is wrong with the folder; empty where nothing is."""


def model_files(folder: Path, kind: str) -> ModelFiles:
    """The files of the model in ``folder``, and everything that is wrong with them.

    Where a file is there both whole and quantized to 8 bits, the latter is taken.
    """
    if not folder.is_dir():
        return ModelFiles({}, ("there is no such folder, expected the folder of a model",))
    found: dict[str, Path] = {}
    problems: list[str] = []
    for name, pattern in (*KINDS[kind].files.items(), ("tokens", _TOKENS)):
        matching = sorted(path for path in folder.glob(pattern) if path.is_file())
        chosen = [path for path in matching if ".int8." in path.name] or matching
        if len(chosen) == 1:
            found[name] = chosen[0]
        elif chosen:
            names = ", ".join(one_line(path.name, _LONGEST_NAME) for path in chosen[:5])
            problems.append(f"has several files {pattern}: {names}; expected one")
        else:
            problems.append(f"has no file {pattern}, which kind {kind} needs")
    first = next(iter(KINDS[kind].files))
    for name, path in found.items():
        if name == "tokens":
            problems += _wrong_tokens(path)
        else:
            problems += _wrong_model(path, kind if name == first else "")
    return ModelFiles(found, tuple(problems))


def _wrong_model(path: Path, kind: str) -> Iterator[str]:
    """What is wrong with a file of a model that should be of ``kind``; any where that is empty."""
    name = one_line(path.name, _LONGEST_NAME)
    try:
        said = metadata_of(path).get("model_type", "")
    except (NotOnnxError, OSError):
        yield f"{name} is no whole ONNX model, expected it as it was published"
        return
    if kind and said and not re.fullmatch(KINDS[kind].model_type, said):
        fitting = [it for it, one in KINDS.items() if re.fullmatch(one.model_type, said)]
        said = one_line(said, _LONGEST_NAME)
        remedy = f"expected kind {fitting[0]}" if fitting else f"expected a model of kind {kind}"
        yield f"{name} is a model of type {said}, {remedy}"


def _wrong_tokens(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            first = [file.readline(_LONGEST_LINE) for _ in range(_FIRST_LINES)]
    except OSError:
        first = []
    lines = [line for line in first if line.strip()]
    if not lines or not all(_TOKEN.fullmatch(line) for line in lines):
        name = one_line(path.name, _LONGEST_NAME)
        yield f"{name} is no list of tokens, expected a symbol and its number in each line"


def speech_is_consistent(config: UnvalidatedConfig) -> Iterator[Problem]:
    """The model's folder holds what its kind needs."""
    for path, section in select(config.data, "dial", "speech"):
        if isinstance(section, dict) and section.get("kind") in KINDS:
            yield from _problems(section, path, config.folder)


def _problems(section: Mapping[str, Any], path: KeyPath, folder: Path) -> Iterator[Problem]:
    kind, model = section["kind"], section.get("model")
    if isinstance(model, str):
        for text in model_files(folder / model, kind).problems:
            yield Problem((*path, "model"), text, is_elsewhere=True)
    if "language" in section and not KINDS[kind].has_language:
        takes = ", ".join(name for name, one in KINDS.items() if one.has_language)
        yield Problem((*path, "language"), f"does not belong to kind {kind}, only to {takes}")
