"""Writes what numwatch needs at run time: the software bill of materials, or the list of licences.

Both are made of ``requirements.lock``, the packages that a user installs, as they stand in this
environment; an environment that differs from the lock is refused. Run by ``make sbom licences``.
"""  # noqa: INP001 - a script, run by make

import json
import re
import subprocess  # nosec B404 # runs the generator beside this Python
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution, metadata
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
ALLOWED = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "PSF-2.0"}
    | {"Zlib"}
)
"""SPDX identifiers that may be shipped beside Apache-2.0 without a condition of their own."""
SPELLINGS = {
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache licensed, as found in the LICENSE file": "Apache-2.0",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
}
"""SPDX identifiers of what older metadata says in words."""
ONLY_IN_A_LICENCE_FILE = {"promql-parser": "MIT"}
"""Packages that name their licence only in the text of the licence file in the wheel."""


OF_TEST_CALLS = ("baresip-python", "cffi", "pycparser")
"""What the extra ``dial`` brings; a user installs it by name, and no lock of ours does."""
OF_SPEECH = ("sherpa-onnx", "sherpa-onnx-core")
"""What the extra ``speech`` brings, likewise."""


class DependencyError(Exception):
    """The environment and the lock differ, or a licence is unknown or not allowed."""


def locked(text: str) -> dict[str, str]:
    """The versions by normalized name that a lock installs on this platform and Python."""
    lines = re.findall(r"^([A-Za-z0-9][^\\\n]*)", text, re.MULTILINE)
    requirements = [Requirement(line) for line in lines]
    return {
        canonicalize_name(one.name): str(one.specifier).removeprefix("==")
        for one in requirements
        if one.marker is None or one.marker.evaluate()
    }


def installed(packages: Mapping[str, str]) -> dict[str, str]:
    """``packages``, once this environment has every one of them in its locked version."""
    for name, version in packages.items():
        try:
            present = distribution(name).version
        except PackageNotFoundError:
            present = "nothing"
        if present != version:
            raise DependencyError(
                f"{LOCK.name} has {name} {version}, this environment has {present}: "
                "run `make lint` once, it installs the locked versions"
            )
    return dict(packages)


def licence(name: str) -> str:
    """The SPDX expression of an installed package's licence; the words of its metadata if none."""
    about = metadata(name)
    words = about.get("License-Expression") or about.get("License") or ""
    classifiers = [one for one in about.get_all("Classifier", ()) if one.startswith("License ::")]
    if not words and classifiers:
        words = classifiers[0]
    return ONLY_IN_A_LICENCE_FILE.get(name) or SPELLINGS.get(words, words)


def refused(expression: str) -> set[str]:
    """The parts of an SPDX expression that are not allowed; every alternative of OR counts."""
    return set(re.split(r" AND | OR |[()]", expression)) - ALLOWED - ({""} if expression else set())


def licences() -> str:
    """A Markdown page of every run-time package with its licence, in order of name."""
    rows = {name: licence(name) for name in installed(locked(LOCK.read_text("utf-8")))}
    wrong = {name: expression for name, expression in rows.items() if refused(expression)}
    if wrong:
        raise DependencyError(f"licences that are unknown or not allowed: {wrong}")
    lines = [f"| {name} | {rows[name]} |" for name in sorted(rows)]
    of_test_calls, of_speech = (
        [f"| {name} | {licence(name)} |" for name in names] for names in (OF_TEST_CALLS, OF_SPEECH)
    )
    return "\n".join(
        [
            "# Licences",
            "",
            "numwatch is under Apache-2.0. These packages are installed with it. `make docs`",
            "writes this page from their metadata and fails where a licence is none of these:",
            f"{', '.join(sorted(ALLOWED))}.",
            "",
            "| package | licence |",
            "|---|---|",
            *lines,
            "",
            "With the extra `dial`, for test calls, these are installed too. The first has a copy",
            "of libasound (LGPL-2.1) and of OpenSSL 1.1.1 in its wheel; numwatch uses neither of",
            "them and ships none of these.",
            "",
            "| package | licence |",
            "|---|---|",
            *of_test_calls,
            "",
            "With the extra `speech`, for speech recognition in test calls, these are. The second",
            "has ONNX Runtime (MIT) in its wheel; a model is under a licence of its own.",
            "",
            "| package | licence |",
            "|---|---|",
            *of_speech,
            "",
        ]
    )


def bill_of_materials(*options: str) -> str:
    """A CycloneDX document in JSON of the run-time packages and what each of them needs.

    Args:
        options: Further options of the generator, such as ``--no-validate``.
    """
    packages = installed(locked(LOCK.read_text("utf-8")))
    command = ["environment", sys.executable, "--pyproject", "pyproject.toml", *options]
    command += ["--output-reproducible", "--spec-version", "1.6", "--mc-type", "application"]
    made = subprocess.run(  # nosec B603 # fixed words and this Python
        [Path(sys.executable).parent / "cyclonedx-py", *command],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    document = pruned(json.loads(made.stdout), packages)
    document["metadata"]["component"]["version"] = metadata("numwatch")["Version"]
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def pruned(document: dict[str, Any], packages: Mapping[str, str]) -> dict[str, Any]:
    """``document`` without the components, and links to them, that are not in ``packages``."""
    shipped = [
        component
        for component in document["components"]
        if canonicalize_name(component["name"]) in packages
    ]
    names = {component["bom-ref"] for component in shipped}
    names.add(document["metadata"]["component"]["bom-ref"])
    links = [
        {**link, "dependsOn": [ref for ref in link.get("dependsOn", ()) if ref in names]}
        for link in document["dependencies"]
        if link["ref"] in names
    ]
    return {**document, "components": shipped, "dependencies": links}


def main(what: str, *options: str) -> None:
    """Print the document that ``what`` names: ``sbom`` or ``licences``."""
    try:
        sys.stdout.write({"sbom": bill_of_materials, "licences": licences}[what](*options))
    except DependencyError as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main(*sys.argv[1:])
