#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# topologies - each lab of topologies/ comes up and is what its README says; four at a time
#
#   tests/system/topologies.sh [LAB...]      only these
#
# cilium-bgp is tests/system/demo_cluster.sh's, ring-100 has a test of its own.
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
need_cmd vtysh traceroute ping bridge
export CLAB_LABDIR_BASE=$test_dir/labs NETEMU

# try LAB - its output in $test_dir/LAB.log
try() {
  local dir=$top/topologies/$1 status=0 start=$EPOCHREALTIME up
  timeout 60 "$NETEMU" run "$dir" --wait=40 || return
  up=$EPOCHREALTIME
  timeout 60 "$dir/check" || status=$?
  timeout 30 "$NETEMU" destroy "$1" || status=1
  awk -v a="$start" -v b="$up" -v c="$EPOCHREALTIME" -v lab="$1" \
    'BEGIN { printf "%s: up after %.1f s, checked and gone after %.1f s\n", lab, b - a, c - a }' >"$test_dir/$1.took"
  return $status
}

labs=("$@")
(($#)) || for dir in "$top"/topologies/*/; do labs+=("$(basename "$dir")"); done
failed=0 running=()
wait_one() { # the oldest
  local lab=${running[0]%:*} pid=${running[0]#*:}
  wait "$pid" || { failed=1 && echo "FAILED: $lab" && cat "$test_dir/$lab.log"; }
  [[ ! -e $test_dir/$lab.took ]] || cat "$test_dir/$lab.took"
  running=("${running[@]:1}")
}
for lab in "${labs[@]}"; do
  [[ $lab != cilium-bgp && ($lab != ring-100 || $# != 0) ]] || continue
  if ! why=$("$top/topologies/$lab/check" needs 2>&1); then
    echo "$lab: not run: $why"
    continue
  fi
  test_labs+=("$lab")
  try "$lab" >"$test_dir/$lab.log" 2>&1 &
  running+=("$lab:$!")
  ((${#running[@]} < 4)) || wait_one
done
while ((${#running[@]})); do wait_one; done
assert_eq "lo" "$(ip -br link | awk '{ print $1 }')"
exit $failed
