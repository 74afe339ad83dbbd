#!/usr/bin/env bash
# install.sh LOCK...: installs the LOCKs and numwatch itself into .venv. Every version is locked and
# every hash is checked, whichever of two installers does it: uv, itself locked, because it is many
# times faster; pip, where uv cannot be had or cannot reach the index.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
locks=()
for lock in "$@"; do locks+=(-r "$lock"); done
python=.venv/bin/python
pip=("$python" -m pip --disable-pip-version-check)

# uv does not read pip's settings; the index is the one that matters.
index=$("${pip[@]}" config get global.index-url 2>/dev/null || true)
index=${PIP_INDEX_URL:-$index}
if [ -n "$index" ]; then export UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-$index}; fi
export UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-30} UV_LINK_MODE=${UV_LINK_MODE:-copy}

by_uv() {
  "${pip[@]}" install --quiet --require-hashes --no-compile -r requirements-installer.lock 2>/dev/null &&
    .venv/bin/uv pip install --python "$python" --require-hashes "${locks[@]}"
}

by_pip() {
  "${pip[@]}" install --require-hashes --no-compile --progress-bar off "${locks[@]}" 2>&1 |
    "$python" -u .ci/progress.py "$@"
}

echo "==> installing from $*: locked versions, every hash checked"
by_uv || { echo "==> uv did not do it, pip will, in a minute or so" && by_pip "$@"; }
"${pip[@]}" install --quiet --no-deps --no-build-isolation --editable . 2>&1 | { grep -v '^WARNING' || true; }
