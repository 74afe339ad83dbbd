"""World files: a plan of the world, or every mistake in the file at once."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from agent.simulator.actions import Entry, FaultPlan
from agent.simulator.entities import FilePart
from agent.simulator.entries import ImmediateEntry, TimedEntry
from agent.simulator.plan import DeskPlan, ProviderPlan
from agent.simulator.references import References
from agent.yamlfile.problems import Problem, YamlFileError, locate
from agent.yamlfile.reader import Document, Format, parse_yaml, scalar
from agent.yamlfile.schema import SchemaTree
from agent.yamlfile.validation import problems_of
from agent.yamlfile.values import Whole


class WorldFileError(YamlFileError):
    """A world file or a timeline entry has mistakes."""


_NO_DESK = DeskPlan()


@dataclass(frozen=True, slots=True)
class WorldPlan(FilePart):
    """The content of a world file."""

    providers: tuple[ProviderPlan, ...]
    seed: Annotated[Whole, Field(ge=0, le=2**53)] = 0
    faults: tuple[FaultPlan, ...] = ()
    timeline: tuple[TimedEntry, ...] = ()
    desk: DeskPlan = _NO_DESK


def _world_scalar(text: str, /, *, plain: bool) -> object:
    """The value of a scalar; ``off`` is the state of a phone here, not a switch."""
    return text if text == "off" else scalar(text, plain=plain)


_FORMAT = Format(
    max_bytes=256 * 1024 * 1024,  # a world may list 100,000 numbers one by one
    max_values=20_000_000,
    scalar=_world_scalar,
    when_empty="is empty, expected a mapping with `providers`",
)


@cache
def _adapter(kind: Any) -> tuple[TypeAdapter[Any], SchemaTree]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    return adapter, SchemaTree(adapter.json_schema())


def _validate(kind: Any, document: Document) -> Any:
    """The data of ``document`` as a ``kind``; its mistakes are added to the document's."""
    adapter, schema = _adapter(kind)
    try:
        return adapter.validate_python(document.data)
    except ValidationError as error:
        document.problems += problems_of(error, schema, document.data)
        return None


def parse_world(text: str, file: str = "world.yaml") -> WorldPlan:
    """The plan that the text of a world file describes.

    Raises:
        WorldFileError: with every mistake, each as ``FILE:LINE: key.path: what, expected``.
    """
    document = parse_yaml(text.encode("utf-8", "surrogatepass"), _FORMAT)
    plan: WorldPlan | None = None
    if document.data is not None:
        plan = _validate(WorldPlan, document)
        document.problems += References.of(document.data).check_file(document.data)
    if plan is None or document.problems:
        raise WorldFileError(locate(file, document.problems, document.lines))
    return plan


def parse_entry(text: str, references: References, file: str = "entry") -> Entry:
    """One entry without ``at``, in YAML or JSON, for the world with these ``references``.

    Raises:
        WorldFileError: with every mistake.
    """
    document = parse_yaml(text.encode("utf-8", "surrogatepass"), _FORMAT)
    entry: Entry | None = None
    if document.data is not None:
        entry = _validate(ImmediateEntry, document)
        document.problems += references.check_entry(document.data, ())
    if entry is None or document.problems:
        raise WorldFileError(locate(file, document.problems, document.lines))
    return entry


def references_of(plan: WorldPlan) -> References:
    """The names that entries may refer to in the world of ``plan``."""
    return References.of({"providers": list(map(_provider_names, plan.providers))})


def _provider_names(provider: ProviderPlan) -> dict[str, Any]:
    accounts = [
        {
            "id": account.id,
            "numbers": [
                {"number": item.number, "bindings": [{"id": phone.id} for phone in item.bindings]}
                for item in account.numbers
            ],
            "generate": [
                {"first": item.first, "count": item.count, "bindings": item.bindings}
                for item in account.generate
            ],
        }
        for account in provider.accounts
    ]
    return {"name": provider.name, "accounts": accounts}


def read_world(path: Path) -> WorldPlan:
    """The plan in a world file.

    Raises:
        WorldFileError: when it cannot be read, or has mistakes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem((), f"cannot be read ({error}), expected a world file", 1)
        raise WorldFileError(locate(str(path), [problem], {})) from error
    return parse_world(text, str(path))
