"""The configuration that a command uses where none is named."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agent.cli.language import say
from agent.i18n import Message

CONFIG_VARIABLE: Final = "NUMWATCH_CONFIG"
_PLACES: Final = (Path("config.yaml"), Path("/etc/numwatch/config.yaml"))
_USING: Final = Message("using {path}")
_NOWHERE: Final = Message(
    "no configuration: {variable} is not set, and there is neither {first} nor {second}; name one "
    "with --config FILE, or make one with numwatch init"
)


class NoConfigError(Exception):
    """There is no configuration where one is looked for; the text says where that was."""


def configuration(
    named: Path | None,
    environ: Mapping[str, str] = os.environ,
    places: tuple[Path, Path] = _PLACES,
) -> Path:
    """The configuration to use; one that was not named is said on standard error.

    ``named`` by the command line goes first, then ``NUMWATCH_CONFIG``, then ``./config.yaml``,
    then ``/etc/numwatch/config.yaml``.

    Raises:
        NoConfigError: when there is none.
    """
    if named is not None:
        return named
    variable = environ.get(CONFIG_VARIABLE)
    found = Path(variable) if variable else next((it for it in places if it.exists()), None)
    if found is None:
        texts = dict(zip(("first", "second"), map(str, places), strict=True))
        raise NoConfigError(say(_NOWHERE.with_values(variable=CONFIG_VARIABLE, **texts)))
    sys.stderr.write(f"{say(_USING.with_values(path=found))}\n")
    return found
