#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cycles - many runs and destroys: nothing grows, in the kernel, in the supervisor, in memory
#
# 5 cycles by default, 50 with NETEMU_FAULT_FULL=1; some with sanitizers (build/asan), some in valgrind (build/valgrind).
# shellcheck disable=SC2154 # topo, lab: of lib.sh
. "$(dirname "$0")/machine"

cycles=$((full ? 50 : 5))

# cycle WHAT - run, use, destroy with $NETEMU; the machine is as before
cycle() {
  local cmd with
  for cmd in "run $topo" "inspect $lab" "exec --lab $lab a true" "list" "plan $topo" "destroy no-such-lab" "destroy $lab"; do
    with=("${wrapper[@]}")
    # Debian 12's valgrind knows neither execveat from a memfd (so no nodes), nor pidfd_open (so no destroy).
    [[ ${#wrapper[@]} == 0 || $cmd != exec* ]] || continue
    [[ $cmd != "destroy $lab" ]] || with=()
    # shellcheck disable=SC2086 # words
    timeout 60 "${with[@]}" "$NETEMU" $cmd </dev/null >"$test_dir/out" 2>&1 ||
      failed "$1: $cmd: exit status $?: $(tail -n 30 "$test_dir/out")"
  done
  clean "$1" || true
}

# objects SLAB - how many of them the kernel has
objects() { awk -v slab="$1" '$1 == slab { print $2 }' /proc/slabinfo; }

# what PID - descriptors and resident kilobytes of a process
fds() { find "/proc/$1/fd" -mindepth 1 | wc -l; }
rss() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

grown() { (($2 <= $3 + $4)) || failed "$1 grew from $3 to $2"; }

# ---- the release's shape: many cycles ----
wrapper=()
fault_lab
cycle "warming up"
before_netns=$(objects net_namespace) before_slab=$(awk '/^Slab/ { print $2 }' /proc/meminfo)
for ((i = 1; i <= cycles; i++)); do cycle "cycle $i"; done
# Others may use this kernel too: one leaked namespace a cycle would be more than this.
grown "network namespaces" "$(objects net_namespace)" "$before_netns" $((cycles > 20 ? cycles : 40))
grown "kernel memory (KiB)" "$(awk '/^Slab/ { print $2 }' /proc/meminfo)" "$before_slab" 65536
echo "$cycles cycles"

# ---- one lab, asked many times ----
"$NETEMU" run "$topo" >/dev/null 2>&1 </dev/null
ask() {
  "$NETEMU" exec --lab "$lab" a true </dev/null && "$NETEMU" inspect "$lab" && "$NETEMU" logs --lab "$lab" a
} >/dev/null 2>&1
supervisor=
for dir in /proc/[0-9]*; do [[ $(<"$dir/comm") != netemu-lab ]] || supervisor=${dir#/proc/}; done
init=$(pgrep -P "$supervisor" | head -n 1)
for ((i = 0; i < 20; i++)); do ask || failed "asking round $i"; done
before="$(fds "$supervisor") $(fds "$init")" before_rss=$(rss "$supervisor") before_init=$(rss "$init")
for ((i = 0; i < cycles * 5; i++)); do ask || failed "asking round $i"; done
assert_eq "$before" "$(fds "$supervisor") $(fds "$init")" "descriptors of the supervisor and of an init"
grown "the supervisor's memory (KiB)" "$(rss "$supervisor")" "$before_rss" 200
grown "an init's memory (KiB)" "$(rss "$init")" "$before_init" 64
lab_destroy "after asking" || true
clean "after asking" || true

# ---- sanitizers ----
if [[ -d /run/test/asan ]]; then
  export ASAN_OPTIONS=detect_leaks=1:exitcode=99:log_path=$test_dir/asan UBSAN_OPTIONS=print_stacktrace=1
  NETEMU=/run/test/asan/netemu
  for ((i = 0; i < (full ? 10 : 2); i++)); do cycle "with sanitizers, cycle $i"; done
  cat "$test_dir"/asan.* 2>/dev/null && failed "sanitizers have found something"
  echo "with sanitizers: $((full ? 10 : 2)) cycles"
else
  echo "no build/asan: no cycles with sanitizers"
fi

# ---- valgrind, in the supervisor too ----
if [[ -d /run/test/valgrind ]] && command -v valgrind >/dev/null; then
  NETEMU=/run/test/valgrind/netemu
  wrapper=(valgrind -q --leak-check=full --error-exitcode=99 "--log-file=$test_dir/valgrind.%p.%n")
  topo bridges <<'YAML'
topology:
  nodes:
    left: {kind: bridge}
    right: {kind: bridge}
  links:
    - endpoints: ["left:p1", "right:p2"]
    - endpoints: ["left:p3", "host:fault0"]
YAML
  for ((i = 0; i < (full ? 3 : 1); i++)); do cycle "in valgrind, cycle $i"; done
  # What valgrind says of itself is no finding.
  found=$(cat "$test_dir"/valgrind.* | grep -E '^==[0-9]+== .*(points to|Conditional|Invalid|Use of|lost|Mismatched|Jump|Source and)' || true)
  [[ -z $found ]] || failed "valgrind: $(cat "$test_dir"/valgrind.*)"
  echo "in valgrind: $((full ? 3 : 1)) cycles"
else
  echo "no valgrind, or no build/valgrind: no cycles in it"
fi
finish
