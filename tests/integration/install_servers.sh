#!/usr/bin/env bash
# Installs the real servers that the integration tests talk to, where that can be done: as root,
# by apt. Where it cannot, it says why and ends well: those tests are then skipped with the reason.
set -uo pipefail

declare -A package_of=(
  [prometheus]=prometheus
  [promtool]=prometheus
  [prometheus-alertmanager]=prometheus-alertmanager
  [amtool]=prometheus-alertmanager
  [faketime]=faketime
  [bwrap]=bubblewrap
  [nginx]=nginx-light
  [kamailio]=kamailio
  [sipp]=sip-tester
  [caddy]=caddy
  [docker-compose]=docker-compose
  [systemd-analyze]=systemd
  [pg_ctlcluster]=postgresql
  [pgbouncer]=pgbouncer
)

missing=()
for binary in "${!package_of[@]}"; do
  command -v "$binary" >/dev/null || missing+=("${package_of[$binary]}")
done
/usr/bin/python3 -c 'import seccomp' 2>/dev/null || missing+=(python3-seccomp)
[ ${#missing[@]} -eq 0 ] && exit 0
mapfile -t wanted < <(printf '%s\n' "${missing[@]}" | sort -u)

skip() {
  echo "==> not installing ${wanted[*]}: $1; the tests that need them will be skipped"
  exit 0
}
command -v apt-get >/dev/null || skip "there is no apt-get"
[ "$(id -u)" -eq 0 ] || skip "not root (sudo apt-get install ${wanted[*]})"

# A server that starts by itself would hold the port its test wants.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
installed() {
  apt-get install --quiet --yes --no-install-recommends "${wanted[@]}" >"$log" 2>&1
}
echo "==> installing ${wanted[*]} by apt, for the integration tests"
installed || { apt-get update --quiet >>"$log" 2>&1; installed; } || {
  tail -n 5 "$log"
  skip "apt-get failed (its last lines are above)"
}
rm -f "$log"
