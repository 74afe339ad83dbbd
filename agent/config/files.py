"""Resolves the paths in a configuration and checks that the files exist."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

from agent.config.dial import Dial
from agent.config.settings import Intake, Settings
from agent.config.unvalidated import UnvalidatedConfig
from agent.config.web_config import with_users_of_file
from agent.yamlfile.paths import one_line, select
from agent.yamlfile.problems import Problem
from agent.yamlfile.validation import nearest

_PACKAGE = Path(__file__).resolve().parents[1]
INSTALLATION = _PACKAGE.parent if (_PACKAGE.parent / "alert_rules").is_dir() else _PACKAGE
"""The folder of ``alert_rules/``: beside the package in a checkout, inside it in a wheel."""
_BUNDLED = _PACKAGE / "providers" / "profiles"
_IS_FILE = re.compile(r"[/\\]|\.ya?ml$")


def bundled_profiles() -> tuple[str, ...]:
    """The names of the profiles and native adapters that come with numwatch."""
    profiles = (file.stem for file in _BUNDLED.glob("*.yaml"))
    adapters = (file.parent.name for file in _BUNDLED.parent.glob("*/adapter.py"))
    return tuple(sorted((*profiles, *adapters)))


def profiles_exist(config: UnvalidatedConfig) -> Iterator[Problem]:
    """A provider's profile is a bundled one or an existing file."""
    for path, name in select(config.data, "providers", "*", "profile"):
        if not isinstance(name, str) or name in config.profiles:
            continue
        if not _IS_FILE.search(name):
            text = (
                f"is not a bundled profile, got {one_line(name)}; {nearest(name, config.profiles)}"
            )
            yield Problem(path, text)
        elif not _is_file(config.folder / name):
            yield Problem(path, "there is no such file, expected a profile's YAML file")


def paths_lead_somewhere(config: UnvalidatedConfig) -> Iterator[Problem]:
    """CA files can be read, rule globs match a file, and ``data_dir`` is not a file."""
    authorities = (
        *select(config.data, "providers", "*", "ca_file"),
        *select(config.data, "intake", "alertmanager", "ca_file"),
        *select(config.data, "sinks", "*", "ca_file"),
    )
    for path, name in authorities:
        if isinstance(name, str) and not _has_authorities(config.folder / name):
            yield Problem(path, "has no certificates that can be read, expected a PEM file")
    for path, glob in select(config.data, "rules", "files", "*"):
        if isinstance(glob, str) and not _matching(glob, config.folder):
            yield Problem(path, "matches no file, expected the path of rule files")
    for path, glob in select(config.data, "drift", "declared", "*"):
        if isinstance(glob, str) and not _any_file(glob, config.folder):
            yield Problem(path, "matches no file, expected the path of declared configurations")
    for path, name in select(config.data, "data_dir"):
        if isinstance(name, str) and _is_file(config.folder / name):
            yield Problem(path, "is a file, expected a folder")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _has_authorities(path: Path) -> bool:
    try:
        context = ssl.create_default_context(cafile=path if _is_file(path) else "")
    except (OSError, ValueError):
        return False
    return bool(context.get_ca_certs())


def _matching(glob: str, folder: Path) -> str | None:
    """``glob`` as an absolute one: from ``folder``, else from the installation, else nothing."""
    for start in (folder, INSTALLATION):
        if _any_file(glob, start):
            return str(start / glob)
    return None


def _any_file(glob: str, start: Path) -> bool:
    try:
        anchor = Path(glob).anchor
        found = Path(anchor).glob(glob[len(anchor) :]) if anchor else start.glob(glob)
        return any(map(_is_file, found))
    except (OSError, ValueError, NotImplementedError):
        return False


def absolute(settings: Settings, folder: Path) -> Settings:
    """Returns ``settings`` with every path made absolute; bundled profiles keep their names."""
    rules = settings.rules.model_copy(
        update={
            "files": [
                _matching(glob, folder) or str(folder / glob) for glob in settings.rules.files
            ]
        }
    )
    providers = [
        provider.model_copy(
            update={
                "profile": _absolute_profile(provider.profile, folder),
                "ca_file": provider.ca_file and str(folder / provider.ca_file),
            }
        )
        for provider in settings.providers
    ]
    return settings.model_copy(
        update={
            "data_dir": str(folder / settings.data_dir),
            "rules": rules,
            "drift": settings.drift.model_copy(
                update={"declared": [str(folder / glob) for glob in settings.drift.declared]}
            ),
            "dial": _absolute_dial(settings.dial, folder),
            "providers": providers,
            "intake": _absolute_intake(settings.intake, folder),
            "web": with_users_of_file(settings.web, folder),
            "sinks": [
                sink.model_copy(update={"ca_file": sink.ca_file and str(folder / sink.ca_file)})
                for sink in settings.sinks
            ],
        }
    )


def _absolute_intake(intake: Intake, folder: Path) -> Intake:
    alertmanager = intake.alertmanager
    authorities = alertmanager.ca_file and str(folder / alertmanager.ca_file)
    return intake.model_copy(
        update={"alertmanager": alertmanager.model_copy(update={"ca_file": authorities})}
    )


def _absolute_dial(dial: Dial, folder: Path) -> Dial:
    prompt = dial.prompt.model_copy(
        update={"file": dial.prompt.file and str(folder / dial.prompt.file)}
    )
    fingerprints = str(folder / dial.fingerprints)
    speech = dial.speech and dial.speech.model_copy(
        update={"model": str(folder / dial.speech.model)}
    )
    return dial.model_copy(
        update={"prompt": prompt, "fingerprints": fingerprints, "speech": speech}
    )


def _absolute_profile(name: str, folder: Path) -> str:
    return str(folder / name) if _IS_FILE.search(name) else name
