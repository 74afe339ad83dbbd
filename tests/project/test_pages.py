"""The pages a newcomer reads: links lead somewhere, snippets load, both languages say the same."""

import re
from pathlib import Path

import pytest

from agent.config.load import load

REPOSITORY = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
PAGES = (*READMES, "CONTRIBUTING.md", "CHANGELOG.md", "docs/configuration.md")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_within_the_repository_leads_somewhere(page: str) -> None:
    file = REPOSITORY / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", file.read_text())
    assert [link for link in links if not (file.parent / link).exists()] == []


@pytest.mark.parametrize("page", READMES)
def test_the_configuration_of_the_page_loads(page: str, tmp_path: Path) -> None:
    text = (REPOSITORY / page).read_text()
    snippet = text.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "secret").write_text("s")
    path = tmp_path / "config.yaml"
    path.write_text(re.sub(r"_file: \S+", "_file: secret", snippet))
    signing = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    environ = {"TWILIO_SID": "a", "NORTH_KEY": "b", "DESK_SECRET": signing}
    assert load(path, environ).sinks[0].name == "desk"


def test_both_languages_name_the_same_commands_endpoints_and_files() -> None:
    english, chinese = (
        set(re.findall(r"`(numwatch [^`]+|/[a-z-][^`]*|make [a-z-]+|deploy/[^`]+)`", text))
        for text in ((REPOSITORY / page).read_text() for page in READMES)
    )
    assert english == chinese


def test_every_decision_has_its_parts_and_a_number_of_its_own() -> None:
    pages = sorted((REPOSITORY / "docs/adr").glob("*.md"))
    numbers = [page.name[:4] for page in pages]
    assert len(set(numbers)) == len(numbers)
    for page in pages:
        text = page.read_text()
        assert text.startswith(f"# {page.name[:4]}: ")
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequences"))
        assert re.search(r"^Status: \w+, \d{4}-\d\d-\d\d$", text, re.MULTILINE)


def test_the_licence_is_whole() -> None:
    text = (REPOSITORY / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
