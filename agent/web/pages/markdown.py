"""Markdown of this repository as HTML of a page: no markup of its own, and links that lead on."""

import posixpath
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from agent.rules.runbooks import PATH, PUBLISHED
from agent.web.pages.navigation import Links

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["image", "autolink"])
_RUNBOOKS = "runbooks"
_END = ".md"


def to_html(text: str, folder: str, link: Links) -> Markup:
    """``text`` as HTML.

    Args:
        text: The Markdown; HTML in it is shown as text.
        folder: The folder of ``docs/`` that its links start from.
        link: Makes the addresses of other runbooks; those of other documents lead to where they
            are published, and what leads anywhere else is shown as text.
    """
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.children:
            token.children = list(_with_addresses(token.children, folder, link))
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(html)  # nosec B704 # rendered above with HTML off


def _with_addresses(tokens: Sequence[Token], folder: str, link: Links) -> Iterator[Token]:
    is_left_out = False
    for token in tokens:
        if token.type == "link_open":
            address = _address(str(token.attrGet("href") or ""), folder, link)
            is_left_out = address is None
            if address is not None:
                token.attrSet("href", address)
        if not (is_left_out and token.type in {"link_open", "link_close"}):
            yield token


def _address(href: str, folder: str, link: Links) -> str | None:
    """Where a link leads on a page; ``None`` where it leads to no document of this repository."""
    parts = urlsplit(href)
    if parts.scheme or parts.netloc or not parts.path.endswith(_END):
        return None
    path = posixpath.normpath(posixpath.join(folder, parts.path))
    if path.startswith(".."):
        return None
    above, name = posixpath.split(path.removesuffix(_END))
    if above.split("/")[0] == _RUNBOOKS:
        return link.address(PATH + "/{}", name)
    return PUBLISHED + path + (f"#{parts.fragment}" if parts.fragment else "")
