"""A configuration before validation: plain data, for the checks that span several keys."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.yamlfile.paths import KeyPath


@dataclass(frozen=True)
class UnvalidatedConfig:
    """Plain data with every reference replaced, and what its names may refer to."""

    data: object
    lines: Mapping[KeyPath, int]
    folder: Path
    """The configuration file's folder, where relative paths start."""
    profiles: tuple[str, ...]
    """The names of the bundled profiles."""
