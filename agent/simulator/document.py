"""A YAML text read with its line numbers kept, and every mistake in it collected.

The simulator has its own small reader, because it must not share code with the program that it
is there to test.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml

_Loader: type[yaml.SafeLoader] | type[yaml.CSafeLoader] = getattr(
    yaml, "CSafeLoader", yaml.SafeLoader
)


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is, what is wrong and what is expected."""

    file: str
    line: int
    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.path}: {self.what}"


class WorldFileError(Exception):
    """A world file or a timeline entry has mistakes; ``problems`` holds them all, in order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda problem: problem.line))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True)
class Spot:
    """One value in the document: its node, its key path and where its mistakes are told."""

    node: yaml.Node
    path: str
    file: str
    problems: list[Problem] = field(repr=False)

    @property
    def line(self) -> int:
        """The line the value stands on, from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def raw(self) -> str | None:
        """The scalar as written (``off`` stays ``off``); ``None`` for a list or a mapping."""
        return self.node.value if isinstance(self.node, yaml.ScalarNode) else None

    @property
    def is_null(self) -> bool:
        """Whether the value is empty, ``null`` or ``~``."""
        return bool(self.node.tag == "tag:yaml.org,2002:null")

    @property
    def is_text(self) -> bool:
        """Whether YAML reads the value as text."""
        return bool(self.node.tag == "tag:yaml.org,2002:str")

    @property
    def is_mapping(self) -> bool:
        """Whether the value is a mapping."""
        return isinstance(self.node, yaml.MappingNode)

    def fail(self, what: str) -> None:
        """Notes a mistake at this value."""
        self.problems.append(Problem(self.file, self.line, self.path or "(document)", what))

    def refuse(self) -> None:
        """Raises :class:`WorldFileError` when any mistake was noted."""
        if self.problems:
            raise WorldFileError(self.problems)

    @classmethod
    def nowhere(cls) -> "Spot":
        """A spot for checks whose mistakes were told before."""
        return cls(yaml.MappingNode("", [], yaml.Mark("", 0, 0, 0, None, 0)), "", "", [])

    def found(self) -> str:
        """The value in a few words, for an error message."""
        if isinstance(self.node, yaml.ScalarNode):
            return "nothing" if self.is_null else repr(self.node.value[:60])
        return "a mapping" if self.is_mapping else "a list"

    def down(self, *steps: str | int) -> "Spot":
        """The value below, by keys and places; the nearest one above where there is none."""
        if not steps:
            return self
        step, *rest = steps
        if isinstance(self.node, yaml.SequenceNode) and isinstance(step, int):
            below = Spot(self.node.value[step], f"{self.path}[{step}]", self.file, self.problems)
            return below.down(*rest)
        if isinstance(self.node, yaml.MappingNode):
            for key, value in self.node.value:
                if key.value == step:
                    path = f"{self.path}.{step}".lstrip(".")
                    return Spot(value, path, self.file, self.problems).down(*rest)
        return self

    def entries(self) -> Iterator[tuple[str, "Spot"]]:
        """The mapping's keys and values; a doubled key or a wrong type is noted as a mistake."""
        if not isinstance(self.node, yaml.MappingNode):
            self.fail(f"is {self.found()}, expected a mapping")
            return
        seen: set[str] = set()
        for key_node, value in self.node.value:
            key = str(key_node.value)
            spot = Spot(value, f"{self.path}.{key}".lstrip("."), self.file, self.problems)
            if key in seen:
                Spot(key_node, spot.path, self.file, self.problems).fail(
                    "is given twice, expected each key once"
                )
                continue
            seen.add(key)
            yield key, spot

    def items(self) -> Iterator["Spot"]:
        """The list's values; a wrong type is noted as a mistake."""
        if not isinstance(self.node, yaml.SequenceNode):
            self.fail(f"is {self.found()}, expected a list")
            return
        for index, value in enumerate(self.node.value):
            yield Spot(value, f"{self.path}[{index}]", self.file, self.problems)


def open_document(text: str, file: str) -> Spot:
    """The whole document as one spot.

    Raises:
        WorldFileError: when the text is not YAML, or is empty.
    """
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = mark.line + 1 if mark else 1
        raise WorldFileError(
            [Problem(file, line, "(document)", f"is not YAML ({what}), expected a world file")]
        ) from error
    if node is None:
        problem = Problem(file, 1, "(document)", "is empty, expected a mapping with `providers`")
        raise WorldFileError([problem])
    return Spot(node, "", file, [])
