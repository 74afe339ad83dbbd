"""The chart as Helm itself renders it.

Helm is a Go program, here as a library for Python. It runs in a process of its own: what happens to
it there is not the test's.
"""

import importlib.util
import json
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.integration.processes import ROOT

CHART = ROOT / "deploy" / "helm" / "numwatch"
RENDERING = """
import json, sys
import helm_python
given = json.load(sys.stdin)
try:
    with helm_python.Chart.load(given["chart"]) as chart:
        chart.validate_schema(given["values"])
        files = chart.render(given["values"], name=given["name"], namespace="telephony")
    print(json.dumps({"files": files, "findings": helm_python.lint(given["chart"])}))
except helm_python.HelmError as error:
    print(json.dumps({"error": str(error)}))
"""


class ChartError(Exception):
    """What Helm says that is wrong."""


def _answer(values: dict[str, Any], name: str) -> dict[str, Any]:
    if importlib.util.find_spec("helm_python") is None:
        pytest.skip("Helm's library has no build for this platform")
    given = {"chart": str(CHART), "values": values, "name": name}
    done = subprocess.run(
        [sys.executable, "-c", RENDERING],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    if "error" in answer:
        raise ChartError(answer["error"])
    return answer


def rendered(values: dict[str, Any], name: str = "numwatch") -> dict[str, dict[str, Any]]:
    """The objects by their kind; ``values`` are laid over the chart's.

    Raises:
        ChartError: when Helm refuses the values.
    """
    files: dict[str, str] = _answer(values, name)["files"]
    texts = [text for path, text in files.items() if not path.endswith(".txt")]
    objects = [one for text in texts for one in yaml.safe_load_all(text) if one]
    return {one["kind"]: one for one in objects}


def findings() -> list[str]:
    """What ``helm lint`` objects to."""
    messages = _answer({}, "numwatch")["findings"]["messages"]
    return [f"{one['path']}: {one['error']}" for one in messages]
