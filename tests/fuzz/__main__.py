"""Fuzzes one parser with coverage: ``python -m tests.fuzz NAME SECONDS FOLDER``."""

import sys
from pathlib import Path

import atheris


def main() -> None:
    """Begin with the seeds, and end with status 0 when nothing was found in time."""
    name, seconds, folder = sys.argv[1:4]
    with atheris.instrument_imports(include=["agent"]):
        from tests.fuzz.targets import TARGETS_BY_NAME, try_once  # noqa: PLC0415 - instrumented
    from tests.fuzz.seeds import SEEDS, WORDS  # noqa: PLC0415

    corpus, words = Path(folder) / "corpus", Path(folder) / "words"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS[name]):
        (corpus / str(number)).write_bytes(seed)
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in WORDS[name]))
    target = TARGETS_BY_NAME[name]
    options = [
        *(f"-max_total_time={seconds}", f"-max_len={target.length}", f"-dict={words}"),
        *("-timeout=25", "-rss_limit_mb=1500", f"-artifact_prefix={folder}/found-", str(corpus)),
    ]
    atheris.Setup([sys.argv[0], *options], lambda data: try_once(target, data))
    atheris.Fuzz()


def _quoted(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode("utf-8", "surrogateescape")[:64])


main()
