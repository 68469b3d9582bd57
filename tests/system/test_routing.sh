#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test_routing - the routing tests of tests/routing and topologies pass here, or say why they cannot run.
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd jq
export TMPDIR=$test_dir

status=0
"$NETEMU" test "$top/tests/routing" "$top/topologies" -j 4 --json "$test_dir/all.json" >"$test_dir/out" 2>&1 || status=$?
((status == 0 || status == 2)) || { cat "$test_dir/out" && die "exit status $status"; }
n=$(jq '[.tests[] | select(.result == "pass")] | length' "$test_dir/all.json")
((n >= 15)) || die "only $n tests have run"
# What is skipped needs what a kernel has or has not; nothing else.
assert_eq "" "$(jq -r '.tests[] | select(.result == "skip") | .attempts[-1].reason' "$test_dir/all.json" |
  grep -vE '^this machine has no (netem|vrf|mpls|frr) ' || true)" "skipped for another reason"
jq -r '.tests[] | "\(.result) \(.name): set-up \(.attempts[-1].setup_ms) ms, all \(.attempts[-1].ms) ms"' "$test_dir/all.json"
