"""Writes every dashboard in both languages into ``grafana/dashboards``."""

import json
from collections.abc import Iterator
from pathlib import Path

from grafana.builder.accounts import MONEY, PROVIDERS
from grafana.builder.chinese import translate
from grafana.builder.overview import FLEET, NUMBER
from grafana.builder.work import CALLS, TICKETS
from grafana.builder.writing import Translate, to_json

FOLDER = Path(__file__).parents[1] / "dashboards"
DASHBOARDS = (FLEET, NUMBER, MONEY, PROVIDERS, TICKETS, CALLS)
LANGUAGES: dict[str, tuple[str, Translate]] = {"en": ("", str), "zh": ("-zh", translate)}
"""The suffix of ids and the translation of each language, by the name of its folder."""


def files() -> Iterator[tuple[str, str]]:
    """The path below :data:`FOLDER` and the text of every dashboard."""
    for language, (suffix, words) in LANGUAGES.items():
        for dashboard in DASHBOARDS:
            content = to_json(dashboard, words, suffix)
            text = json.dumps(content, ensure_ascii=False, indent=2)
            yield f"{language}/{dashboard.name}.json", f"{text}\n"


def main() -> None:
    """Write all of them."""
    for path, text in files():
        file = FOLDER / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
