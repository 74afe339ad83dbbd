"""The agent loads nothing of test calls at its start that is an extra or another process."""

import json
import subprocess
import sys

OTHER_PROCESSES = ("agent.probing.engine.process", "agent.probing.speech.process")
LOADED = """
import json, sys
for name in {missing}:
    sys.modules[name] = None
import agent.app
from agent.probing.call import require_engine
try:
    require_engine()
except Exception as error:
    print(type(error).__name__)
else:
    print("there")
print(json.dumps([name for name, module in sys.modules.items() if module is not None]))
"""


def started(*missing: str) -> tuple[str, list[str]]:
    """What is said of the engine, and the modules, of an agent without ``missing``."""
    done = subprocess.run(
        [sys.executable, "-c", LOADED.format(missing=list(missing))],
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    said, modules = done.stdout.splitlines()
    return said, json.loads(modules)


def test_an_agent_without_the_extras_starts_and_knows_what_it_lacks() -> None:
    said, modules = started("baresip", "sherpa_onnx")
    assert said == "EngineMissingError"
    assert "agent.app" in modules


def test_nothing_of_an_engine_is_loaded_where_it_is_installed() -> None:
    said, modules = started()
    assert said == "there"
    assert "agent.probing.call" in modules
    loaded = [name for name in modules if name.partition(".")[0] in {"baresip", "sherpa_onnx"}]
    assert loaded == []
    assert not set(OTHER_PROCESSES) & set(modules)
    assert not [name for name in modules if name.startswith("agent.simulator")]
