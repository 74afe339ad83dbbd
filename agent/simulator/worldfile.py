"""A world file, read whole: either a plan of the world, or every mistake in it at once."""

from collections.abc import Mapping
from pathlib import Path

from agent.simulator import fields as f
from agent.simulator import shapes
from agent.simulator.dialects import DIALECTS
from agent.simulator.document import Problem, Spot, WorldFileError, open_document
from agent.simulator.entries import entry, fault
from agent.simulator.fields import Field
from agent.simulator.nouns import Number
from agent.simulator.plan import AccountPlan, DeskPlan, Generate, ProviderPlan, WorldPlan
from agent.simulator.references import References
from agent.states import Grade

RESERVED = frozenset({"desk", "world", "elsewhere"})
"""Provider names that are paths of the simulator itself."""

GENERATE: Mapping[str, Field] = {
    "count": Field(f.whole(1, 1_000_000)),
    "first": Field(f.phone),
    "bindings": Field(f.whole(0, 20), 2),
    "unhealthy": Field(f.amount(0, 1), 0.0),
    "company": Field(f.text, ""),
    "grade": Field(f.choice(Grade), Grade.STANDARD),
    "calls": Field(f.or_null(shapes.traffic), None),
}


def _number(spot: Spot) -> Number | None:
    number: Number | None = f.record(spot, shapes.NUMBER, Number)
    if number is None or None in (number.bindings, number.routing):
        return None
    known = [binding.id for binding in number.bindings if binding is not None and binding.id]
    for double in sorted({name for name in known if known.count(name) > 1}):
        spot.fail(f"has two bindings called `{double}`, expected each id once")
    for window in number.routing.schedule:
        for name in window.bindings if window is not None else ():
            if name not in known:
                spot.fail(f"has a schedule with the unknown binding `{name}`{_of(known)}")
    return number


def _of(known: list[str]) -> str:
    return f", expected one of {', '.join(known)}" if known else ", but it has no bindings"


def _generate(spot: Spot) -> Generate | None:
    made: Generate | None = f.record(spot, GENERATE, Generate)
    if made and made.count and made.first:
        digits = made.first.lstrip("+")
        if len(str(int(digits) + made.count - 1)) > len(digits):
            spot.fail("counts past the last number of this length, expected a smaller `count`")
    return made


def _generates(spot: Spot) -> tuple[Generate | None, ...]:
    return (_generate(spot),) if spot.is_mapping else tuple(map(_generate, spot.items()))


def _credential(key: str, _spot: Spot) -> str:
    return key


ACCOUNT: Mapping[str, Field] = {
    "id": Field(f.name),
    "credentials": Field(f.mapping_of(_credential, f.text)),
    **shapes.ACCOUNT_FACTS,
    "numbers": Field(f.list_of(_number), ()),
    "generate": Field(_generates, ()),
}
PROVIDER: Mapping[str, Field] = {
    "name": Field(f.name),
    "dialect": Field(f.choice(DIALECTS)),
    "accounts": Field(f.list_of(lambda spot: f.record(spot, ACCOUNT, AccountPlan))),
}


def _provider(spot: Spot) -> ProviderPlan | None:
    plan: ProviderPlan | None = f.record(spot, PROVIDER, ProviderPlan)
    if plan is None:
        return None
    if plan.name in RESERVED:
        spot.fail(f"is called `{plan.name}`, a path of the simulator; expected another name")
    if not plan.accounts:
        spot.fail("has no accounts, expected at least one")
    if plan.dialect in DIALECTS:
        for index, account in enumerate(plan.accounts or ()):
            if account is not None and account.credentials is not None:
                _check_credentials(spot.down("accounts", index), plan.dialect, account.credentials)
    return plan


def _check_credentials(account: Spot, dialect: str, given: dict[str, str]) -> None:
    """An account carries what its dialect asks for, in the dialect's form, and nothing else."""
    expected = DIALECTS[dialect].credentials
    for key, pattern in expected.items():
        if not pattern.fullmatch(given.get(key) or ""):
            wrong = "is not good" if key in given else f"has no `{key}`"
            account.down("credentials", key).fail(
                f"{wrong} for the dialect `{dialect}`, expected text like {pattern.pattern}"
            )
    for key in sorted(given.keys() - expected.keys()):
        account.down("credentials", key).fail(
            f"is not a credential of the dialect `{dialect}`{f.suggest(key, expected)}"
        )


def _secret(spot: Spot) -> str | None:
    value = f.text(spot)
    if value is not None and not value.startswith("whsec_"):
        spot.fail("is not a webhook secret, expected `whsec_` and base64")
    return value


DESK: Mapping[str, Field] = {"secret": Field(f.or_null(_secret), None)}
WORLD: Mapping[str, Field] = {
    "seed": Field(f.whole(0, 2**53), 0),
    "providers": Field(f.list_of(_provider)),
    "faults": Field(f.list_of(fault), ()),
    "timeline": Field(f.list_of(lambda spot: entry(spot, timed=True)), ()),
    "desk": Field(lambda spot: f.record(spot, DESK, DeskPlan), DeskPlan()),
}


def parse_world(text: str, file: str = "world.yaml") -> WorldPlan:
    """The plan a world file's text describes.

    Raises:
        WorldFileError: with every mistake, each as ``FILE:LINE: key.path: what, expected``.
    """
    root = open_document(text, file)
    plan: WorldPlan | None = f.record(root, WORLD, WorldPlan)
    problems: list[Problem] = root.problems
    if plan is not None:
        _check_references(root, plan)
    if problems or plan is None:
        raise WorldFileError(problems)
    return plan


def _check_references(root: Spot, plan: WorldPlan) -> None:
    references = References.of(plan, root)
    for index, fault_plan in enumerate(plan.faults or ()):
        references.check(root.down("faults", index), fault_plan)
    for index, item in enumerate(plan.timeline or ()):
        if item is not None:
            references.check(root.down("timeline", index), item.action)


def read_world(path: Path) -> WorldPlan:
    """The plan in a world file.

    Raises:
        WorldFileError: when it cannot be read, or has mistakes.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(str(path), 1, "(document)", f"cannot be read ({error})")
        raise WorldFileError([problem]) from error
    return parse_world(text, str(path))
