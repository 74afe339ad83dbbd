"""No module imports another that, by whatever way, imports it."""

from collections.abc import Mapping

from tests.project.modules import CODE, imports, sources


def cycles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The sets of modules that reach each other, found by Tarjan's algorithm."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    path: list[str] = []
    found: list[set[str]] = []

    def visit(module: str) -> None:
        order[module] = lowest[module] = len(order)
        path.append(module)
        for other in sorted(graph[module]):
            if other not in order:
                visit(other)
            if other in path:
                lowest[module] = min(lowest[module], lowest[other])
        if lowest[module] == order[module]:
            start = path.index(module)
            component = set(path[start:])
            del path[start:]
            if len(component) > 1:
                found.append(component)

    for module in graph:
        if module not in order:
            visit(module)
    return found


def test_there_is_no_import_cycle() -> None:
    assert cycles(imports(sources(CODE))) == []


def test_a_cycle_would_be_noticed_wherever_the_import_is() -> None:
    code = {
        "a.top": "import a.left\n",
        "a.left": "def work():\n    from a import right\n",
        "a.right": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a.left\n",
        "a.lonely": "",
    }
    assert cycles(imports(code)) == [{"a.left", "a.right"}]
    straight = {**code, "a.right": "import a.lonely\n"}
    assert cycles(imports(straight)) == []
