# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# check.sh - what the checks of the labs share. A check runs against its lab, which is up: netemu run DIR --wait && DIR/check.
# It exits with 0 when all is as the lab's README says, with 77 when this machine cannot run the lab ("check needs" asks
# before there is one), else with 1 and a line about what is not.
set -euo pipefail
# A lab that any machine can run needs nothing.
[[ ${1:-} != needs || -n ${check_needs:-} ]] || exit 0
lab=$(basename "$(cd "$(dirname "$0")" && pwd)")

netemu() { "${NETEMU:-netemu}" "$@"; }

# in_node NODE COMMAND...
in_node() { netemu exec --lab "$lab" "$1" -- "${@:2}" </dev/null 2>&1; }

fail() {
  printf '%s: %s\n' "$lab" "$*" >&2
  exit 1
}

# soon COMMAND... - within ten seconds; routing takes its time, and says so when it has settled only to `run --wait`
soon() {
  local end=$((SECONDS + 10))
  until "$@" >/dev/null; do
    ((SECONDS < end)) || return 1
    sleep 0.1
  done
}

shows() { in_node "$2" "${@:3}" | grep -Eq -- "$1"; }

# expect REGEX NODE COMMAND... - what the command prints has, soon, a line that matches
expect() {
  soon shows "$@" || fail "$2: ${*:3}: no line matches '$1':"$'\n'"$(in_node "${@:2}" || true)"
}

# reach NODE ADDRESS... - answers to ping
reach() {
  local to
  for to in "${@:2}"; do
    soon in_node "$1" ping -nqc 1 -W 1 "$to" || fail "$1 does not reach $to"
  done
}

# By ICMP echo: of the answers to UDP a node sends only a few a second.
trace() { in_node "$1" traceroute -In -q 1 -w 0.5 -m 8 "$2"; }
is_path() { [[ $(trace "$2" "$3" | awk 'NR > 1 { printf "%s%s", sep, $2; sep = " " }') == "$1" ]]; }

# path "HOP HOP..." NODE ADDRESS - where packets go, soon
path() { soon is_path "$@" || fail "the path from $2 to $3 is not $1:"$'\n'"$(trace "$2" "$3")"; }
