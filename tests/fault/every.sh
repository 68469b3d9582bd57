#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# every - the Nth kernel operation of `run` fails, or the process dies at it: all or nothing, for every N
#
# The same for `destroy`: whatever fails, the next `destroy` ends the lab. A sample of `run` by default, all N with
# NETEMU_FAULT_FULL=1. NETEMU_FAULT_ONLY="N..." tries these only.
# shellcheck disable=SC2154 # topo, lab: of lib.sh
. "$(dirname "$0")/machine"

# ENOMEM ENOSPC EMFILE EBUSY EPERM
errnos=(12 28 24 16 1)
SAMPLE=30

# attempt N ERRNO [ACTION] - sets $status, $err (what it said on stderr) and $op (what failed)
attempt() {
  rm -f "$test_dir/count"
  status=0
  NETEMU_FAULT_AT=$1 NETEMU_FAULT_ERRNO=$2 NETEMU_FAULT_ACTION=${3:-} NETEMU_FAULT_COUNT=$test_dir/count \
    timeout 30 "$NETEMU" run "$topo" </dev/null >"$test_dir/out" 2>"$test_dir/err" || status=$?
  # What it tells of the machine in any case is no error.
  err=$(grep -v 'nodes do not reach beyond the host while' "$test_dir/err" || true)
  op=$(tail -c +9 "$test_dir/count" 2>/dev/null | tr -d '\0')
}

counted() { od -An -tu8 -N8 "$test_dir/count" | tr -d ' '; }

# success WHAT - `run` has said that all is well
success() {
  local out
  out=$(lab_works) || failed "$1: exit status 0, but $out; it said: $err"
  lab_destroy "$1" || true
}

try_errno() {
  local what
  attempt "$1" "$2"
  what="N=$1 errno=$2 ($op)"
  ((status != 124)) || failed "$what: hangs"
  if ((status == 0)); then
    success "$what"
  else
    [[ $err == "netemu run: "?* && $err != *$'\n'* ]] || failed "$what: not one clear line: $err"
    ! timeout 10 "$NETEMU" list 2>&1 | grep -q "$lab" || failed "$what: the lab is listed"
  fi
  clean "$what" || recover
}

try_kill() {
  local what works
  attempt "$1" 12 kill 2>/dev/null
  what="N=$1 kill ($op)"
  ((status != 124)) || failed "$what: hangs"
  timeout 20 "$NETEMU" list >"$test_dir/list" 2>&1 || failed "$what: list: $(cat "$test_dir/list")"
  # `run` may have died after the commit: then the whole lab is up. Or before: then it is just about to end. The
  # supervisor may have died after the commit: then `run` says so when it shows the lab.
  if grep -q "$lab" "$test_dir/list"; then
    works=$(lab_works) || gone 1 || failed "$what: exit status $status, $works; it said: $err"
    lab_destroy "$what" || true
  elif ((status == 0)) && [[ -z $err ]]; then
    failed "$what: exit status 0 and no lab"
  fi
  clean "$what" || recover
}

# After a leak: the next attempt shall not suffer from it.
recover() {
  timeout 30 "$NETEMU" destroy "$lab" >/dev/null 2>&1 || true
  rm -rf /run/netemu /run/netns
  ip link del fault0 2>/dev/null || true
  snapshot "$test_dir/before"
}

# sample COUNT - that many numbers up to COUNT, spread, each at random within its stretch
sample() {
  local i n=$((full ? $1 : SAMPLE))
  for ((i = 0; i < n; i++)); do
    local from=$((i * $1 / n)) to=$(((i + 1) * $1 / n))
    echo $((from + 1 + (full ? 0 : RANDOM % (to - from))))
  done
}

fault_lab
attempt 0 0
((status == 0)) || die "without a fault: exit status $status: $err"
[[ -z $err ]] || die "without a fault: $err"
total=$(counted)
success "without a fault"
clean "without a fault" || true
((total > 100)) || die "only $total operations: is $NETEMU built with the seam?"
sample "$total" >"$test_dir/numbers"
[[ -z ${NETEMU_FAULT_ONLY:-} ]] || tr ' ' '\n' <<<"$NETEMU_FAULT_ONLY" >"$test_dir/numbers"
numbers=$(tr '\n' ' ' <"$test_dir/numbers")
((full)) && [[ -z ${NETEMU_FAULT_ONLY:-} ]] && numbers=all
echo "$total operations; made to fail, and to be the last thing that a process does: $numbers"

while read -r n; do
  try_errno "$n" "${errnos[n % ${#errnos[@]}]}"
  try_kill "$n"
done <"$test_dir/numbers"

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
