"""The image's final stage starts with a read-only root, without shell, root or capabilities."""

import json
from pathlib import Path

import pytest

from tests.integration.distroless import Image, make
from tests.integration.processes import free_port, get, running, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(600)]

SHELLS = {"sh", "bash", "dash", "ash", "zsh", "busybox", "toybox"}
MANAGERS = {"apt", "apt-get", "dpkg", "dpkg-deb", "pip", "pip3", "uv", "easy_install"}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return make(tmp_path_factory.mktemp("image"))


def inside(image: Image, code: str) -> str:
    done = image.run("/opt/numwatch/bin/python", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_there_is_no_shell_and_no_package_manager(image: Image) -> None:
    programs = {path.name for path in image.root.rglob("*") if path.parent.name in {"bin", "sbin"}}
    assert programs & (SHELLS | MANAGERS) == set()
    assert {"python3", "numwatch"} <= programs, "the control: programs are looked for at all"
    assert image.run("/bin/sh", "-c", "true").returncode != 0
    assert image.run("/opt/numwatch/bin/python", "-m", "pip").returncode != 0


def test_nothing_but_the_volume_can_be_written(image: Image) -> None:
    code = (
        "import json, os\nresult = {}\n"
        "for folder in ('/', '/opt/numwatch', '/etc/numwatch', '/tmp', '/data'):\n"
        "    try:\n        open(os.path.join(folder, 'probe'), 'w').close()\n"
        "        result[folder] = 'written'\n"
        "    except OSError as error:\n        result[folder] = type(error).__name__\n"
        "print(json.dumps(result))"
    )
    result = json.loads(inside(image, code))
    assert result.pop("/data") == "written"
    assert set(result.values()) == {"OSError"}


def test_it_has_what_the_agent_needs_of_the_system(image: Image) -> None:
    code = (
        "import ssl, sys, zoneinfo, numpy, re2, isal, uvloop, greenlet, sqlite3, promql_parser\n"
        "zoneinfo.ZoneInfo('Asia/Shanghai')\n"
        "assert ssl.create_default_context().cert_store_stats()['x509_ca'] > 100\n"
        "print(sys.prefix, '%d.%d' % sys.version_info[:2])"
    )
    assert inside(image, code) == "/opt/numwatch 3.13"


def test_it_answers_and_its_health_check_tells(image: Image, tmp_path: Path) -> None:
    """As ``docker run --read-only --cap-drop ALL`` starts it, with demo in place of run."""
    port = free_port()
    program = image.instruction("ENTRYPOINT")
    command = image.command(
        *program, "demo", "--data", "/data/demo", "--listen", f"127.0.0.1:{port}"
    )
    check = [word.replace("10400", str(port)) for word in image.instruction("    CMD")]
    assert image.run(*check).returncode != 0, "the control: nothing listens yet"
    log = tmp_path / "log"
    with running(command, log):
        try:
            wait_until(lambda: get(f"http://127.0.0.1:{port}/-/healthy"), 90, "healthy")
        finally:
            print(log.read_text(errors="replace")[-2000:])  # noqa: T201 - shown where it fails
        healthy = image.run(*check)
        assert healthy.returncode == 0, healthy.stderr
    assert image.run(*check).returncode != 0


def test_the_configuration_is_checked_by_the_command_of_the_image(image: Image) -> None:
    done = image.run(*image.instruction("ENTRYPOINT"), "--version")
    assert done.returncode == 0, done.stderr
    assert "numwatch" in done.stdout
    assert image.instruction("CMD")[:2] == ["run", "--config"]
