"""Every broken configuration gives exactly its expected lines, and none gives a secret."""

import json
import re
import traceback
from pathlib import Path

import pytest

from agent.config.load import ConfigError, load
from agent.config.sinks import CALLBACK_KINDS, SINK_CONFIGURATIONS
from tests.config.samples import BROKEN, ENVIRONMENT, PROFILES

CASES = sorted(BROKEN.glob("*.yaml"))
PRINTED = re.compile(r"[^:]+\.yaml:\d+: [^:]+: .+")


def errors_of(case: Path) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load(case, ENVIRONMENT, PROFILES)
    return caught.value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_exactly_the_expected_lines(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BROKEN)
    printed = str(errors_of(Path(case.name))).splitlines()
    assert expected_lines(case) == printed
    assert all(PRINTED.fullmatch(line) for line in printed)


def expected_lines(case: Path) -> list[str]:
    """The lines beside ``case``; each kind of sink that is added appears in two of them."""
    text = case.with_suffix(".expected").read_text()
    text = text.replace("{sink kinds}", ", ".join(SINK_CONFIGURATIONS))
    return text.replace("{callback kinds}", ", ".join(CALLBACK_KINDS)).splitlines()


def test_the_usual_kinds_of_sinks_are_in_their_order() -> None:
    usual = ["webhook", "jira", "servicenow", "zammad", "pagerduty", "feishu", "dingtalk", "wecom"]
    assert list(SINK_CONFIGURATIONS)[: len(usual)] == usual
    assert list(CALLBACK_KINDS)[:4] == usual[:4]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_no_error_holds_a_secret(case: Path) -> None:
    error = errors_of(case)
    shown = [
        str(error),
        repr(error),
        repr(error.args),
        repr(error.errors),
        json.dumps([vars(one) for one in error.errors]),
        "".join(traceback.format_exception(error)),
    ]
    assert "CANARY" not in "".join(shown)


def test_the_canary_is_planted_widely_enough_to_be_seen() -> None:
    planted = [case for case in CASES if b"CANARY" in case.read_bytes()]
    assert len(planted) >= 25


def test_there_are_enough_cases_and_none_without_its_lines() -> None:
    assert len(CASES) >= 15
    assert all(case.with_suffix(".expected").is_file() for case in CASES)
    assert {case.with_suffix(".yaml") for case in BROKEN.glob("*.expected")} == set(CASES)


def test_three_mistakes_in_one_file_are_three_lines_in_order() -> None:
    errors = errors_of(BROKEN / "three_mistakes.yaml").errors
    assert [error.line for error in errors] == [4, 7, 11]


def test_a_tag_makes_no_object(tmp_path: Path) -> None:
    planted = tmp_path / "made"
    case = tmp_path / "config.yaml"
    case.write_text(f"providers: !!python/object/apply:os.mkdir ['{planted}']\n")
    errors_of(case)
    assert not planted.exists()
