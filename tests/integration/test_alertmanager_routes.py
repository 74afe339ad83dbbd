"""Where the shipped Alertmanager configuration sends what: by amtool."""

import subprocess

import pytest

from tests.integration.processes import ROOT, needs

pytestmark = pytest.mark.integration

CONFIG = ROOT / "deploy/alertmanager.yml"
DOWN = ("symptom=number_down", "scope=number", "provider=north", "account=hq", "number=400")


def receivers(*labels: str) -> list[str]:
    command = [needs("amtool"), "config", "routes", "test", f"--config.file={CONFIG}", *labels]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.strip().split(",")


def test_amtool_accepts_the_configuration() -> None:
    done = subprocess.run(
        [needs("amtool"), "check-config", CONFIG], capture_output=True, text=True, check=True
    )
    assert "SUCCESS" in done.stdout


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("severity=critical", *DOWN), ["numwatch", "page"]),
        (("severity=warning", *DOWN), ["numwatch", "watch"]),
        (("severity=info", *DOWN), ["numwatch", "quiet"]),
        (DOWN, ["numwatch", "watch"]),
        (("severity=critical", "alertname=HostDown", "instance=a"), ["numwatch", "page"]),
        (("severity=critical", "ticket=true"), ["numwatch", "page"]),
        (("severity=critical", "ticket=false"), ["page"]),
        (("severity=warning", "ticket=false"), ["watch"]),
        (("severity=info", "ticket=false"), ["quiet"]),
    ],
)
def test_tickets_go_to_numwatch_and_people_are_paged_beside(
    labels: tuple[str, ...], expected: list[str]
) -> None:
    assert receivers(*labels) == expected
