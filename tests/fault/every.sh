#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# every - the Nth kernel operation of `run` fails, or the process dies at it: all or nothing, for every N
#
# The same for `destroy`: whatever fails, the next `destroy` ends the lab. A sample of `run` by default, all N with
# NETEMU_FAULT_FULL=1. NETEMU_FAULT_ONLY="N..." tries these only.
# shellcheck disable=SC2154 # topo, lab: of lib.sh
. "$(dirname "$0")/machine"

fault_lab
every_run

# try_destroy N ERRNO [ACTION]
try_destroy() {
  local status=0 what op works
  timeout 30 "$NETEMU" run "$topo" </dev/null >/dev/null 2>"$test_dir/err" || { failed "run: $(cat "$test_dir/err")" && return; }
  rm -f "$test_dir/count"
  NETEMU_FAULT_AT=$1 NETEMU_FAULT_ERRNO=$2 NETEMU_FAULT_ACTION=${3:-} NETEMU_FAULT_COUNT=$test_dir/count \
    timeout 30 "$NETEMU" destroy "$lab" </dev/null >/dev/null 2>"$test_dir/err" || status=$?
  op=$(tail -c +9 "$test_dir/count" 2>/dev/null | tr -d '\0')
  what="destroy, N=$1 ${3:-errno=$2} ($op)"
  ((status != 124)) || failed "$what: hangs"
  if ((status == 0)); then
    clean "$what: exit status 0" || recover
  elif [[ -z ${3:-} && $(wc -l <"$test_dir/err") != 1 ]]; then
    failed "$what: not one clear line: $(cat "$test_dir/err")"
  fi
  timeout 10 "$NETEMU" list >"$test_dir/list" 2>&1 </dev/null || failed "$what: list: $(cat "$test_dir/list")"
  if grep -q "$lab" "$test_dir/list"; then
    works=$(lab_works) || failed "$what: $works"
  fi
  lab_destroy "$what" || true
  clean "$what" || recover
}

try_destroy 0 0
total=$(counted)
echo "destroy: $total operations"
for ((n = 1; n <= total; n++)); do
  ((full || n % 3 == NETEMU_FAULT_SEED % 3)) || continue
  try_destroy "$n" "${errnos[n % ${#errnos[@]}]}"
  try_destroy "$n" 12 kill 2>/dev/null
done
finish
