#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test_verb - netemu test: passes, fails, skips, expected failures, wrong files, exit codes, formats; nothing is left.
#
#     h1 ---- h2
. "$(dirname "$0")/../lib.sh"
own_machine "$@"
export TMPDIR=$test_dir
unset KSFT_MACHINE_SLOW

# a_test NAME <<STEPS - a test of two hosts
a_test() {
  { cat <<'YAML'; cat; } >"$test_dir/$1.yaml"
topology:
  defaults: {kind: linux, network-mode: none}
  nodes:
    h1: {exec: [ip addr add 10.0.0.1/24 dev eth1, ip addr add 2001:db8::1/64 dev eth1]}
    h2: {exec: [ip addr add 10.0.0.2/24 dev eth1, ip addr add 2001:db8::2/64 dev eth1]}
  links:
    - endpoints: [h1:eth1, h2:eth1]
YAML
}
tests() { netemu test "$@"; }
nothing_left() { assert_eq "" "$(find /run/netemu /run/netns -mindepth 1 2>/dev/null || true)" "files that are left"; }

# ---- what passes: each verb that needs no router ----
a_test all <<'YAML'
timeout: 10s
steps:
  - ping: {from: h1, to: [10.0.0.2, 2001:db8::2], count: 2, rtt: <1s}
  - ping: {from: h1, to: 10.0.0.9, unreachable: true, wait: 100ms}
  - ping: {from: h1, to: 10.0.0.2, size: 2000, df: true}
  - fib: {node: h1, route: 10.0.0.0/24, protocol: kernel, nexthops: [{dev: eth1}], count: 1}
  - address: {node: [h1, h2], address: 2001:db8::1/64, absent: false, interface: eth1}
    xfail: only h1 has it
    within: 0s
  - address: {node: h2, address: 2001:db8::1, absent: true}
  - interface: {node: [h1, h2], name: eth1, operstate: up, kind: veth}
  - neigh: {node: h1, address: 10.0.0.2, interface: eth1}
  - exec: {node: h1, command: "echo out; echo err >&2; exit 3", status: 3, stdout: ^out$, stderr: ^err$}
  - exec: {node: [h1, h2], command: [ip, -j, route], json: [{dst: 10.0.0.0/24, dev: eth1}]}
  - sysctl: {node: h1, set: {net.ipv4.ip_forward: 0}}
  - sysctl: {node: h1, expect: {net.ipv4.ip_forward: 0}}
  - name: the cable is pulled
    link: h1:eth1 down
  - interface: {node: h2, name: eth1, operstate: down, admin: up}
    within: 5s
    of: the cable is pulled
  - link: h1:eth1 up
  - ping: {from: h1, to: 10.0.0.2}
  - traceroute: {from: h1, to: 10.0.0.2, hops: [10.0.0.2]}
  - route_get: {node: h1, to: 10.0.0.16/28, count: 10, dev: eth1}
  - route_get: {node: h1, to: 192.0.2.1, unreachable: true}
  - flows: {from: h1, to: 10.0.0.2, count: 200, shares: {"h1:eth1": 100%}}
  - impair: {link: h1:eth1, rate: 100mbit}
  - impair: {link: h1:eth1}
  - node: {node: h2, action: stop}
  - node: {node: h2, action: start}
  - exec: {node: h2, command: "true"}
  - fib: {node: h1, route: 10.9.0.0/24}
    never: 100ms
  - fib: {node: h1, route: 10.0.0.0/24}
    always: 100ms
  - pause: 10ms
YAML
assert_status 2 tests "$test_dir/all.yaml" --junit "$test_dir/all.xml" --json "$test_dir/all.json"
assert_match '# Totals: pass:0 fail:0 xfail:1 skip:0' "$output"
assert_match "ok 6 address h1,h2 eth1 2001:db8::1/64 # XFAIL time=" "$output"
assert_match "  ok 30 health # time=" "$output"
assert_no_match "not ok" "$output"
assert_match 'tests="30" failures="0"' "$(cat "$test_dir/all.xml")"
assert_match '"result": "xfail"' "$(cat "$test_dir/all.json")"
nothing_left
# What has not failed leaves no artefacts.
assert_eq "" "$(compgen -G "$test_dir/netemu-test.*" || true)"

# ---- what fails: the step, its reason, where the files are; the rest is not run, or with -k it is ----
a_test bad <<'YAML'
steps:
  - name: it is there
    fib: {node: h1, route: 10.0.0.0/24, nexthops: [{dev: eth1}]}
  - name: it is not
    within: 100ms
    fib: {node: h1, route: 10.0.0.0/24, nexthops: [{dev: eth1, via: 10.0.0.7}]}
  - name: after it
    ping: {from: h1, to: 10.0.0.2}
YAML
assert_status 1 tests "$test_dir/bad.yaml"
assert_match 'want \{"dev":"eth1","via":"10.0.0.7"\}|via: want "10.0.0.7", is not there' "$output"
assert_match "not ok 3 it is not # time=" "$output"
assert_match "ok 4 after it # SKIP not reached" "$output"
assert_match "not ok 1 bad" "$output"
dir=$(sed -n 's/^# artefacts: //p' <<<"$output")
assert_match "10.0.0.1/24" "$(cat "$dir/h1/ip.txt")"
[[ -e $dir/run.log && -e $dir/kernel.log ]] || die "no run.log or no kernel.log in $dir"
assert_status 1 tests "$test_dir/bad.yaml" -k
assert_match "  ok 4 after it # time=" "$output"
assert_status 1 tests "$test_dir/bad.yaml" --bisect
assert_status 1 tests "$test_dir/bad.yaml" --retry 1 --format tap
assert_match "^TAP version 13" "$output"
assert_match "# attempt 1 failed" "$output"
assert_match "not ok 3 bad: it is not" "$output"
nothing_left

# A condition that holds too long, or comes when it must not, fails.
a_test never <<'YAML'
steps:
  - fib: {node: h1, route: 10.0.0.0/24}
    never: 5s
YAML
assert_status 1 tests "$test_dir/never.yaml"
assert_match "so after .* ms, and never should be in 5000" "$output"
a_test always <<'YAML'
steps:
  - exec: {node: h1, command: "(sleep 0.3; ip addr del 10.0.0.1/24 dev eth1) >/dev/null 2>&1 &"}
  - fib: {node: h1, route: 10.0.0.0/24}
    always: 5s
YAML
assert_status 1 tests "$test_dir/always.yaml"
assert_match "no longer so after [0-9]+ ms of 5000" "$output"
# A command that does not end is killed.
a_test hangs <<'YAML'
steps:
  - exec: {node: h1, command: sleep 1000, timeout: 200ms}
YAML
assert_status 1 tests "$test_dir/hangs.yaml"
assert_match "the command was killed at its deadline" "$output"
nothing_left

# ---- what cannot run here is skipped, with the reason ----
a_test skipped <<'YAML'
requires: {kernel: ">=99"}
steps:
  - pause: 1ms
YAML
assert_status 4 tests "$test_dir/skipped.yaml"
assert_match "ok 1 skipped # SKIP wants a kernel >=99, this one is" "$output"
assert_status 125 tests "$test_dir/skipped.yaml" --bisect
sed 's/kernel:.*}/programs: [no-such-program]}/' "$test_dir/skipped.yaml" >"$test_dir/program.yaml"
assert_status 4 tests "$test_dir/program.yaml"
assert_match "SKIP the program no-such-program is not installed" "$output"

# ---- what is wrong is said before anything is made ----
a_test wrong <<'YAML'
steps:
  - ping: {from: h3, to: 10.0.0.2}
  - fib: {node: h1, rout: 10.0.0.0/24}
YAML
assert_status 64 tests "$test_dir/wrong.yaml"
assert_match "wrong.yaml:10:21: error: unknown key 'rout' in the step 'fib'" "$output"
assert_match "did you mean 'route'" "$output"
sed -i 's/rout:/route:/' "$test_dir/wrong.yaml"
assert_status 64 tests "$test_dir/wrong.yaml"
assert_match "wrong.yaml:9:18: error: the topology has no node 'h3'" "$output"
assert_status 125 tests "$test_dir/wrong.yaml" --bisect
assert_status 64 tests
assert_status 64 tests "$test_dir/no-such-file.yaml"

# ---- a directory, a filter, a list; `run` makes the lab of a test ----
mkdir "$test_dir/d"
cp "$test_dir/bad.yaml" "$test_dir/skipped.yaml" "$test_dir/d"
assert_status 0 tests "$test_dir/d" --list
assert_match "^bad .*d/bad.yaml  3 steps" "$output"
assert_status 4 tests "$test_dir/d" --filter '^skip'
lab_name
assert_status 0 netemu run --name "$lab" "$test_dir/bad.yaml"
assert_status 0 netemu exec --lab "$lab" h1 -- ping -c 1 -w 5 10.0.0.2
assert_status 0 netemu destroy "$lab"

# ---- several at once, and often: equal results ----
for i in 1 2 3 4; do sed '/^  - /,$d' "$test_dir/never.yaml" >"$test_dir/d/n$i.yaml" && echo "  - ping: {from: h1, to: 10.0.0.2}" >>"$test_dir/d/n$i.yaml"; done
assert_status 0 tests "$test_dir/d" --filter '^n' -j 4 --repeat 5
assert_match "# Totals: pass:20 fail:0 xfail:0 skip:0" "$output"
nothing_left

# ---- a worker that is killed is a failure, and its lab is gone ----
a_test killed <<'YAML'
steps:
  - name: someone waits
    pause: 1h
YAML
out=$test_dir/killed.out
# interrupted SIGNAL - starts the test and sends a signal to it, or with `worker` KILL to its worker, once it waits
start() {
  "$NETEMU" test "$test_dir/killed.yaml" >"$out" 2>&1 &
  pid=$!
  wait_until 20 sh -c 'ls /run/netemu/*/state.json && grep -q running /run/netemu/*/state.json'
}
ended() { status=0; wait $pid || status=$?; }
start
kill -KILL "$(pgrep -P $pid)"
ended
assert_eq 1 "$status" "exit status of a test whose worker was killed"
assert_match "its process was ended by signal 9 while it was at:" "$(cat "$out")"
nothing_left

# ---- Ctrl-C, also twice, leaves nothing ----
start
kill -INT $pid
kill -INT $pid 2>/dev/null || true
ended
assert_eq 130 "$status" "exit status after SIGINT"
assert_match "Bail out! interrupted" "$(cat "$out")"
nothing_left
start
kill -TERM $pid
ended
assert_eq 143 "$status" "exit status after SIGTERM"
nothing_left
