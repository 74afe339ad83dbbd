"""What a plot's markup holds, read as a browser reads it."""

import re
from html.parser import HTMLParser

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_COMMANDS = frozenset("MLHVhvz")
_TAGS = """
figure figcaption div svg title desc text line path rect ul li span p details summary table
thead tbody tr th td
"""
_ATTRIBUTES = """
class width height viewbox x y x1 x2 y1 y2 d role preserveaspectratio text-anchor aria-hidden
data-label scope
"""


class Plot(HTMLParser):
    """Tags, attributes and texts of a plot."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(markup)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        assert self._open, data
        self.texts.append((self._open[-1], data))

    def all(self, tag, class_=""):
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and class_ in attributes.get("class", "")
        ]

    def text_of(self, tag):
        return [text for name, text in self.texts if name == tag]

    def paths(self, class_=""):
        return [path["d"] for path in self.all("path", class_)]


def places(path: str) -> list[tuple[float, float]]:
    """Every point that a path passes."""
    x = y = 0.0
    found = []
    for command, figures in re.findall(r"([A-Za-z])([^A-Za-z]*)", path):
        assert command in _COMMANDS, path
        numbers = [float(each) for each in _NUMBER.findall(figures)]
        match command:
            case "M" | "L":
                x, y = numbers
            case "H":
                (x,) = numbers
            case "V":
                (y,) = numbers
            case "h":
                x += numbers[0]
            case "v":
                y += numbers[0]
        found.append((x, y))
    return found


def assert_harmless(plot: Plot) -> None:
    """Nothing but what plots are made of, and nothing that acts or styles."""
    assert {tag for tag, _ in plot.elements} <= set(_TAGS.split())
    assert {name for _, attributes in plot.elements for name in attributes} <= set(
        _ATTRIBUTES.split()
    )


def assert_drawable(plot: Plot) -> None:
    """All figures are numbers, and everything lies within the drawing."""
    for path in plot.paths():
        assert not {"nan", "inf", "e"} & set(re.findall(r"[a-z]+", path.lower())), path
    for path in [p["d"] for p in plot.all("path") if "M1 6" not in p["d"]]:
        for x, y in places(path):
            assert -0.2 <= x <= 1000.2, path
            assert -0.2 <= y <= 160.2, path
    for _, attributes in plot.elements:
        for name in ("x", "y", "x1", "x2", "y1", "y2", "width", "height"):
            if name in attributes:
                float(attributes[name].removesuffix("%"))


def assert_fits(plot: Plot, screen: int) -> None:
    """The times under a drawing do not meet one another on a screen of that width."""
    scale = sum(float(each["width"]) for each in plot.all("svg", "plot-scale"))
    width = screen - 2 * 14 - 2 * 17 - scale
    labels = [a for tag, a in plot.elements if tag == "text" and a.get("x", "").endswith("%")]
    texts = [text for tag, text in plot.texts if tag == "text"][-len(labels) :] if labels else []
    end = -1.0
    for attributes, text in zip(labels, texts, strict=True):
        at, length = float(attributes["x"][:-1]) / 100 * width, 6.2 * len(text)
        start = at - {"start": 0, "middle": length / 2, "end": length}[attributes["text-anchor"]]
        assert start > end, (attributes, text, width)
        end = start + length
        assert end <= width + 1
