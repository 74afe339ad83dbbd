"""The pod as the kubelet would make it: the agent starts in it, and its probes are answered."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.manifests import FOLDER, documents, of_kind
from tests.deploy.pod import command, volume

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

POD: dict[str, Any] = of_kind("StatefulSet")["spec"]["template"]["spec"]
GROUP: int = POD["securityContext"]["fsGroup"]
PROBING = """
import http.client, json, os, signal, subprocess, sys, time
agent = subprocess.Popen([sys.executable, "-m", "agent", *json.loads(sys.argv[1])])
def ask(path, host):
    try:
        connection = http.client.HTTPConnection("127.0.0.1", 10400, timeout=20)
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status
    except OSError:
        return None
end = time.monotonic() + 120
result = {}
for path in json.loads(sys.argv[2]):
    while time.monotonic() < end and agent.poll() is None and ask(path, "10.0.3.7:10400") != 200:
        time.sleep(0.1)
    result[path] = ask(path, "10.0.3.7:10400")
result["service"] = ask("/metrics", "numwatch:10400")
result["stranger"] = ask("/metrics", "elsewhere.example:10400")
agent.send_signal(signal.SIGTERM)
result["end"] = agent.wait(60)
print(json.dumps(result))
"""
"""Runs the agent in the pod's network, where nothing else is, and asks it as the kubelet does."""
WRITES = """
import json, os
places = {}
for place in ("/", "/etc/numwatch", "/run/secrets/numwatch", "/data"):
    try:
        open(os.path.join(place, "probe"), "w").close()
        places[place] = True
    except OSError:
        places[place] = False
print(json.dumps([places, os.getuid(), os.getgid(), open("/proc/self/status").read()]))
"""


@pytest.fixture
def volumes(tmp_path: Path) -> dict[str, Path]:
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)  # the pod's user passes through what is pytest's own
    (secret,) = documents(FOLDER / "secret.example.yaml")
    configuration = (FOLDER / "config.yaml").read_text(encoding="utf-8")
    configuration += "polling: {attempts: 1}\n"  # nothing can be reached; ready is asked soon
    return {
        "config": volume(tmp_path / "config", GROUP, {"config.yaml": configuration}),
        "secrets": volume(tmp_path / "secrets", GROUP, secret["stringData"]),
        "data": volume(tmp_path / "data", GROUP),
    }


def arguments() -> list[str]:
    """What the image gives the program, as the pod has it say nothing else."""
    assert not {"command", "args"} & set(POD["containers"][0])
    text = (FOLDER.parents[1] / "Dockerfile").read_text(encoding="utf-8")
    return list(json.loads(text[text.rindex("\nCMD ") + 5 :]))


def run(volumes: dict[str, Path], *words: str) -> Any:
    done = subprocess.run(
        command(POD, volumes, [sys.executable, "-c", *words]),
        capture_output=True,
        text=True,
        check=False,
        timeout=170,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_only_the_volume_of_the_ledger_can_be_written(volumes: dict[str, Path]) -> None:
    places, user, group, status = run(volumes, WRITES)
    assert places == {
        "/": False,
        "/etc/numwatch": False,
        "/run/secrets/numwatch": False,
        "/data": True,
    }
    assert (user, group) == (POD["securityContext"]["runAsUser"], GROUP)
    assert "CapEff:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status


def test_the_agent_starts_in_the_pod_and_its_probes_are_answered(volumes: dict[str, Path]) -> None:
    """The provider cannot be reached there; the agent is healthy, and ready, all the same."""
    (container,) = POD["containers"]
    probes = [container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")]
    paths = sorted({probe["path"] for probe in probes})
    result = run(volumes, PROBING, json.dumps(arguments()), json.dumps(paths))
    assert result == {**dict.fromkeys(paths, 200), "service": 200, "stranger": 421, "end": 0}
    ledger = volumes["data"] / "ledger"
    assert ledger.stat().st_uid == POD["securityContext"]["runAsUser"]
    assert ledger.stat().st_mode & 0o077 == 0


def test_a_volume_that_is_not_the_groups_is_refused(volumes: dict[str, Path]) -> None:
    """The control: without ``fsGroup`` there is no agent that could be taken for a healthy one."""
    os.chown(volumes["data"], 0, 0)
    result = run(volumes, PROBING, json.dumps(arguments()), json.dumps(["/-/healthy"]))
    assert result["/-/healthy"] is None
    assert result["end"] > 0
