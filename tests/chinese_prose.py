"""What is left in English of a text that is meant to be Chinese."""

import re
from html.parser import HTMLParser

_SILENT = {"script", "style", "code", "pre"}
"""Elements whose text is no prose: what a machine said, wrote, or is to be typed."""
_EMPTY = {"br", "img", "input", "link", "meta", "hr", "path", "line", "rect", "circle", "polyline"}
_READ = ("title", "placeholder", "aria-label", "alt", "data-label")
_WORD = re.compile(r"[A-Za-z][A-Za-z'’]+")
_NAMES = re.compile(
    r"NW-[0-9A-Z]+(-[0-9A-Z]+)*"  # tickets
    r"|[0-9a-f]{12,}|[0-9*]+ [0-9a-f]{8}"  # complaints, phones
    r"|https?://\S+|/[\w./{}-]+"  # addresses and paths
    r"|\w+(\.\w+)+"  # keys, files, hosts
    r"|\w*(_\w+)+(:\w+)*|\w+:\w+:\w+"  # metrics, codes of the provider's own
    r"|(?:[A-Z][a-z]+){2,}(SLA|API)?|--[\w-]+"  # alerts, options
    r"|Asia/Shanghai|NUMBER|FILE|NAME=VALUE|numwatch|English"
)
"""Names that are the same in every language."""
TECHNICAL = re.compile(
    r"AAA?|API|ASCII|CNY|CSV|DNS|Excel|Grafana|HTTP|IVR|JSON|KiB|LANG|MB|MiB|OK|PDF|PID|Prometheus|Python|SHA"
    r"|SIGTERM|SIP|SLA|SQLite|TLS|URL|UTC|UTF|Webhook|YAML|ZIP|config|ms|px|shell|systemd|xx"
)
"""Technical words that Chinese texts have, too."""


class _Texts(HTMLParser):
    """The texts that a page shows or reads out."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []
        self.texts: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value for name, value in attrs if value}
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag == "a" and "href" in known:
            self.links.append(known["href"])
        self.texts += [known[name] for name in _READ if name in known]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not _SILENT & set(self._open):
            self.texts.append(" ".join(data.split()))


def read_page(html: str) -> tuple[list[str], list[str]]:
    """The texts of a page, and where its links lead."""
    page = _Texts()
    page.feed(html)
    return page.texts, page.links


def english_in(text: str, names: frozenset[str] = frozenset()) -> list[str]:
    """The English words of ``text`` that are neither technical nor a name of ``names``."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, " ")
    words = _WORD.findall(_NAMES.sub(" ", text))
    return [word for word in words if not TECHNICAL.fullmatch(word)]
