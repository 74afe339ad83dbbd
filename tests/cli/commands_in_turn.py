"""Runs several command lines in one process, which pays for the imports once.

``COMMANDS`` is a JSON list of command lines; a line with NUL goes before the output of each.
"""

import contextlib
import json
import os
import sys

from agent.cli.main import main

if __name__ == "__main__":
    for arguments in json.loads(os.environ["COMMANDS"]):
        sys.stdout.write("\0\n")
        sys.stdout.flush()
        sys.argv = ["numwatch", *arguments]
        with contextlib.suppress(SystemExit):
            main()
        sys.stdout.flush()
