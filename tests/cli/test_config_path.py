"""Which configuration a command uses where none is named, and what it says of that."""

from pathlib import Path

import pytest

from agent.cli.config_path import CONFIG_VARIABLE, NoConfigError, configuration
from tests.cli.test_command_line import numwatch


@pytest.fixture
def places(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "config.yaml", tmp_path / "etc.yaml"


def test_the_named_one_goes_first_and_is_not_talked_about(places, capsys) -> None:
    assert configuration(Path("x.yaml"), {CONFIG_VARIABLE: "y.yaml"}, places) == Path("x.yaml")
    assert capsys.readouterr() == ("", "")


def test_the_others_in_their_order_and_said(places, capsys) -> None:
    for place in reversed(places):
        place.touch()
        assert configuration(None, {}, places) == place
        assert capsys.readouterr().err == f"using {place}\n"
    assert configuration(None, {CONFIG_VARIABLE: "y.yaml"}, places) == Path("y.yaml")


def test_where_there_is_none_it_says_where_it_looked(places) -> None:
    with pytest.raises(NoConfigError) as error:
        configuration(None, {}, places)
    for place in (CONFIG_VARIABLE, *map(str, places), "--config", "numwatch init"):
        assert place in str(error.value)


def test_a_command_without_a_configuration_ends_with_2(tmp_path: Path) -> None:
    result = numwatch("poll", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "config.yaml" in result.stderr
