#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# regression - a bug of the kernel's that was repaired: `netemu test --kernel` is red on the last one with it, green on the next
#
# scripts/kernels has both versions. Debian's archive forgets old kernels: without the red one the test is shown to be able to fail
# by asking for another interface.
. "$(dirname "$0")/../lib.sh"
need_vm
need_cmd jq
export TMPDIR=$test_dir
kernels=${NETEMU_KERNELS:-$top/build/kernels}
red=$(sed -n 's/^red=//p' "$top/scripts/kernels") green=$(sed -n 's/^green=//p' "$top/scripts/kernels")
[[ -d $kernels/$green ]] || skip "there is no kernel $green (make kernels)"
results() { jq -r '.tests[] | "\(.kernel) \(.result) \([.attempts[-1].points[] | select(.result == "fail") | .name] | join(", "))"' "$test_dir/$1.json"; }

if [[ -d $kernels/$red ]]; then
  assert_status 1 netemu test --kernel "$red,$green" --json "$test_dir/both.json" "$top/tests/vm/oif.yaml"
  assert_eq "$red fail bound to e3 it leaves by e3
$green pass " "$(results both)"
  assert_match "# $red +FAIL" "$output"
  assert_match "# $green +ok" "$output"
  # What `git bisect run` is told.
  assert_status 1 netemu test --bisect --kernel "$red" "$top/tests/vm/oif.yaml"
else
  echo "there is no kernel $red"
  cp -r "$top/tests/vm/conf" "$test_dir/"
  sed 's/oif: e3, dev: e3/oif: e3, dev: e2/' "$top/tests/vm/oif.yaml" >"$test_dir/oif.yaml"
  assert_status 1 netemu test --kernel "$green" --json "$test_dir/mutated.json" "$test_dir/oif.yaml"
  assert_eq "$green fail bound to e3 it leaves by e3" "$(results mutated)"
fi
assert_status 0 netemu test --bisect --kernel "$green" "$top/tests/vm/oif.yaml"
assert_status 125 netemu test --bisect --kernel /proc/version "$top/tests/vm/oif.yaml"
