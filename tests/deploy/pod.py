"""A pod of ``deploy/kubernetes`` without a cluster: its mounts and its user, by bubblewrap.

The program is this environment's and not the image's, which ``tests/integration/test_image.py``
starts. Shown are: the mounts at their places and nothing else that can be written, the user and
groups as numbers of the machine's (no user namespace), no capability, a network of its own without
a way out. Not shown: seccomp's default profile, the limit of memory, the network policy.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes import ROOT, needs

SYSTEM = ("bin", "lib", "lib32", "lib64", "sbin", "usr")
"""Folders of the machine that the program's Python needs."""


def command(pod: dict[str, Any], volumes: dict[str, Path], words: Sequence[str]) -> list[str]:
    """``words`` as the only container of the pod's specification runs them.

    Args:
        pod: The ``spec`` of the pod's template.
        volumes: The folder that stands for each volume.
        words: What runs.
    """
    if os.geteuid():
        pytest.skip("only root can give up the machine's users for that of the pod")
    container = pod["containers"][0]
    sandbox = [needs("bwrap"), "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    sandbox += ["--die-with-parent", "--proc", "/proc", "--dev", "/dev", *_system()]
    for mount in container["volumeMounts"]:
        how = "--ro-bind" if mount.get("readOnly") else "--bind"
        sandbox += _bound(how, volumes[mount["name"]], Path(mount["mountPath"]))
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    sandbox += ["--remount-ro", "/", "--chdir", str(ROOT), *_user(pod)]
    probe = subprocess.run([*sandbox, "true"], capture_output=True, text=True, check=False)
    if probe.returncode:
        pytest.skip(f"no sandbox can be made here: {probe.stderr.strip()}")
    return [*sandbox, *words]


def _user(pod: dict[str, Any]) -> list[str]:
    context = pod["securityContext"]
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    words = [needs("setpriv"), "--reuid", str(context["runAsUser"])]
    words += ["--regid", str(context["runAsGroup"]), "--groups", str(context["fsGroup"])]
    return [*words, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def _system() -> Iterator[str]:
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from _bound("--ro-bind", path, path)
    for path in sorted({Path(sys.base_prefix), Path(sys.prefix), ROOT}):
        yield from _bound("--ro-bind", path, path)


def _bound(how: str, source: Path, place: Path) -> Iterator[str]:
    # What bubblewrap makes on the way by itself could be passed by root alone.
    for parent in reversed(place.parents[:-1]):
        yield from ("--perms", "0755", "--dir", str(parent))
    yield from (how, str(source), str(place))


def volume(folder: Path, group: int, files: dict[str, str] | None = None) -> Path:
    """A volume as the kubelet makes it for ``fsGroup``: root's, and open to the group.

    With ``files`` it is a projected one, of which the group may only read.
    """
    folder.mkdir()
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
        os.chown(folder / name, 0, group)
        (folder / name).chmod(0o440)
    os.chown(folder, 0, group)
    folder.chmod(stat.S_ISGID | (0o770 if files is None else 0o750))
    return folder
