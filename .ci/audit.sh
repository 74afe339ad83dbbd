#!/usr/bin/env bash
# audit.sh locks: fails where an advisory is known for a locked package, or where none can be had.
# audit.sh control: the negative control; fails unless advisories are known for packages that have
#   some. An index without advisory data answers "No known vulnerabilities found" to everything.
# Advisories cannot be had everywhere, so .ci/run does without; the forge's workflow runs both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
audit=(.venv/bin/pip-audit --strict --disable-pip --progress-spinner off)

case ${1:-} in
  locks)
    "${audit[@]}" --require-hashes -r requirements.lock -r requirements-build.lock \
      -r requirements-dev.lock -r requirements-installer.lock
    ;;
  control)
    report=$("${audit[@]}" --no-deps --format json -r .ci/known-vulnerable.txt) && status=0 || status=$?
    # Status 1 alone may be a failure of the audit itself; the advisory must be named.
    if [ "$status" -eq 1 ] && grep -Eq '"id": *"(CVE|GHSA|PYSEC)-' <<<"$report"; then
      echo "==> control: the planted vulnerable pin is found"
    else
      echo "==> control: no advisory for $(grep == .ci/known-vulnerable.txt) (status $status):" \
        "this index has no advisory data, so that the audit proves nothing"
      exit 1
    fi
    ;;
  *) echo "usage: audit.sh locks|control" && exit 2 ;;
esac
