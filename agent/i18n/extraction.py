"""``make messages``: collects the marked texts and brings the catalogues up to date with them."""

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import IO, Any, Final

from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from agent.i18n.catalogue import CATALOGUES

KEYWORDS: Final = {
    "_": None,
    "N_": None,
    "Message": (1,),
    "contextual": ((1, "c"), 2),
    "gettext": (1,),
    "pgettext": ((1, "c"), 2),
    "plural": (1, 2),
    "translate": (2,),
}
"""Functions whose arguments are texts, with the positions of the arguments, counted from one."""

_MARKED: Final = re.compile(rf"\b(?:{'|'.join(KEYWORDS)})\(")
_ROOT: Final = Path(__file__).parents[2]
_LOCALES: Final = Path(__file__).parent / "locales"
_TEMPLATE: Final = _LOCALES / "numwatch.pot"
_NO_DATE: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""Dates in the headers would change the files although no text has changed."""


def _python_texts(
    fileobj: IO[bytes],
    keywords: Collection[str],
    comment_tags: Collection[str],  # noqa: ARG001 - babel's interface
    options: Mapping[str, Any],  # noqa: ARG001 - babel's interface
) -> Iterator[tuple[int, str, tuple[str | None, ...], list[str]]]:
    """Babel's extractor for Python; unlike Babel's own it looks into f-strings too."""
    for node in ast.walk(ast.parse(fileobj.read())):
        if not isinstance(node, ast.Call):
            continue
        name = str(getattr(node.func, "id", "") or getattr(node.func, "attr", ""))
        if name in keywords:
            literals = (arg.value if isinstance(arg, ast.Constant) else None for arg in node.args)
            yield (
                node.lineno,
                name,
                tuple(it if isinstance(it, str) else None for it in literals),
                [],
            )


_METHODS: Final[Mapping[str, Any]] = {".py": _python_texts, ".html": "jinja2"}


def extract(root: Path = _ROOT, package: str = "agent") -> Catalog:
    """All marked texts of the Python files and page templates below ``root``/``package``.

    The extraction reads no code but calls: a text has to be a literal.
    """
    catalogue = Catalog(
        header_comment="# The texts of numwatch, written by `make messages`.",
        project="numwatch",
        version="1",
        creation_date=_NO_DATE,
        fuzzy=False,
    )
    for path in sorted((root / package).rglob("*")):
        method = _METHODS.get(path.suffix)
        if method is None or not _has_texts(path):
            continue
        where = [(path.relative_to(root).as_posix(), 0)]
        for _, msgid, _, context in extract_from_file(
            method,
            path,
            keywords=KEYWORDS,
            # A page that does not parse is an error; by default its texts would be left out.
            options={"silent": "false"},
        ):
            catalogue.add(msgid, None, where, context=context)
    return catalogue


def _has_texts(path: Path) -> bool:
    """Whether to read a file; other packages have functions of the same names."""
    text = path.read_text(encoding="utf-8")
    return (path.suffix != ".py" or "agent.i18n" in text) and bool(_MARKED.search(text))


def read(name: str) -> Catalog:
    """The catalogue in the file ``name``."""
    with (_LOCALES / name).open("rb") as source:
        return read_po(source, locale=Path(name).stem)


def find_problems(template: Catalog, catalogue: Catalog) -> list[str]:
    """What ``catalogue`` lacks to translate every text of ``template``, one line each."""
    entries = [entry for entry in template if entry.id]
    problems = [
        f"{problem}: {_key(entry)}"
        for entry in entries
        if (problem := _problem(entry, catalogue.get(_key(entry), entry.context)))
    ]
    known = {(_key(entry), entry.context) for entry in entries}
    left_over = [
        *(entry for entry in catalogue if entry.id and (_key(entry), entry.context) not in known),
        *catalogue.obsolete.values(),
    ]
    return [*problems, *(f"used nowhere: {_key(entry)}" for entry in left_over)]


def _problem(entry: Entry, translated: Entry | None) -> str:
    if translated is None or not all(_strings(translated.string)):
        return "no translation"
    if translated.fuzzy:
        return "fuzzy"
    wanted = _placeholders(_strings(entry.id))
    if any(_placeholders([text]) != wanted for text in _strings(translated.string)):
        return "other placeholders"
    return ""


def _key(entry: Entry) -> str:
    return _strings(entry.id)[0]


def _strings(text: str | Iterable[str] | None) -> list[str]:
    """The forms of a text: one, or one per grammatical number; an absent text is empty."""
    return [text or ""] if isinstance(text, str) or text is None else list(text)


def _placeholders(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}


def update() -> Iterator[str]:
    """Write the template and every catalogue again; yields the problems that are left."""
    template = extract()
    _write(_TEMPLATE, template)
    for name in CATALOGUES.values():
        catalogue = read(name)
        catalogue.update(template)
        _write(_LOCALES / name, catalogue)
        yield from (f"{name}: {problem}" for problem in find_problems(template, read(name)))


def _write(path: Path, catalogue: Catalog) -> None:
    with path.open("wb") as target:
        write_po(
            target,
            catalogue,
            width=100,
            sort_by_file=True,
            ignore_obsolete=True,
            include_lineno=False,
        )


def main() -> int:
    """Update the catalogues; 1 with every problem on standard error, 0 where there is none."""
    problems = list(update())
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
