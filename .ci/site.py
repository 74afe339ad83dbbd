"""Hooks of mkdocs: pages of what lies outside docs/, and lists of what is in folders."""  # noqa: INP001 - hooks that mkdocs loads

import re
from pathlib import Path
from typing import Any

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
OUTSIDE = (
    "README.md",
    "README.zh-CN.md",
    "CHANGELOG.md",
    "CODE_OF_CONDUCT.md",
    "CONTRIBUTING.md",
    "RELEASE.md",
    "SECURITY.md",
)
"""Pages beside ``docs/``; on the site they are in the folder ``project``."""
FOLDERS = {"adr": "Decisions", "runbooks": "Runbooks", "runbooks/zh": "处置手册"}
"""Folders that pages link to, and the title of the list of what they hold."""

_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#|mailto:)([^)#\s]*)(#[^)\s]*)?\)")


# After the plugin of the languages, which expects every page to be a file.
@event_priority(-100)
def on_files(files: Files, config: Any) -> Files:
    """Add the pages that have no file below ``docs/``."""
    for name in OUTSIDE:
        text = (ROOT / name).read_text()
        files.append(File.generated(config, f"project/{name}", content=_from_root(text)))
    for folder, title in FOLDERS.items():
        pages = sorted((ROOT / "docs" / folder).glob("*.md"))
        lines = [f"- [{_title(page)}]({page.name})" for page in pages if ".zh." not in page.name]
        content = "\n".join([f"# {title}", "", *lines, ""])
        files.append(File.generated(config, f"{folder}/index.md", content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links that leave ``docs/`` or lead to a folder lead to the pages made of them.

    What the site does not hold, such as a file of ``deploy/``, is named without a link.
    """
    depth = page.file.src_uri.count("/")

    def changed(match: re.Match[str]) -> str:
        label, target, anchor = match[1], match[2], match[3] or ""
        outside = "../" * (depth + 1)
        if target.startswith(outside):
            name = target.removeprefix(outside)
            return f"[{label}]({'../' * depth}project/{name}{anchor})" if name in OUTSIDE else label
        if target.endswith(".zh.md"):
            return label  # the switch of the languages leads there
        if target.endswith("/") and target.strip("./") in FOLDERS:
            return f"[{label}]({target}index.md{anchor})"
        return match[0]

    return _LINK.sub(changed, markdown)


def _from_root(text: str) -> str:
    """``text`` of a page in the repository's root, with its links as seen from ``project/``.

    What the site does not hold, such as the Dockerfile, is named without a link.
    """

    def changed(match: re.Match[str]) -> str:
        label, target, anchor = match[1], match[2], match[3] or ""
        if target in OUTSIDE:
            return match[0]
        inside = target.removeprefix("docs/")
        if target.startswith("docs/") and (ROOT / target).exists():
            return f"[{label}](../{inside}{anchor})"
        return label

    return _LINK.sub(changed, text)


def _title(page: Path) -> str:
    return page.read_text().partition("\n")[0].removeprefix("# ").strip()
