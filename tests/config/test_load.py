"""A good file becomes settings: references, files, paths, and what YAML must not do to values."""

import os
import time
import traceback
from pathlib import Path

import pytest

from agent.config.load import ConfigError, load
from agent.config.secret import Secret
from agent.config.settings import Settings
from agent.yamlfile.problems import Problem
from tests.config.samples import GOOD, PROFILES, Writer

REPOSITORY = Path(__file__).parents[2]
SOON = 20
"""Seconds of CPU: twenty times what a slow machine takes; a file that gets through takes hours."""


def settings_of(path: Path, environ: dict[str, str] | None = None) -> Settings:
    return load(path, environ or {}, PROFILES)


def test_the_smallest_file(write: Writer, tmp_path: Path) -> None:
    settings = settings_of(write(GOOD))
    assert settings.providers[0].accounts[0].id == "hq"
    assert settings.data_dir == str(tmp_path / "data")
    assert settings.polling.intervals.numbers == 60.0


def test_variables_come_in_as_values_not_as_yaml(write: Writer) -> None:
    text = GOOD.replace("CANARY-hq", '"${S}-${T:-t}-$${U}"') + "polling: {attempts: '${N}'}\n"
    settings = settings_of(write(text), {"S": "a: [b", "N": "4"})
    assert settings.providers[0].accounts[0].credentials["secret"].reveal() == "a: [b-t-${U}"
    assert settings.polling.attempts == 4


def test_a_variable_is_not_expanded_again(write: Writer) -> None:
    settings = settings_of(write(GOOD.replace("CANARY-hq", "'${A}'")), {"A": "${B}", "B": "no"})
    assert settings.providers[0].accounts[0].credentials["secret"].reveal() == "${B}"


def test_secrets_from_files_lose_their_last_line_break_only(write: Writer, tmp_path: Path) -> None:
    (tmp_path / "hq.secret").write_bytes(b"  two words \r\n")
    text = GOOD.replace("secret: CANARY-hq", "secret_file: hq.secret")
    credentials = settings_of(write(text)).providers[0].accounts[0].credentials
    assert credentials == {"key": Secret("demo"), "secret": Secret("  two words ")}


def test_a_sink_takes_its_secret_and_headers_from_files(write: Writer, tmp_path: Path) -> None:
    (tmp_path / "desk").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    sink = "{name: d, kind: webhook, url: 'http://d', secret_file: desk, headers: {A_file: desk}}"
    loaded = settings_of(write(f"{GOOD}sinks: [{sink}]\n")).sinks[0]
    assert loaded.secret == Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert list(loaded.headers) == ["A"]


def test_a_secret_file_that_never_ends_is_refused(write: Writer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "huge").write_bytes(b"x" * 70_000)
    for name in ("pipe", "huge", "/dev/zero"):
        with pytest.raises(ConfigError, match="secret_file: cannot be read"):
            settings_of(write(GOOD.replace("secret: CANARY-hq", f"secret_file: {name}")))


@pytest.mark.parametrize("written", ["010123", "1:30", "2027-03-01", "1_000", "0x1F", "1e400"])
def test_what_looks_like_text_stays_text(write: Writer, written: str) -> None:
    settings = settings_of(write(f"{GOOD}contacts: {{admin: {{phone: {written}}}}}\n"))
    assert next(iter(settings.contacts.values())).phone == written


def test_anchors_and_merges_work_and_own_keys_win(write: Writer) -> None:
    more = "        polling: &slow {rate: 2, attempts: 5}\n      - id: b\n"
    text = GOOD + more + "        polling: {<<: *slow, attempts: 1}\n"
    polling = settings_of(write(text)).providers[0].accounts[1].polling
    assert polling is not None
    assert (polling.rate, polling.attempts) == (2, 1)


def test_polling_is_merged_key_by_key_down_to_the_intervals(write: Writer) -> None:
    text = (
        "polling: {rate: 7, intervals: {numbers: 5s, calls: 6s}}\n"
        + GOOD
        + "        polling: {intervals: {calls: 1s}}\n"
        + "      - id: plain\n"
        + "    polling: {timeout: 1m, intervals: {numbers: 2s}}\n"
    )
    settings = settings_of(write(text))
    provider = settings.providers[0]
    hq, one_line = (settings.polling_of(provider, account) for account in provider.accounts)
    assert (hq.rate, hq.timeout, hq.intervals.numbers, hq.intervals.calls) == (7, 60, 2, 1)
    assert (one_line.rate, one_line.timeout, one_line.intervals.calls) == (7, 60, 6)
    assert hq.intervals.balance == 300
    assert provider.accounts[1].polling is None


def test_paths_are_relative_to_the_file(
    write: Writer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/own.yml").write_text("groups: []\n")
    (tmp_path / "mine.yaml").write_text("")
    path = write(GOOD.replace("generic", "mine.yaml") + "rules: {files: ['rules/*.yml']}\n")
    monkeypatch.chdir("/")
    settings = settings_of(Path(os.path.relpath(path)))
    assert settings.rules.files == [str(tmp_path / "rules/*.yml")]
    assert settings.providers[0].profile == str(tmp_path / "mine.yaml")


def test_the_rules_that_come_with_numwatch_are_found_from_anywhere(write: Writer) -> None:
    assert settings_of(write(GOOD)).rules.files == [str(REPOSITORY / "alert_rules/*.yml")]


@pytest.mark.parametrize("name", ["nowhere.yaml", ".", "a\0b"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r":1: \(file\): cannot be read: .*, expected a YAML"):
        settings_of(tmp_path / name)


@pytest.mark.parametrize(
    "hostile", [b"[" * 100_000, b"{a: " * 50_000, b"- " * 50_000, b"x" * 2_100_000]
)
def test_hostile_files_end_in_an_error_soon(write: Writer, hostile: bytes) -> None:
    started = time.process_time()
    with pytest.raises(ConfigError, match=r"nested too deeply|larger than 2 MiB"):
        settings_of(write(hostile))
    assert time.process_time() - started < SOON


@pytest.mark.no_cover  # the tracing of lines takes more of the time than the reader
def test_billions_of_laughs_fail_before_they_are_expanded() -> None:
    started = time.process_time()
    with pytest.raises(ConfigError, match="use fewer aliases"):
        settings_of(Path(__file__).parent / "broken/billion_laughs.yaml")
    assert time.process_time() - started < SOON


def test_a_room_above_may_review_and_its_words_get_their_line(write: Writer) -> None:
    seen: list[Settings] = []

    def review(settings: Settings) -> list[Problem]:
        seen.append(settings)
        return [Problem(("providers", 0, "accounts", 0, "credentials", "token"), "is missing")]

    path = write(GOOD + "listen: ['127.0.0.1:1', '127.0.0.1:1']\n")
    with pytest.raises(ConfigError) as caught:
        load(path, {}, PROFILES, review)
    assert [error.line for error in caught.value.errors] == [6, 7]
    assert len(seen) == 1


def test_settings_show_no_secret(write: Writer) -> None:
    sink = "{name: d, kind: webhook, url: 'http://d?key=CANARY', headers: {A: CANARY}}"
    settings = settings_of(write(f"{GOOD}sinks: [{sink}]\n"))
    shown = [repr(settings), str(settings), format(settings.providers[0].accounts[0])]
    assert "CANARY" not in "".join(shown)
    assert "CANARY-hq" not in settings.model_dump_json()
    assert "<secret>" in settings.model_dump_json()


def test_a_secret_is_not_in_a_traceback_of_its_misuse() -> None:
    try:
        int(Secret("CANARY"))  # type: ignore[call-overload]
    except TypeError:
        assert "CANARY" not in traceback.format_exc().replace('Secret("CANARY")', "")


def test_the_example_loads_with_what_it_says_it_needs() -> None:
    example = REPOSITORY / "config.example.yaml"
    says = next(line for line in example.read_text().splitlines() if "NORTH_KEY" in line)
    names = says.strip("# ").split()
    environ = dict.fromkeys(names, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    settings = load(example, environ)
    assert [provider.name for provider in settings.providers] == ["north", "twilio"]
    with pytest.raises(ConfigError) as caught:
        load(example, {})
    assert len(caught.value.errors) == len(names)
