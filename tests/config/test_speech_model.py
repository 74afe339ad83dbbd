"""The folder of a speech model: which files are taken, and everything that is wrong with it."""

from pathlib import Path

import pytest

from agent.config.load import ConfigError, load
from agent.config.onnx_file import NotOnnxError, metadata_of
from agent.config.speech import KINDS, model_files
from agent.i18n.problem_texts import problem_text
from tests.probing.tiny_model import network, write_model

CONFIG = """
dial:
  speech: {{model: {model}, kind: {kind}}}
providers:
  - name: north
    profile: generic
    accounts:
      - {{id: hq, credentials: {{key: demo, secret: demo}}}}
"""
TYPES = {
    "sense_voice": "sense_voice_ctc",
    "paraformer": "paraformer",
    "telespeech_ctc": "telespeech_ctc",
    "zipformer_ctc": "zipformer2_ctc",
    "zipformer_transducer": "zipformer2",
    "whisper": "whisper-tiny",
}
"""What published models of each kind say that they are."""


def test_every_kind_is_tested() -> None:
    assert TYPES.keys() == KINDS.keys()


def folder_of(kind: str, folder: Path, model_type: str) -> Path:
    """A folder with the files of ``kind`` as they are named where they are published."""
    for pattern in KINDS[kind].files.values():
        write_model(folder, "喂", model_type, pattern.replace("*.", "model.").replace("*", "-"))
    if kind == "whisper":
        (folder / "tokens.txt").rename(folder / "tiny-tokens.txt")
    return folder


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("said", TYPES.values())
def test_a_model_fits_its_own_kind_alone(tmp_path: Path, kind: str, said: str) -> None:
    problems = model_files(folder_of(kind, tmp_path, said), kind).problems
    assert (problems == ()) is (said == TYPES[kind]), problems


def test_a_model_that_does_not_say_what_it_is_may_be_any(tmp_path: Path) -> None:
    assert not model_files(write_model(tmp_path, "喂", ""), "paraformer").problems


def test_the_kind_that_fits_is_named_in_both_languages(tmp_path: Path) -> None:
    text = model_files(write_model(tmp_path, "喂", "paraformer"), "sense_voice").problems[0]
    assert text == "model.onnx is a model of type paraformer, expected kind paraformer"
    assert (
        problem_text(text, "zh-CN") == "model.onnx 是 paraformer 类型的模型，kind 应为 paraformer"
    )
    text = model_files(write_model(tmp_path, "喂", "vits\n"), "whisper").problems[0]
    assert text == "has no file *encoder*.onnx, which kind whisper needs"
    text = model_files(tmp_path, "paraformer").problems[0]
    assert text == "model.onnx is a model of type vits?, expected a model of kind paraformer"
    assert problem_text(text, "zh-CN") != text


def test_the_quantized_file_is_taken(tmp_path: Path) -> None:
    write_model(tmp_path, "喂")
    write_model(tmp_path, "喂", name="model.int8.onnx")
    found = model_files(tmp_path, "zipformer_ctc")
    assert not found.problems
    assert {name: path.name for name, path in found.files.items()} == {
        "model": "model.int8.onnx",
        "tokens": "tokens.txt",
    }


def test_the_beginning_of_a_file_is_no_model(tmp_path: Path) -> None:
    whole = network({"model_type": "zipformer2_ctc", "comment": "x" * 100})
    file = tmp_path / "model.onnx"
    graph_ends = whole.index(b"model_type") - 4
    for length in (*range(0, graph_ends, 7), len(whole) - 30):
        file.write_bytes(whole[:length])
        with pytest.raises(NotOnnxError):
            metadata_of(file)
    file.write_bytes(whole)
    assert metadata_of(file)["model_type"] == "zipformer2_ctc"


@pytest.mark.parametrize("content", [b"", b"\xff" * 4000, b"\x00" * 30_000, b"7\r\n" * 9])
def test_any_bytes_are_looked_at_without_harm(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(content)
    with pytest.raises(NotOnnxError):
        metadata_of(file)


def test_the_folder_is_looked_for_beside_the_configuration(tmp_path: Path) -> None:
    write_model(tmp_path / "models" / "mine", "喂")
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG.format(model="models/mine", kind="zipformer_ctc"))
    speech = load(config).dial.speech
    assert speech is not None
    assert speech.model == str(tmp_path / "models" / "mine")
    config.write_text(CONFIG.format(model="models/mine", kind="sense_voice"))
    with pytest.raises(ConfigError, match="expected kind zipformer_ctc"):
        load(config)
